package token

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/shopmesh/shopmesh/kit/fault"
)

const (
	// fetchPause is how long no keys are fetched after they were.
	fetchPause = 10 * time.Second
	// failedFetchPause is how long none are fetched after that failed.
	failedFetchPause = time.Second
	// fetchTimeout bounds one fetch.
	fetchTimeout = 5 * time.Second
)

// remoteKeys are the issuer's public keys. They are fetched at the first token, and again
// when a token names a key that is not among them: once in fetchPause, whoever calls.
type remoteKeys struct {
	fetch func(context.Context) (KeySet, error)
	clock func() time.Time

	mu       sync.Mutex
	known    KeySet
	next     time.Time     // no fetch before
	failed   bool          // the last fetch failed
	fetching chan struct{} // closed when the fetch under way ends; nil when there is none
}

// key returns the public key of an id. It returns false when there is none, and an
// Unavailable fault when that can't be found out now.
func (r *remoteKeys) key(ctx context.Context, id string) (publicKey, bool, error) {
	r.mu.Lock()
	for {
		if found, ok := r.known.keys[id]; ok {
			r.mu.Unlock()
			return found, true, nil
		}
		if r.fetching == nil {
			break
		}
		fetching := r.fetching
		r.mu.Unlock()
		select {
		case <-fetching:
		case <-ctx.Done():
			return publicKey{}, false, context.Cause(ctx)
		}
		r.mu.Lock()
	}
	defer r.mu.Unlock()
	if !r.clock().Before(r.next) {
		r.refresh(ctx)
	}
	if found, ok := r.known.keys[id]; ok {
		return found, true, nil
	}
	if r.failed {
		return publicKey{}, false, unavailable("the keys that verify tokens can't be fetched from identity now")
	}
	return publicKey{}, false, nil
}

// refresh fetches the keys, without the lock meanwhile. The fetch outlives the caller,
// because others wait for it too.
func (r *remoteKeys) refresh(ctx context.Context) {
	done := make(chan struct{})
	r.fetching = done
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
	defer cancel()
	var fetched KeySet
	err := errors.New("the fetch panicked")
	defer func() {
		r.mu.Lock()
		r.fetching = nil
		close(done)
		if r.failed = err != nil; r.failed {
			r.next = r.clock().Add(failedFetchPause)
			return
		}
		r.known, r.next = fetched, r.clock().Add(fetchPause)
	}()
	fetched, err = r.fetch(ctx)
}

func unavailable(message string) *fault.Error {
	return fault.New(fault.Unavailable, fault.ReasonUnavailable, "%s: try again", message).RetryAfter(time.Second)
}
