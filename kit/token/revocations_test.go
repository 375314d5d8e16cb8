package token_test

import (
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/kit/token"
)

// An epoch is known for as long as a token of the one before may live, whatever comes
// between; an older one changes nothing, and what is older than that takes no memory.
func TestRevocationsAreRememberedAsLongAsTokensLive(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r := token.NewRevocations(func() time.Time { return now })
	if _, ok := r.Current("ada"); ok {
		t.Error("an epoch of nobody")
	}
	now = now.Add(token.RevocationMemory - time.Second)
	r.Raise("ada", 3)
	r.Raise("ada", 2)
	for step := range 10 {
		now = now.Add(token.RevocationMemory / 10)
		r.Raise("bob", int64(step))
		if epoch, ok := r.Current("ada"); !ok || epoch != 3 {
			t.Fatalf("after %d steps: %d, %t", step, epoch, ok)
		}
	}
	for range 2 {
		now = now.Add(token.RevocationMemory)
		r.Raise("bob", 20)
	}
	if _, ok := r.Current("ada"); ok {
		t.Error("it is kept for ever")
	}
}
