package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/cmd/shopmesh/internal/shop"
	"github.com/shopmesh/shopmesh/kit/command"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// A port that is taken is named with the flag that changes it, before anything is
// started.
func TestATakenPortIsNamed(t *testing.T) {
	t.Parallel()
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	taken := other.Addr().String()
	_, port, err := net.SplitHostPort(taken)
	if err != nil {
		t.Fatal(err)
	}
	free := testkit.HeldAddress(t)
	for name, row := range map[string]struct{ listen, internal, flag, port string }{
		"the API's":          {taken, "127.0.0.1:0", "--listen", port},
		"the operators'":     {"127.0.0.1:0", taken, "--internal-listen", port},
		"one port for both ": {free, free, "--internal-listen", strings.TrimPrefix(free, "127.0.0.1:")},
	} {
		data := filepath.Join(tempDir(t), "data")
		got := run(t, "up", "--data", data, "--listen", row.listen, "--internal-listen", row.internal)
		if got.code != command.ExitUsage || got.stdout != "" || !json.Valid([]byte(got.stderr)) {
			t.Errorf("%s: %+v", name, got)
		}
		for _, want := range []string{"port " + row.port, "another program has it", "with " + row.flag + ", such as " + row.flag + " 127.0.0.1:0"} {
			if !strings.Contains(got.stderr, want) {
				t.Errorf("%s: %q is missing: %s", name, want, got.stderr)
			}
		}
		if _, err := os.Stat(filepath.Join(data, "postgres", "cluster")); err == nil {
			t.Errorf("%s: a database was made all the same", name)
		}
	}
}

// child is the command as a process of its own.
type child struct {
	cmd    *exec.Cmd
	stdout *bufio.Reader
	stderr *lines
}

// lines collects what a process writes, for a test to read meanwhile.
type lines struct {
	testkit.Lines

	first chan struct{} // closed at the first line
	once  sync.Once
}

func (l *lines) Write(p []byte) (int, error) {
	defer l.once.Do(func() { close(l.first) })
	return l.Lines.Write(p)
}

func start(t *testing.T, args ...string) *child {
	t.Helper()
	return startIn(t, "", os.Environ(), args...)
}

// startIn starts the command in a working directory, and with an environment of its own.
func startIn(t *testing.T, dir string, environ []string, args ...string) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0], args...), stderr: &lines{first: make(chan struct{})}}
	c.cmd.Dir, c.cmd.Env = dir, slices.Concat(environ, []string{childVariable + "=1"})
	c.cmd.Stderr = c.stderr
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.stdout = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if c.cmd.ProcessState == nil {
			_ = c.cmd.Process.Kill()
			_ = c.cmd.Wait()
		}
		if t.Failed() {
			t.Logf("%v wrote:\n%s", args, c.stderr)
		}
	})
	return c
}

func up(t *testing.T, data string, more ...string) *child {
	t.Helper()
	return start(t, append([]string{"up", "--json", "--data", data, "--listen", "127.0.0.1:0", "--internal-listen", "127.0.0.1:0"}, more...)...)
}

// ready waits until it serves, and returns the API's URL.
func (c *child) ready(t *testing.T) string {
	t.Helper()
	return c.opened(t).API
}

// opened reads the line that it prints when it serves.
func (c *child) opened(t *testing.T) shop.Opened {
	t.Helper()
	line, err := c.stdout.ReadBytes('\n')
	if err != nil {
		t.Fatalf("it ended before it served: %v", err)
	}
	var r struct{ Ready shop.Opened }
	if err := json.Unmarshal(line, &r); err != nil || r.Ready.API == "" || r.Ready.Internal == "" || r.Ready.Data == "" {
		t.Fatalf("it printed %q: %v", line, err)
	}
	return r.Ready
}

// stop sends a signal and checks that the process ends well and printed nothing more.
func (c *child) stop(t *testing.T, with syscall.Signal) {
	t.Helper()
	if err := c.cmd.Process.Signal(with); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(c.stdout)
	if err := c.cmd.Wait(); err != nil {
		t.Errorf("after %v it ended with %v", with, err)
	}
	if len(rest) > 0 {
		t.Errorf("it printed more: %q", rest)
	}
	for line := range strings.Lines(c.stderr.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON line on standard error: %q", line)
		}
	}
}

