//go:build soak

package embedded

import "testing"

// A million events leave no more on the disk than fifty thousand do.
func TestBrokerDiskStaysBoundedOverAMillionEvents(t *testing.T) {
	t.Parallel()
	passEvents(t, 1_000_000)
}
