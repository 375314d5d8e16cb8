package passwords

import (
	"context"
	"errors"
	"runtime"
	"runtime/metrics"
	"sync"
	"time"
)

const (
	// queued is how many may wait for a hash.
	queued = 24
	// share is the part of one core that hashing takes: a quarter.
	share = 4
	// longestRest bounds the pause after a hash, which is three times as long as the hash:
	// on a machine that was busy with other things a hash took longer than it worked.
	longestRest = time.Second
)

// ErrBusy is returned when too many others wait.
var ErrBusy = errors.New("too many wait for a password hash")

// Hasher hashes passwords, one at a time and in at most a quarter of a core. What has to
// wait is served in turns by the callers' address prefixes, so that one with many sign-ins
// delays itself; when too many wait, the newest of the prefix that has most of them is
// refused. Run has it work.
type Hasher struct {
	params params
	dummy  encoded
	// rest pauses between two hashes; tests replace it.
	rest func(ctx context.Context, worked time.Duration)

	mu      sync.Mutex
	waiting map[string][]*job // by prefix, the longest waiting first
	turns   []string          // prefixes that wait, the next first
	count   int
	wake    chan struct{} // size 1: a wake-up that waits stands for all
	// hashed counts the hashes, for tests: it is what a sign-in's time depends on.
	hashed int64
}

type job struct {
	do   func()
	done chan error
}

// NewHasher returns a hasher with the current costs.
func NewHasher() *Hasher {
	p := current()
	return &Hasher{
		params: p,
		// No password has this hash: it is compared where an account has none.
		dummy: encoded{params: p, salt: newSalt(), hash: newSalt()},
		rest:  rest, waiting: make(map[string][]*job), wake: make(chan struct{}, 1),
	}
}

// Hash returns the hash of a new password. Errors: ErrBusy, ctx's.
func (h *Hasher) Hash(ctx context.Context, prefix, password string) (string, error) {
	var hash string
	if err := h.wait(ctx, prefix, func() { hash = derive(password, h.params, newSalt()).String() }); err != nil {
		return "", err
	}
	return hash, nil
}

// Verdict is what became of a comparison.
type Verdict struct {
	// Matches reports that the password is right.
	Matches bool
	// Outdated reports that its hash was made with other costs: hash it again.
	Outdated bool
}

// Compare compares a password with a hash. An empty hash, where there is no account, costs
// the same and matches nothing. Errors: ErrBusy, ctx's, a hash that is none of ours.
func (h *Hasher) Compare(ctx context.Context, prefix, password, hash string) (Verdict, error) {
	stored, has := h.dummy, hash != ""
	if has {
		var err error
		if stored, err = decode(hash); err != nil {
			return Verdict{}, err
		}
	}
	var verdict Verdict
	err := h.wait(ctx, prefix, func() {
		matches := stored.matches(password)
		verdict = Verdict{Matches: matches && has, Outdated: stored.params != h.params}
	})
	if err != nil {
		return Verdict{}, err
	}
	return verdict, nil
}

// Hashed returns how many hashes were made.
func (h *Hasher) Hashed() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.hashed
}

// wait returns once do was done. Where it fails, do may be under way still: what it writes
// must not be read then.
func (h *Hasher) wait(ctx context.Context, prefix string, do func()) error {
	j := &job{do: do, done: make(chan error, 1)}
	if err := h.enqueue(prefix, j); err != nil {
		return err
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		h.remove(prefix, j)
		return ctx.Err()
	}
}

func (h *Hasher) enqueue(prefix string, j *job) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.count >= queued {
		most := h.most()
		if len(h.waiting[most]) <= len(h.waiting[prefix])+1 {
			return ErrBusy
		}
		last := h.waiting[most][len(h.waiting[most])-1]
		h.drop(most, last)
		last.done <- ErrBusy
	}
	if len(h.waiting[prefix]) == 0 {
		h.turns = append(h.turns, prefix)
	}
	h.waiting[prefix] = append(h.waiting[prefix], j)
	h.count++
	select {
	case h.wake <- struct{}{}:
	default:
	}
	return nil
}

// most returns the prefix that has most waiting.
func (h *Hasher) most() string {
	var prefix string
	for p, jobs := range h.waiting {
		if len(jobs) > len(h.waiting[prefix]) {
			prefix = p
		}
	}
	return prefix
}

func (h *Hasher) remove(prefix string, j *job) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(prefix, j)
}

// drop takes a job out of its queue, if it is there.
func (h *Hasher) drop(prefix string, j *job) {
	for i, other := range h.waiting[prefix] {
		if other == j {
			h.waiting[prefix] = append(h.waiting[prefix][:i:i], h.waiting[prefix][i+1:]...)
			h.count--
		}
	}
	if len(h.waiting[prefix]) == 0 {
		h.forget(prefix)
	}
}

func (h *Hasher) forget(prefix string) {
	delete(h.waiting, prefix)
	for i, p := range h.turns {
		if p == prefix {
			h.turns = append(h.turns[:i:i], h.turns[i+1:]...)
			return
		}
	}
}

// next takes the job whose turn it is; nil when none waits.
func (h *Hasher) next() *job {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.turns) == 0 {
		return nil
	}
	prefix := h.turns[0]
	j := h.waiting[prefix][0]
	h.waiting[prefix] = h.waiting[prefix][1:]
	h.count--
	h.turns = h.turns[1:]
	if len(h.waiting[prefix]) == 0 {
		delete(h.waiting, prefix)
	} else {
		h.turns = append(h.turns, prefix)
	}
	h.hashed++
	return j
}

// Run hashes until ctx ends; those that wait then are answered with its error.
func (h *Hasher) Run(ctx context.Context) error {
	defer h.refuseAll(context.Canceled)
	var garbage collector
	for {
		j := h.next()
		if j == nil {
			select {
			case <-ctx.Done():
				return nil
			case <-h.wake:
			}
			continue
		}
		begun := time.Now()
		j.do()
		j.done <- nil
		garbage.hashed()
		h.rest(ctx, time.Since(begun))
		if ctx.Err() != nil {
			return nil
		}
	}
}

func (h *Hasher) refuseAll(err error) {
	for j := h.next(); j != nil; j = h.next() {
		j.done <- err
	}
}

func rest(ctx context.Context, worked time.Duration) {
	timer := time.NewTimer(min((share-1)*worked, longestRest))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// collector has the memory of hashes collected: argon2 allocates its 19 MiB again for each,
// and the runtime would let several pile up before it looks.
type collector struct {
	cycles uint64
	since  int
}

// hashed is called after each hash. It collects when the runtime did not do so since the
// one before the last.
func (c *collector) hashed() {
	sample := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}}
	metrics.Read(sample)
	if cycles := sample[0].Value.Uint64(); cycles != c.cycles {
		c.cycles, c.since = cycles, 0
		return
	}
	if c.since++; c.since >= 2 {
		runtime.GC()
		c.since = 0
	}
}
