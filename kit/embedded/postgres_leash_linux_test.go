package embedded

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// A server that was killed holds its number, and with it the data folder, until its
// parent has asked how it ended.
func TestAKilledServerIsThereUntilItsEndIsNoted(t *testing.T) {
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
	if isUnnotedServer(pid) {
		t.Error("a living process counts as ended")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); !isUnnotedServer(pid); {
		if time.Now().After(deadline) {
			t.Fatal("a killed process that nobody asked for does not count as ended and there")
		}
	}
	_ = cmd.Wait()
	if isUnnotedServer(pid) {
		t.Error("it counts as there after its end was noted")
	}
}
