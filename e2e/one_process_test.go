package e2e

import "testing"

// The stories hold in one process with embedded components.
func TestOneProcess(t *testing.T) {
	t.Parallel()
	runStories(t, &up(t).shop)
}