// Without a home there is no usual place for a shop: that is one sentence, and none is
// made in the working directory.
func TestWithoutAHomeADirectoryIsNamed(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	for _, args := range [][]string{{"up"}, {"up", "--data", ""}, {"audit"}, {"backup", "x"}, {"restore", "x"}} {
		program := exec.CommandContext(t.Context(), os.Args[0], args...)
		program.Dir, program.Env = dir, []string{childVariable + "=1"}
		var errs bytes.Buffer
		program.Stderr = &errs
		_ = program.Run()
		if code := program.ProcessState.ExitCode(); code != command.ExitUsage {
			t.Errorf("%v: code %d", args, code)
		}
		want := "shopmesh: HOME is not set, so there is no usual place for a shop: name its directory with --data\n"
		if len(args) == 3 {
			want = "shopmesh: --data is empty: name the shop's directory\n"
		}
		if errs.String() != want {
			t.Errorf("%v: %q, want %q", args, errs.String(), want)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left in the working directory: %v, %v", left, err)
	}
}

// A new user's first command makes the shop's directory with all that is above it: where a
// user's data belongs, also in a home that nobody else may enter, as root's is, or where
// --data names it. The next start finds the shop there.
func TestUpMakesItsDirectory(t *testing.T) {
	t.Parallel()
	cache, err := os.UserCacheDir() // PostgreSQL's programs are there already
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		environ []string // with the folder in place of %s
		args    []string
		want    string // below the folder
	}{
		"XDG_DATA_HOME":     {[]string{"HOME=%s/home", "XDG_DATA_HOME=%s/xdg"}, nil, "xdg/shopmesh"},
		"a private home":    {[]string{"HOME=%s/home"}, nil, "home/.local/share/shopmesh"},
		"a relative --data": {[]string{"HOME=%s/home"}, []string{"--data", "new/a/b"}, "new/a/b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tempDir(t)
			if err := os.Mkdir(filepath.Join(dir, "home"), 0o700); err != nil {
				t.Fatal(err)
			}
			environ := append(os.Environ(), "XDG_CACHE_HOME="+cache, "XDG_DATA_HOME=")
			for _, variable := range row.environ {
				environ = append(environ, fmt.Sprintf(variable, dir))
			}
			want := filepath.Join(dir, filepath.FromSlash(row.want))
			for _, when := range []string{"first", "next"} {
				c := startIn(t, dir, environ, append([]string{"up", "--json", "--listen", "127.0.0.1:0", "--internal-listen", "127.0.0.1:0"}, row.args...)...)
				if opened := c.opened(t); opened.Data != want {
					t.Errorf("the %s start serves %s, want %s", when, opened.Data, want)
				}
				c.stop(t, syscall.SIGTERM)
			}
			if made, err := os.Stat(want); err != nil || !made.IsDir() {
				t.Errorf("%s: %v", want, err)
			}
		})
	}
}

// A misspelt variable stops the start, as a wrong level does; one of services that run
// alone is named in the log, and SHOPMESH_LOG_LEVEL decides what the log holds.
func TestUpReadsItsEnvironment(t *testing.T) {
	t.Setenv("SHOPMESH_LOGLEVEL", "debug")
	if got := run(t, "up"); got.code != command.ExitUsage || got.stderr != "shopmesh: SHOPMESH_LOGLEVEL is no variable of Shopmesh: did you mean SHOPMESH_LOG_LEVEL?\n" {
		t.Errorf("misspelt: %+v", got)
	}
	t.Setenv("SHOPMESH_LOGLEVEL", "")
	t.Setenv("SHOPMESH_LOG_LEVEL", "loud")
	if got := run(t, "up"); got.code != command.ExitUsage || !strings.Contains(got.stderr, `"loud" is none of debug, info, warn, error`) {
		t.Errorf("a wrong level: %+v", got)
	}
	t.Setenv("SHOPMESH_LOG_LEVEL", "warn")
	t.Setenv("SHOPMESH_CATALOG_URL", "http://catalog:8080")
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	got := run(t, "up", "--data", filepath.Join(tempDir(t), "data"), "--listen", other.Addr().String())
	if !strings.Contains(got.stderr, "SHOPMESH_CATALOG_URL") || strings.Contains(got.stderr, `"level":"INFO"`) {
		t.Errorf("at the level warn: %s", got.stderr)
	}
	t.Setenv("SHOPMESH_LOG_LEVEL", "error")
	if got := run(t, "up", "--data", filepath.Join(tempDir(t), "data"), "--listen", other.Addr().String()); strings.Contains(got.stderr, "SHOPMESH_CATALOG_URL") {
		t.Errorf("at the level error: %s", got.stderr)
	}
}

// Somebody who waits reads at once what the program does, and may stop it at any
// time: that is no failure.
func TestUpLogsItsStepsAndStopsAtOnce(t *testing.T) {
	t.Parallel()
	c := up(t, filepath.Join(tempDir(t), "data"))
	select {
	case <-c.stderr.first:
	case <-time.After(testkit.Patience):
		t.Fatal("it writes nothing")
	}
	if !strings.Contains(c.stderr.String(), `"msg":"opening the shop"`) {
		t.Errorf("it writes first: %s", c.stderr)
	}
	c.stop(t, syscall.SIGINT)
}

