package passwords

import (
	"context"
	"crypto/subtle"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/shopmesh/shopmesh/kit/condition"
)

const (
	// queued is how many may have a place: those that wait for a hash, and those that still
	// read what to compare with.
	queued = 24
	// share is the part of one core that hashing takes: a quarter.
	share = 4
	// longestRest bounds the pause after a hash, which is three times the processor time that
	// the hash took, and the one after a failure, which begins with firstRest and doubles.
	longestRest = time.Second
	firstRest   = 250 * time.Millisecond
	// retryAfter is how often it is tried whether hashes can be made again, while nobody signs in.
	retryAfter = 5 * time.Second
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
	// derive makes the hashes, in process, or here where that is nil.
	derive  deriver
	process *process
	// idleLife is how long the process is kept while nobody signs in.
	idleLife time.Duration
	// rest pauses between two hashes; tests replace it.
	rest func(ctx context.Context, pause time.Duration)
	// fails is that the last hash could not be made.
	fails *condition.Condition

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
	do func(ctx context.Context) (worked time.Duration, err error)
}

// A deriver derives the hash of a password.
type deriver func(ctx context.Context, password string, p params, salt []byte) (derived, error)

// derived is a hash, and the time that the processor worked for it.
type derived struct {
	hash   []byte
	worked time.Duration
}

// deriveHere is the deriver that hashes in this process.
func deriveHere(_ context.Context, password string, p params, salt []byte) (derived, error) {
	begun := time.Now()
	hash := derive([]byte(password), p, salt)
	return derived{hash, time.Since(begun)}, nil
}

// NewHasher returns a hasher with the current costs. command is this program, with arguments
// that have it call Serve: hashes are made in a process of their own. Where it is empty they
// are made in this one, as suits tests.
func NewHasher(command []string, log *slog.Logger) *Hasher {
	p := current()
	h := &Hasher{
		params: p,
		// No password has this hash: it is compared where an account has none.
		dummy:  encoded{params: p, salt: newSalt(), hash: newSalt()},
		derive: deriveHere, idleLife: idleLife,
		rest: rest, fails: condition.New(log, "passwords can't be hashed, and nobody signs in with one"),
		waiting: make(map[string][]*Place), wake: make(chan struct{}, 1),
	}
	if len(command) > 0 {
		h.process = &process{command: command, longest: longestHash}
		h.derive = h.process.hash
	}
	return h
}

// Condition reports that the last hash could not be made, and why.
func (h *Hasher) Condition(context.Context) error { return h.fails.Err(0) }

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

// Hash returns the hash of a new password. Errors: ErrBusy, ErrProcess, ctx's.
func (h *Hasher) Hash(ctx context.Context, prefix, password string) (string, error) {
	place, err := h.Enter(prefix)
	if err != nil {
		return "", err
	}
	defer place.Leave()
	made := encoded{params: h.params, salt: newSalt()}
	err = place.wait(ctx, func(ctx context.Context) (time.Duration, error) {
		derived, err := h.derive(ctx, password, made.params, made.salt)
		made.hash = derived.hash
		return derived.worked, err
	})
	if err != nil {
		return "", err
	}
	return made.String(), nil
}

// Verdict is what became of a comparison.
type Verdict struct {
	// Matches reports that the password is right.
	Matches bool
	// Outdated reports that its hash was made with other costs: hash it again.
	Outdated bool
}

// Compare compares a password with a hash. An empty hash, where there is no account, costs
// the same and matches nothing. Errors: ErrBusy when others took the place meanwhile,
// ErrProcess, ctx's, a hash that is none of ours.
func (p *Place) Compare(ctx context.Context, password, hash string) (Verdict, error) {
	stored, has := p.hasher.dummy, hash != ""
	if has {
		var err error
		if stored, err = decode(hash); err != nil {
			return Verdict{}, err
		}
	}
	var verdict Verdict
	err := p.wait(ctx, func(ctx context.Context) (time.Duration, error) {
		derived, err := p.hasher.derive(ctx, password, stored.params, stored.salt)
		matches := subtle.ConstantTimeCompare(derived.hash, stored.hash) == 1
		verdict = Verdict{Matches: matches && has, Outdated: stored.params != p.hasher.params}
		return derived.worked, err
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

// Ready returns how many places wait and know what to hash, for tests: those that do no more
// before their hash.
func (h *Hasher) Ready() (count int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, places := range h.waiting {
		for _, p := range places {
			if p.do != nil {
				count++
			}
		}
	}
	return count
}

// wait returns once do was done. Where it fails, do may be under way still: what it writes
// must not be read then.
func (p *Place) wait(ctx context.Context, do func(context.Context) (time.Duration, error)) error {
	p.hasher.ready(p, do)
	select {
	case err := <-p.done:
		return err
	case <-ctx.Done():
		p.Leave()
		return ctx.Err()
	}
}

func (h *Hasher) ready(p *Place, do func(context.Context) (time.Duration, error)) {
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
	defer h.endProcess()
	idle := time.NewTimer(h.idleLife)
	defer idle.Stop()
	var failed time.Duration // the pause after the last failure; 0 when it succeeded
	for {
		p := h.next()
		if p == nil {
			var retry <-chan time.Time
			if failed > 0 {
				retry = time.After(retryAfter)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-h.wake:
			case <-idle.C:
				h.endProcess()
			case <-retry:
				if _, err := h.derive(ctx, "", params{memory: 8, time: 1, threads: 1}, newSalt()); err == nil {
					h.fails.Over(ctx)
					failed = 0
					idle.Reset(h.idleLife)
				}
			}
			continue
		}
		worked, err := p.do(ctx)
		if errors.Is(err, ErrProcess) {
			failed = min(max(firstRest, 2*failed), longestRest)
			h.fails.Notice(ctx, err)
		} else {
			failed = 0
			h.fails.Over(ctx)
		}
		p.done <- err
		h.rest(ctx, min(max((share-1)*worked, failed), longestRest))
		if ctx.Err() != nil {
			return nil
		}
		idle.Reset(h.idleLife)
	}
}

func (h *Hasher) refuseAll(err error) {
	for p := h.next(); p != nil; p = h.next() {
		p.done <- err
	}
}

func rest(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// endProcess ends the process that hashes; the next hash starts another.
func (h *Hasher) endProcess() {
	if h.process != nil {
		_ = h.process.end()
	}
}
