package e2e

import (
	"os/exec"
	"testing"
)

// The version after, which mesh/next makes of this tree for row 13 of the mesh, can be made: what
// its patch changes is as the patch has it.
func TestTheVersionAfterCanBeMade(t *testing.T) {
	t.Parallel()
	check := exec.CommandContext(t.Context(), "git", "apply", "--check", "e2e/mesh/next/next.patch")
	check.Dir = ".."
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("mesh/next/next.patch: %v\n%s", err, out)
	}
}
