// Package operator serves whoever owns the machine's files: a Unix socket, which its owner
// alone can open, takes HTTP requests that need no token.
package operator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	// socketMode lets the socket's owner alone connect, folderMode the folder's owner alone in.
	socketMode fs.FileMode = 0o600
	folderMode fs.FileMode = 0o700

	// maxRequestBytes bounds a request's body, headerTimeout how long its headers take.
	maxRequestBytes = 64 << 10
	headerTimeout   = 5 * time.Second
	// dialTimeout bounds how long another process may take to show that it is there.
	dialTimeout = time.Second
)

// ErrInUse reports that another process serves the socket.
var ErrInUse = errors.New("another process serves the operator's socket")

// Socket is an open socket of an operator.
type Socket struct {
	path     string
	listener net.Listener
	server   *http.Server
	ended    chan struct{}
}

// Listen serves a handler on a socket at path until Close. A socket that a process left
// which was killed is replaced; any other file there is an error, and so is a path that is
// longer than the system takes (see PathFor). The socket's folder is made where there is
// none, for its owner alone. Errors: ErrInUse.
func Listen(ctx context.Context, path string, handler http.Handler, log *slog.Logger) (*Socket, error) {
	if len(path) > maxPath {
		return nil, fmt.Errorf("the operator's socket %s: its path has %d bytes, and may have %d: name a shorter one", path, len(path), maxPath)
	}
	if err := makeFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	if err := removeStale(ctx, path); err != nil {
		return nil, err
	}
	config := net.ListenConfig{Control: restrict}
	listener, err := config.Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("open the operator's socket: %w", err)
	}
	if err := os.Chmod(path, socketMode); err != nil {
		return nil, errors.Join(fmt.Errorf("open the operator's socket: %w", err), listener.Close())
	}
	s := &Socket{path: path, listener: listener, ended: make(chan struct{})}
	s.server = &http.Server{
		Handler: ownersOnly(handler), ReadHeaderTimeout: headerTimeout,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, callerKey{}, callerOf(conn))
		},
	}
	go func() {
		defer close(s.ended)
		if err := s.server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			log.Error("the operator's socket ended", "socket", path, "error", err.Error())
		}
	}()
	return s, nil
}

// Path returns where the socket is.
func (s *Socket) Path() string { return s.path }

// Close answers the requests under way, until ctx ends, and removes the socket.
func (s *Socket) Close(ctx context.Context) error {
	err := s.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("answer the operator's last requests: %w", err), s.server.Close())
	}
	<-s.ended
	return err
}

// makeFolder makes the socket's folder where there is none, and refuses one in which others
// could put another socket in place of ours, such as a volume of Kubernetes.
func makeFolder(folder string) error {
	if err := os.Mkdir(folder, folderMode); err != nil && !os.IsExist(err) {
		return fmt.Errorf("the operator's socket: %w", err)
	}
	info, err := os.Stat(folder)
	if err != nil {
		return fmt.Errorf("the operator's socket: %w", err)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("the operator's socket: others may write to its folder %s: take that right away (chmod go-w), or name another folder", folder)
	}
	return nil
}

// removeStale removes a socket that nobody serves.
func removeStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the operator's socket: %w", err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("the operator's socket: %s is another file: name another path, or move it away", path)
	}
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "unix", path)
	if err == nil {
		return errors.Join(fmt.Errorf("%w: %s", ErrInUse, path), conn.Close())
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		// A process that is busy, or out of reach, serves it nevertheless.
		return fmt.Errorf("find out whether another process serves the operator's socket: %w", err)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove an operator's socket that nobody serves: %w", err)
	}
	return nil
}
