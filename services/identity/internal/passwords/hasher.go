package passwords

import (
	"context"
	"errors"
	"runtime"
	"runtime/metrics"
	"slices"
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
// refused. A caller takes its place before it reads what to compare with, so that a
// sign-in that finds no place costs nothing more. Run has it work.
type Hasher struct {
	params params
	dummy  encoded
	// rest pauses between two hashes; tests replace it.
	rest func(ctx context.Context, worked time.Duration)

	mu      sync.Mutex
	waiting map[string][]*Place // by prefix, the longest waiting first
	turns   []string            // prefixes that wait, the next first
	count   int
	wake    chan struct{} // size 1: a wake-up that waits stands for all
	// hashed counts the hashes, for tests: it is what a sign-in's time depends on.
	hashed int64
}

// Place is a place among those who wait for a hash, and good for one.
type Place struct {
	hasher *Hasher
	prefix string
	done   chan error // size 1: the outcome
	// do is the hash, and nil until it is known what to hash. The hasher's mu guards it.
	do func()
}

// NewHasher returns a hasher with the current costs.
func NewHasher() *Hasher {
	p := current()
	return &Hasher{
		params: p,
		// No password has this hash: it is compared where an account has none.
		dummy: encoded{params: p, salt: newSalt(), hash: newSalt()},
		rest:  rest, waiting: make(map[string][]*Place), wake: make(chan struct{}, 1),
	}
}

// Enter takes a place; Leave must follow. Errors: ErrBusy.
func (h *Hasher) Enter(prefix string) (*Place, error) {
	p := &Place{hasher: h, prefix: prefix, done: make(chan error, 1)}
	if err := h.enqueue(p); err != nil {
		return nil, err
	}
	return p, nil
}

// Leave gives the place up, if it was not used.
func (p *Place) Leave() {
	p.hasher.mu.Lock()
	defer p.hasher.mu.Unlock()
	p.hasher.drop(p)
}

// Hash returns the hash of a new password. Errors: ErrBusy, ctx's.
func (h *Hasher) Hash(ctx context.Context, prefix, password string) (string, error) {
	place, err := h.Enter(prefix)
	if err != nil {
		return "", err
	}
	defer place.Leave()
	var hash string
	if err := place.wait(ctx, func() { hash = derive(password, h.params, newSalt()).String() }); err != nil {
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
// the same and matches nothing. Errors: ErrBusy when others took the place meanwhile, ctx's,
// a hash that is none of ours.
func (p *Place) Compare(ctx context.Context, password, hash string) (Verdict, error) {
	stored, has := p.hasher.dummy, hash != ""
	if has {
		var err error
		if stored, err = decode(hash); err != nil {
			return Verdict{}, err
		}
	}
	var verdict Verdict
	err := p.wait(ctx, func() {
		matches := stored.matches(password)
		verdict = Verdict{Matches: matches && has, Outdated: stored.params != p.hasher.params}
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
func (p *Place) wait(ctx context.Context, do func()) error {
	p.hasher.ready(p, do)
	select {
	case err := <-p.done:
		return err
	case <-ctx.Done():
		p.Leave()
		return ctx.Err()
	}
}

func (h *Hasher) ready(p *Place, do func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p.do = do
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

func (h *Hasher) enqueue(p *Place) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.count >= queued {
		most := h.most()
		if len(h.waiting[most]) <= len(h.waiting[p.prefix])+1 {
			return ErrBusy
		}
		last := h.waiting[most][len(h.waiting[most])-1]
		h.drop(last)
		last.done <- ErrBusy
	}
	if len(h.waiting[p.prefix]) == 0 {
		h.turns = append(h.turns, p.prefix)
	}
	h.waiting[p.prefix] = append(h.waiting[p.prefix], p)
	h.count++
	return nil
}

// most returns the prefix that has most waiting.
func (h *Hasher) most() string {
	var prefix string
	for p, places := range h.waiting {
		if len(places) > len(h.waiting[prefix]) {
			prefix = p
		}
	}
	return prefix
}

// drop takes a place out of its queue, if it is there.
func (h *Hasher) drop(p *Place) {
	queue := h.waiting[p.prefix]
	i := slices.Index(queue, p)
	if i < 0 {
		return
	}
	h.count--
	if queue = slices.Delete(queue, i, i+1); len(queue) > 0 {
		h.waiting[p.prefix] = queue
		return
	}
	delete(h.waiting, p.prefix)
	turn := slices.Index(h.turns, p.prefix)
	h.turns = slices.Delete(h.turns, turn, turn+1)
}

// next takes the place whose turn it is, of those that know what to hash; nil when none does.
func (h *Hasher) next() *Place {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, prefix := range h.turns {
		i := slices.IndexFunc(h.waiting[prefix], func(p *Place) bool { return p.do != nil })
		if i < 0 {
			continue
		}
		p := h.waiting[prefix][i]
		h.drop(p)
		if turn := slices.Index(h.turns, prefix); turn >= 0 { // its others come after those of all other prefixes
			h.turns = append(slices.Delete(h.turns, turn, turn+1), prefix)
		}
		h.hashed++
		return p
	}
	return nil
}

// Run hashes until ctx ends; those that wait then are answered with its error.
func (h *Hasher) Run(ctx context.Context) error {
	defer h.refuseAll(context.Canceled)
	var garbage collector
	for {
		p := h.next()
		if p == nil {
			select {
			case <-ctx.Done():
				return nil
			case <-h.wake:
			}
			continue
		}
		begun := time.Now()
		p.do()
		p.done <- nil
		garbage.hashed()
		h.rest(ctx, time.Since(begun))
		if ctx.Err() != nil {
			return nil
		}
	}
}

func (h *Hasher) refuseAll(err error) {
	for p := h.next(); p != nil; p = h.next() {
		p.done <- err
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
