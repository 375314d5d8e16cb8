package testkit

import (
	"testing"

	"github.com/shopmesh/shopmesh/kit/testkit/address"
)

// HeldAddress returns the host:port of an address that is held until the test ends.
func HeldAddress(tb testing.TB) string {
	tb.Helper()
	a, err := address.Hold()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(a.Release)
	return a.String()
}
