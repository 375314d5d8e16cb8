package token

import (
	"sync"
	"time"
)

// RevocationMemory is how long the epoch of an account is remembered at least: a token
// that was issued before the account had it has expired by then.
const RevocationMemory = 2 * AccessLife

// Revocations are the epochs of the accounts that had a new one of late. It implements
// Epochs and is safe for concurrent use.
type Revocations struct {
	clock func() time.Time

	mu sync.RWMutex
	// recent becomes former after RevocationMemory, and what was former goes.
	recent, former map[string]int64
	began          time.Time
}

// NewRevocations returns Revocations that know of none.
func NewRevocations(clock func() time.Time) *Revocations {
	return &Revocations{clock: clock, recent: map[string]int64{}, began: clock()}
}

// Raise notes an account's epoch; one that is no newer than what is known changes nothing.
func (r *Revocations) Raise(account string, epoch int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.clock(); now.Sub(r.began) >= RevocationMemory {
		r.former, r.recent, r.began = r.recent, map[string]int64{}, now
	}
	if known, ok := r.current(account); !ok || known <= epoch {
		r.recent[account] = epoch
	}
}

// Current returns an account's epoch; false when it had no new one of late.
func (r *Revocations) Current(account string) (int64, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.current(account)
}

func (r *Revocations) current(account string) (int64, bool) {
	if epoch, ok := r.recent[account]; ok {
		return epoch, true
	}
	epoch, ok := r.former[account]
	return epoch, ok
}