// An audit looks at a running shop and at a stopped one alike, and what was under
// way in a stopped one is under way thereafter.
func TestAuditMovesNothing(t *testing.T) {
	t.Parallel()
	data := filepath.Join(tempDir(t), "data")
	c := up(t, data)
	api := c.ready(t)
	if got := run(t, "audit", "--data", data); got.code != 0 || got.stderr != "" || !strings.HasSuffix(got.stdout, ": 0 findings\n") {
		t.Errorf("of the running shop: %+v", got)
	}
	if got := run(t, "up", "--data", data, "--listen", "127.0.0.1:0", "--internal-listen", "127.0.0.1:0"); got.code != command.ExitFailed ||
		!strings.Contains(got.stderr, "pid "+fmt.Sprint(c.cmd.Process.Pid)) || !strings.Contains(got.stderr, "--data") {
		t.Errorf("a second shop on the same directory: %+v", got)
	}
	orderSlowly(t, api, ownersToken(t, data))
	// Dead before the slow payment is made: the order stays on its way.
	if err := c.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.cmd.Wait()
	first := run(t, "audit", "--data", data)
	if first.code != 0 || !strings.Contains(first.stdout, "under way: ") || !strings.Contains(first.stdout, "1 order compared") {
		t.Errorf("of the stopped shop: %+v", first)
	}
	if !strings.Contains(first.stderr, data) || !strings.Contains(first.stderr, "nothing is moved") {
		t.Errorf("it writes %q", first.stderr)
	}
	if second := run(t, "audit", "--data", data); second != first {
		t.Errorf("looked at again: %+v, before: %+v", second, first)
	}
	var report struct{ Orders int64 }
	if got := run(t, "audit", "--json", "--data", data); got.code != 0 || json.Unmarshal([]byte(got.stdout), &report) != nil {
		t.Errorf("as JSON: %+v", got)
	}
	again := up(t, data)
	again.ready(t)
	if got := run(t, "audit", "--wait", "60s", "--data", data); got.code != 0 || strings.Contains(got.stdout, "under way") {
		t.Errorf("of the shop that runs again: %+v", got)
	}
	again.stop(t, syscall.SIGTERM)
}

// orderSlowly sells a new product in an order whose payment takes its time, and
// returns when the payment is awaited.
func orderSlowly(t *testing.T, api, token string) {
	t.Helper()
	var category struct{ Category struct{ ID string } }
	post(t, token, api+"/v1/categories", `{"name":"Mugs"}`, &category)
	post(t, token, api+"/v1/products", fmt.Sprintf(`{"code":"MUG","name":"Mug","categoryId":%q,"price":{"currencyCode":"EUR","units":"5"}}`, category.Category.ID), nil)
	post(t, token, api+"/shopmesh.inventory.v1.InventoryService/AdjustStock", fmt.Sprintf(`{"requestId":%q,"productCode":"MUG","delta":"5","reason":"delivery"}`, uuid.New()), nil)
	var placed struct{ Order struct{ ID string } }
	post(t, token, api+"/v1/orders", fmt.Sprintf(`{"requestId":%q,
		"contact":{"firstName":"Ada","lastName":"Lovelace","email":"ada@example.com"},
		"shippingAddress":{"regionCode":"GB","addressLines":["12 St James's Square"]},
		"lines":[{"productCode":"MUG","quantity":2}],"paymentMethod":"sandbox_slow"}`, uuid.New()), &placed)
	res := send(t, token, http.MethodGet, api+"/v1/orders/"+placed.Order.ID+":watch", "")
	defer func() { _ = res.Body.Close() }()
	seen := bufio.NewScanner(res.Body)
	for seen.Scan() {
		if strings.Contains(seen.Text(), "ORDER_STATE_AWAITING_PAYMENT") {
			return
		}
	}
	t.Fatalf("the order never awaited its payment: %v", seen.Err())
}

// ownersToken is what shopmesh token prints.
func ownersToken(t *testing.T, data string) string {
	t.Helper()
	got := run(t, "token", "--as", "owner", "--data", data)
	if got.code != 0 {
		t.Fatalf("shopmesh token: %+v", got)
	}
	return strings.TrimSpace(got.stdout)
}

func post(t *testing.T, token, url, body string, into any) {
	t.Helper()
	read(t, url, send(t, token, http.MethodPost, url, body), into)
}

func get(t *testing.T, token, url string, into any) {
	t.Helper()
	read(t, url, send(t, token, http.MethodGet, url, ""), into)
}

// send makes a request with a token; none is shown where it is empty.
func send(t *testing.T, token, method, url, body string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func read(t *testing.T, url string, res *http.Response, into any) {
	t.Helper()
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s, %v", url, res.Status, text, err)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %s: %v", url, text, err)
	}
}
