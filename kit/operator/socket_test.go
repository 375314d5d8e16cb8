package operator_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/shopmesh/shopmesh/kit/operator"
)

// who answers with the user that calls.
func who() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, known := operator.CallerFrom(r.Context())
		if !known {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_, _ = io.WriteString(w, strconv.Itoa(caller.UID))
	})
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func listen(t *testing.T, path string) (*operator.Socket, error) {
	t.Helper()
	socket, err := operator.Listen(t.Context(), path, who(), discard())
	if err == nil {
		t.Cleanup(func() { _ = socket.Close(context.Background()) })
	}
	return socket, err
}

func get(t *testing.T, path string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://operator/", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := operator.Client(path).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// The owner of the files is served and known by the number of their user; nobody else can
// open the socket, and it is gone with its process.
func TestTheOwnerIsServed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "operator.sock")
	socket, err := listen(t, path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || info.Mode().Type() != fs.ModeSocket {
		t.Errorf("the socket is %v, %v", info, err)
	}
	if code, body := get(t, path); code != http.StatusOK || body != strconv.Itoa(os.Geteuid()) {
		t.Errorf("answered %d %q", code, body)
	}
	if _, err := listen(t, path); !errors.Is(err, operator.ErrInUse) {
		t.Errorf("a second process: %v", err)
	}
	hurried, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := operator.Listen(hurried, path, who(), discard()); !errors.Is(err, context.Canceled) {
		t.Errorf("a second process that can't find out: %v", err)
	}
	if code, _ := get(t, path); code != http.StatusOK {
		t.Errorf("after others tried: answered %d", code)
	}
	if err := socket.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after the end: %v", err)
	}
}

// What a killed process left is replaced; a file that is no socket stays, and a folder that
// others may write to is refused.
func TestASocketThatWasLeftIsReplaced(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "operator.sock")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	if err := left.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := listen(t, path); err != nil {
		t.Errorf("over a socket that nobody serves: %v", err)
	}
	other := filepath.Join(t.TempDir(), "operator.sock")
	if err := os.WriteFile(other, []byte("notes"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := listen(t, other); err == nil || !strings.Contains(err.Error(), "is another file") {
		t.Errorf("over a file: %v", err)
	}
	open := t.TempDir()
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := listen(t, filepath.Join(open, "operator.sock")); err == nil || !strings.Contains(err.Error(), "others may write to its folder") {
		t.Errorf("in an open folder: %v", err)
	}
	// Below it, a folder of its own is made, as in a volume of Kubernetes.
	if _, err := listen(t, filepath.Join(open, "own", "operator.sock")); err != nil {
		t.Errorf("in a folder that is not there: %v", err)
	}
	if info, err := os.Stat(filepath.Join(open, "own")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder that was made is %v, %v", info, err)
	}
}

// Where a data directory's path is too long for a socket, the socket is in a folder that its
// owner alone may enter, always the same one; and a path that was given is refused.
func TestPathsThatAreTooLong(t *testing.T) {
	t.Parallel()
	long := filepath.Join(t.TempDir(), strings.Repeat("long/", 30), "operator.sock")
	path, err := operator.PathFor(long)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(filepath.Dir(path)) })
	if again, err := operator.PathFor(long); err != nil || again != path || path == long {
		t.Errorf("%s, then %s, %v", path, again, err)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("its folder is %v, %v", info, err)
	}
	if _, err := listen(t, path); err != nil {
		t.Fatal(err)
	}
	if code, _ := get(t, path); code != http.StatusOK {
		t.Errorf("answered %d", code)
	}
	if _, err := listen(t, long); err == nil || !strings.Contains(err.Error(), "name a shorter one") {
		t.Errorf("a long path: %v", err)
	}
	if err := os.Chmod(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := operator.PathFor(long); err == nil || !strings.Contains(err.Error(), "you alone may enter") {
		t.Errorf("a folder that others may enter: %v", err)
	}
}
