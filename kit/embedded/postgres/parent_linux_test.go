package postgres

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A killed server keeps its pid, and with it the data folder, until its parent has waited
// for it.
func TestAKilledServerKeepsItsPidUntilItsParentWaits(t *testing.T) {
	t.Parallel()
	program, err := os.ReadFile("/bin/sleep")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "postgres")
	if err := os.WriteFile(path, program, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	if isZombieServer(pid) {
		t.Error("a running process counts as a zombie")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// It returns when the process has ended, and leaves it as it is.
	if err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	if !isZombieServer(pid) {
		t.Error("a killed process does not count as a zombie")
	}
	_ = cmd.Wait()
	if isZombieServer(pid) {
		t.Error("it counts as a zombie after its parent has waited")
	}
}
