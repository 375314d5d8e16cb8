package embedded

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// leash makes the server shut down when we die. This system's kernel does not, so a small watcher beside the server
// reads from a pipe whose other end is ours alone: its end is our end.
type leash struct {
	watcher *exec.Cmd
	held    *os.File
}

// startLeashed starts the program and its watcher, which runs as the program's user: it may signal it.
func startLeashed(cmd *exec.Cmd) (*leash, error) {
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
	return &leash{watcher: watcher, held: held}, nil
}

// release ends the watcher before the pipe, so that it signals nobody who has got the server's pid by now.
func (l *leash) release() {
	_ = l.watcher.Process.Kill()
	_ = l.watcher.Wait()
	_ = l.held.Close()
}

// isServerOf reports whether the process lives and was started on the data folder: a pid alone may have gone to a
// stranger.
func isServerOf(pid int, dataDir string) bool {
	if pid <= 0 {
		return false
	}
	command, err := exec.Command("/bin/ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.Contains(string(command), "-D "+dataDir+" ")
}

// isUnnotedServer is always false: launchd takes note of an orphan's end at once.
func isUnnotedServer(int) bool { return false }
