package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// parentWatch makes the server shut down when this process dies. macOS has no signal for
// that, so a shell beside the server reads from a pipe whose other end only this process
// holds: the pipe ends when we do.
type parentWatch struct {
	watcher *exec.Cmd
	held    *os.File
}

// startWatched starts the program and the watching shell, which runs as the program's user so
// that it may signal it.
func startWatched(cmd *exec.Cmd) (*parentWatch, error) {
	read, held, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, held.Close())
	}
	watcher := exec.Command("/bin/sh", "-c", `read -r _; kill -INT "$0"`, strconv.Itoa(cmd.Process.Pid))
	watcher.Stdin = read
	watcher.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: cmd.SysProcAttr.Credential}
	if err := watcher.Start(); err != nil {
		killErr := cmd.Process.Kill()
		return nil, errors.Join(fmt.Errorf("start PostgreSQL's watcher: %w", err), killErr, cmd.Wait(), held.Close())
	}
	return &parentWatch{watcher: watcher, held: held}, nil
}

// release ends the shell before the pipe, so that it does not signal another process that has
// got the server's pid by now.
func (l *parentWatch) release() {
	_ = l.watcher.Process.Kill()
	_ = l.watcher.Wait()
	_ = l.held.Close()
}

// isServerOf reports whether a running process was started on the data folder: the pid alone
// may belong to another program by now.
func isServerOf(pid int, dataDir string) bool {
	if pid <= 0 {
		return false
	}
	command, err := exec.Command("/bin/ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.Contains(string(command), "-D "+dataDir+" ")
}

// isZombieServer is always false: launchd waits for orphans at once.
func isZombieServer(int) bool { return false }
