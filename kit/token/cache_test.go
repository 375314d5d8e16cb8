package token

import (
	"encoding/binary"
	"testing"

	"github.com/shopmesh/shopmesh/kit/authz"
)

// The cache keeps what is used and never holds more than it may.
func TestTheCacheIsBounded(t *testing.T) {
	t.Parallel()
	c := newCache()
	hash := func(n int) (h [32]byte) {
		binary.BigEndian.PutUint64(h[:], uint64(n))
		return h
	}
	c.put(hash(0), verified{caller: authz.Identity{ID: "used"}})
	for n := 1; n < 3*cacheSize; n++ {
		c.put(hash(n), verified{})
		if found, ok := c.get(hash(0)); n%1000 == 0 && (!ok || found.caller.ID != "used") {
			t.Fatalf("what is used was forgotten after %d", n)
		}
		if c.len() > cacheSize {
			t.Fatalf("it holds %d", c.len())
		}
	}
	if _, ok := c.get(hash(1)); ok {
		t.Error("what is not used is kept")
	}
	c.drop(hash(0))
	if _, ok := c.get(hash(0)); ok {
		t.Error("what was dropped is there")
	}
}
