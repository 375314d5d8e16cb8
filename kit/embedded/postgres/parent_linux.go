package postgres

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// parentWatch makes the server shut down when this process dies. On Linux the kernel does it.
type parentWatch struct{}

// startWatched starts the program so that it gets SIGINT, PostgreSQL's fast shutdown, when
// the calling thread ends.
func startWatched(cmd *exec.Cmd) (*parentWatch, error) {
	cmd.SysProcAttr.Pdeathsig = syscall.SIGINT
	return &parentWatch{}, cmd.Start()
}

func (*parentWatch) release() {}

// isServerOf reports whether a running process works in the data folder, as the server does:
// the pid alone may belong to another program by now.
func isServerOf(pid int, dataDir string) bool {
	if pid <= 0 {
		return false
	}
	where, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
	if err != nil {
		return false
	}
	target, err := filepath.EvalSymlinks(dataDir)
	return err == nil && where == target
}

// isZombieServer reports whether the process is a PostgreSQL that has ended and for which its
// parent has not waited: its pid is still taken (proc(5), stat).
func isZombieServer(pid int) bool {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil || pid <= 0 {
		return false
	}
	_, rest, _ := strings.Cut(string(text), "(postgres) ")
	return strings.HasPrefix(rest, "Z")
}
