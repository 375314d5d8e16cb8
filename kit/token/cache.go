package token

import (
	"crypto/sha256"
	"sync"

	"github.com/shopmesh/shopmesh/kit/authz"
)

// cacheSize is how many verified tokens are kept.
const cacheSize = 10_000

// verified is what is known of a token whose signature was found good.
type verified struct {
	caller authz.Identity
	// service reports that it is a service token.
	service bool
}

// cache keeps verified tokens by their SHA-256, in two halves: new ones and those that are
// used come into the young half, and when that is full, the old half goes. Only good tokens
// come in, so that nobody empties it with made-up ones.
type cache struct {
	mu         sync.RWMutex
	young, old map[[sha256.Size]byte]verified
}

func newCache() *cache {
	return &cache{young: make(map[[sha256.Size]byte]verified)}
}

func (c *cache) get(hash [sha256.Size]byte) (verified, bool) {
	c.mu.RLock()
	found, young := c.young[hash]
	if young {
		c.mu.RUnlock()
		return found, true
	}
	found, old := c.old[hash]
	c.mu.RUnlock()
	if old {
		c.put(hash, found)
	}
	return found, old
}

func (c *cache) put(hash [sha256.Size]byte, token verified) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= cacheSize/2 {
		c.young, c.old = make(map[[sha256.Size]byte]verified), c.young
	}
	c.young[hash] = token
}

func (c *cache) drop(hash [sha256.Size]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.young, hash)
	delete(c.old, hash)
}

func (c *cache) len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.young) + len(c.old)
}
