//go:build soak

package broker

import "testing"

// A million events leave no more on disk than fifty thousand do.
func TestBrokerDiskStaysBoundedOverAMillionEvents(t *testing.T) {
	t.Parallel()
	passEvents(t, 1_000_000)
}
