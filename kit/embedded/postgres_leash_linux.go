package embedded

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// leash makes the server shut down when we die. On Linux the kernel holds it.
type leash struct{}

// startLeashed starts the program so that it gets SIGINT, PostgreSQL's fast shutdown, when the calling thread ends.
func startLeashed(cmd *exec.Cmd) (*leash, error) {
	cmd.SysProcAttr.Pdeathsig = syscall.SIGINT
	return &leash{}, cmd.Start()
}

func (*leash) release() {}

// isServerOf reports whether the process lives and works in the data folder, as the server does: a pid alone may have
// gone to a stranger.
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

// isUnnotedServer reports whether the process is a PostgreSQL that has ended and whose parent has not asked how: its
// number is taken still, and it works nowhere any more (proc(5), stat).
func isUnnotedServer(pid int) bool {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil || pid <= 0 {
		return false
	}
	_, rest, _ := strings.Cut(string(text), "(postgres) ")
	return strings.HasPrefix(rest, "Z")
}
