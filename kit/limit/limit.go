// Package limit bounds how often something may be done for each of many keys, such as
// clients' addresses, by the generic cell rate algorithm (GCRA, ITU-T I.371): each key
// needs one number, and there is no window at whose edge a double burst could pass.
package limit

import (
	"hash/maphash"
	"slices"
	"sync"
	"time"
)

// Rate is how often a key may do something: Quota times at once after a rest, and once more
// each Window/Quota. In any span of time d that is at most Quota + d*Quota/Window times.
// The zero Rate bounds nothing.
type Rate struct {
	Quota  int
	Window time.Duration
}

// Bounds reports whether the rate bounds anything.
func (r Rate) Bounds() bool { return r.Quota > 0 && r.Window > 0 }

// interval is the time from one to the next at an even pace, rounded up to a nanosecond,
// so that never more pass than the rate states.
func (r Rate) interval() time.Duration {
	return (r.Window + time.Duration(r.Quota) - 1) / time.Duration(r.Quota)
}

// State is where a key stands.
type State struct {
	// Allowed reports whether it was within the rate. What was not took nothing.
	Allowed bool
	// Remaining is how often the key may do it now.
	Remaining int
	// Retry is after which time it may do it again; 0 when it may now.
	Retry time.Duration
	// Reset is after which time it has its whole quota again.
	Reset time.Duration
}

// shardCount is how many shards the keys are divided into, each with a lock of its own.
const shardCount = 64

// Limiter holds the state of the keys that have not their whole quota; all others need
// none. It is for concurrent use.
type Limiter[K comparable] struct {
	clock  func() time.Time
	start  time.Time
	seed   maphash.Seed
	shards [shardCount]shard[K]
}

// shard holds for each key the time, since the limiter's start, at which it has its whole
// quota again (GCRA's theoretical arrival time).
type shard[K comparable] struct {
	mu   sync.Mutex
	most int
	full map[K]time.Duration
}

// New returns a Limiter that holds most keys at once. When there are more, it forgets
// those that would have their whole quota again soonest: so a flood of new keys gives
// nobody back what takes long to come back, such as sign-ins. The room is divided evenly
// over the shards, and keys fall into them at random: a shard may be full before all are,
// so most should be hundreds and more.
func New[K comparable](most int, clock func() time.Time) *Limiter[K] {
	l := &Limiter[K]{clock: clock, start: clock(), seed: maphash.MakeSeed()}
	for i := range l.shards {
		l.shards[i].most = max(1, most/shardCount)
		l.shards[i].full = make(map[K]time.Duration)
	}
	return l
}

// Take takes one from what key may do at rate, when it may.
func (l *Limiter[K]) Take(key K, rate Rate) State { return l.at(key, rate, true) }

// Peek returns where key stands, and takes nothing.
func (l *Limiter[K]) Peek(key K, rate Rate) State { return l.at(key, rate, false) }

func (l *Limiter[K]) at(key K, rate Rate, take bool) State {
	if !rate.Bounds() {
		return State{Allowed: true}
	}
	now, interval := l.clock().Sub(l.start), rate.interval()
	burst := interval * time.Duration(rate.Quota)
	p := &l.shards[maphash.Comparable(l.seed, key)%shardCount]
	p.mu.Lock()
	defer p.mu.Unlock()
	known, ok := p.full[key]
	// A key that had another rate before owes no more than all of this one's.
	full := min(max(known, now), now+burst)
	if next := full + interval; next > now+burst {
		return State{Retry: next - now - burst, Reset: full - now}
	} else if take {
		full = next
		if !ok && len(p.full) >= p.most {
			p.makeRoom(now)
		}
		p.full[key] = full
	}
	return State{Allowed: true, Remaining: int((now + burst - full) / interval), Reset: full - now}
}

// makeRoom forgets the keys that have their whole quota again, and the eighth of all that
// would have it soonest, so that it is rarely needed. Of keys that would have it at the same
// time, no more are forgotten than make up that eighth.
func (p *shard[K]) makeRoom(now time.Duration) {
	times := make([]time.Duration, 0, len(p.full))
	for _, full := range p.full {
		times = append(times, full)
	}
	slices.Sort(times)
	eighth := (len(times) + 7) / 8
	last := times[eighth-1]
	sooner, _ := slices.BinarySearch(times, last)
	ties := eighth - sooner
	for key, full := range p.full {
		switch {
		case full <= now, full < last:
			delete(p.full, key)
		case full == last && ties > 0:
			ties--
			delete(p.full, key)
		}
	}
}

// Len returns how many keys have not their whole quota, or had not when room was made last.
func (l *Limiter[K]) Len() int {
	n := 0
	for i := range l.shards {
		p := &l.shards[i]
		p.mu.Lock()
		n += len(p.full)
		p.mu.Unlock()
	}
	return n
}
