package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"time"
)

// shape is a running shop, in one process or in many, and what can be done to it.
type shape interface {
	// owner returns an access token of the owner, once all is ready.
	owner() (string, error)
	// endpoints are the ways to call each context with a token.
	endpoints(token string) map[string][]*endpoint
	// observers are ways to call order that nothing disturbs, to count what is under way.
	observers(token string) []*endpoint
	// replicas are all processes, at addresses that nothing disturbs, with a token for the
	// internal ports. They are those of now.
	replicas(token string) []*replica
	// kills are what can be killed. Each starts again by itself.
	kills() []kill
	// outage returns what kills config and keeps it dead until end is called, and kills another
	// replica, which starts again without config. Nil where config is not alone in its process.
	outage() func() (restarted string, end func())
	// pauses are what can be stopped in its tracks.
	pauses() []pause
	// network is where the links are.
	network() *network
	// provider is what takes payments by card.
	provider() *cardServer
	// ready waits until every part serves.
	ready(ctx context.Context) error
	// internal are the URLs of the internal ports, one of each context.
	internal() []string
	// inbox is where /inbox.json is.
	inbox() string
	// died receives each time that a part ended by itself.
	died() []string
	close()
}

type kill struct {
	target string
	weight int
	do     func(rng *rand.Rand) bool // false when it did not run
}

type pause struct {
	target string
	weight int
	// longest is in seconds; the shortest is a fifth of it.
	longest int
	do      func(rng *rand.Rand) (resume func())
}

// counts are what was done to the shop.
type counts struct {
	mu     sync.Mutex
	kills  map[string][2]int // by target: with enough orders under way, and all
	faults map[string]int
	fewest int // orders under way at a kill that counts
	// outages are how often orders were confirmed while config was dead.
	outages int
}

func newCounts() *counts { return &counts{kills: map[string][2]int{}, faults: map[string]int{}} }

// all is how many kills there were.
func (c *counts) all() int {
	n := 0
	for _, one := range c.kills {
		n += one[1]
	}
	return n
}

// enough orders must be under way for a kill to count.
const enough = 100

// chaos breaks the shop until ctx ends, and leaves nothing broken but what is about
// to start again.
type chaos struct {
	driver *driver
	shape  shape
	counts *counts
	log    func(format string, args ...any)
	// calm is held by whoever breaks something, and taken whole to let work be done.
	calm sync.RWMutex
}

func (c *chaos) run(ctx context.Context) {
	var work sync.WaitGroup
	work.Go(func() { c.killing(ctx) })
	work.Go(func() { c.disturbing(ctx) })
	work.Wait()
}

// killsBetweenCalms is how many kills there are before the shop is left alone for a while.
const killsBetweenCalms = 8

// calmWork is how many orders must be confirmed in such a while.
const calmWork = 60

func (c *chaos) killing(ctx context.Context) {
	rng := c.driver.random(5)
	patience := time.Minute
	for i := 1; ctx.Err() == nil; i++ {
		c.killOne(ctx, rng, patience)
		rest := time.Duration(600+rng.IntN(1800)) * time.Millisecond
		patience = time.Minute
		if rng.IntN(6) == 0 { // now and then the next one hits what is still starting
			rest, patience = time.Duration(rng.IntN(300))*time.Millisecond, 0
		}
		if sleep(ctx, rest) != nil {
			return
		}
		switch i % killsBetweenCalms {
		case 0:
			c.letWork(ctx)
		case 2:
			c.workWithoutConfig(ctx)
		}
	}
}

// killOne kills something, when enough orders are under way or patience ends.
func (c *chaos) killOne(ctx context.Context, rng *rand.Rand, patience time.Duration) {
	all := c.shape.kills()
	k := pick(rng, all, func(k kill) int { return k.weight })
	v := c.await(ctx, patience)
	if ctx.Err() != nil {
		return
	}
	c.calm.RLock()
	defer c.calm.RUnlock()
	if !k.do(rng) {
		return
	}
	names := []string{k.target}
	if other := pick(rng, all, func(k kill) int { return k.weight }); rng.IntN(7) == 0 && other.target != k.target && other.do(rng) {
		names = append(names, other.target)
	}
	counted := v.underWay >= enough && v.age < 2*time.Second
	c.counts.mu.Lock()
	defer c.counts.mu.Unlock()
	total := 0
	for _, name := range names {
		n := c.counts.kills[name]
		n[1]++
		if counted {
			n[0]++
		}
		c.counts.kills[name] = n
	}
	for _, n := range c.counts.kills {
		total += n[0]
	}
	note := ""
	if counted {
		if c.counts.fewest == 0 || v.underWay < c.counts.fewest {
			c.counts.fewest = v.underWay
		}
	} else {
		note = ", does not count"
	}
	c.log("kill %d: %v with %s of %d%s", total, names, v, v.orders, note)
}

// await waits until enough orders are known to be under way, or patience ends.
func (c *chaos) await(ctx context.Context, patience time.Duration) view {
	deadline := time.Now().Add(patience)
	for {
		once, cancel := context.WithTimeout(ctx, 3*time.Second)
		c.driver.poll(once)
		cancel()
		v := c.driver.book.view()
		if v.underWay >= enough && v.age < 2*time.Second || time.Now().After(deadline) || sleep(ctx, 100*time.Millisecond) != nil {
			return v
		}
	}
}

// workWithoutConfig lets the shop work while config is dead and another service begins
// without it: that one applies the settings that it applied last.
func (c *chaos) workWithoutConfig(ctx context.Context) {
	outage := c.shape.outage()
	if outage == nil {
		return
	}
	c.calm.Lock()
	defer c.calm.Unlock()
	restarted, end := outage()
	defer end()
	c.log("config is dead, and %s begins without it", restarted)
	if !c.work(ctx) || !c.driver.mustApplySettings(ctx, restarted) {
		return
	}
	c.counts.mu.Lock()
	defer c.counts.mu.Unlock()
	c.counts.outages++
}

// letWork leaves the shop alone until orders were confirmed.
func (c *chaos) letWork(ctx context.Context) {
	c.calm.Lock()
	defer c.calm.Unlock()
	c.work(ctx)
}

// work waits until orders were confirmed. A shop that does not work though nothing else is
// broken is a finding.
func (c *chaos) work(ctx context.Context) bool {
	const bound = 5 * time.Minute // a machine that does other things too is slow
	begin, before := time.Now(), c.driver.book.sold()
	for c.driver.book.sold() < before+calmWork {
		if sleep(ctx, 200*time.Millisecond) != nil {
			return false
		}
		if time.Since(begin) > bound {
			c.driver.book.find(finding{kind: "NO_PROGRESS", subject: "shop",
				message: fmt.Sprintf("within %v after the last fault %d orders were confirmed, %v", bound, c.driver.book.sold()-before, c.driver.book.view())})
			return false
		}
	}
	c.log("calm: %d orders were confirmed in %.1f s", c.driver.book.sold()-before, time.Since(begin).Seconds())
	return true
}

// disturbing breaks links and pauses parts, one at a time.
func (c *chaos) disturbing(ctx context.Context) {
	rng := c.driver.random(6)
	for ctx.Err() == nil {
		c.calm.RLock()
		if rng.IntN(3) == 0 {
			c.pauseOne(ctx, rng)
		} else {
			c.breakLink(ctx, rng)
		}
		c.calm.RUnlock()
		if sleep(ctx, time.Duration(300+rng.IntN(2000))*time.Millisecond) != nil {
			return
		}
	}
}

func (c *chaos) pauseOne(ctx context.Context, rng *rand.Rand) {
	p := pick(rng, c.shape.pauses(), func(p pause) int { return p.weight })
	longest := time.Duration(p.longest) * time.Second
	held := longest/5 + time.Duration(rng.Int64N(int64(longest-longest/5)))
	resume := p.do(rng)
	defer resume()
	c.note("pause "+p.target, "for %.1f s", held.Seconds())
	_ = sleep(ctx, held)
}

func (c *chaos) breakLink(ctx context.Context, rng *rand.Rand) {
	all := c.shape.network().links
	l, t := all[rng.IntN(len(all))], toxins()
	fault := t[rng.IntN(len(t))]
	held := time.Duration(300+rng.IntN(6000)) * time.Millisecond
	if fault.breaks && rng.IntN(4) == 0 {
		held += 10 * time.Second // longer than sessions and leases
	}
	if err := fault.apply(l, rng); err != nil {
		c.driver.book.find(finding{kind: "CHAOS_BROKEN", subject: l.name, message: err.Error()})
		return
	}
	c.note(fault.name+" "+l.name, "for %.1f s", held.Seconds())
	_ = sleep(ctx, held)
	if err := fault.cure(l); err != nil {
		c.driver.book.find(finding{kind: "CHAOS_BROKEN", subject: l.name, message: err.Error()})
	}
}

func (c *chaos) note(what, format string, args ...any) {
	c.counts.mu.Lock()
	c.counts.faults[what]++
	c.counts.mu.Unlock()
	c.log("fault: %s %s", what, fmt.Sprintf(format, args...))
}

// pick draws one by weight.
func pick[T any](rng *rand.Rand, all []T, weight func(T) int) T {
	sum := 0
	for _, one := range all {
		sum += weight(one)
	}
	n := rng.IntN(sum)
	i := slices.IndexFunc(all, func(one T) bool {
		n -= weight(one)
		return n < 0
	})
	return all[i]
}

// postgresKills are the ways to kill a PostgreSQL.
func postgresKills(p postmaster, weight int) []kill {
	return []kill{
		{"postgres", weight, func(*rand.Rand) bool {
			pids := p.pids()
			return len(pids) > 0 && p.signal(pids[0], syscall.SIGKILL)
		}},
		// The server ends all others then, and recovers.
		{"a postgres backend", weight, func(rng *rand.Rand) bool {
			pids := p.pids()
			return len(pids) > 1 && p.signal(pids[1+rng.IntN(len(pids)-1)], syscall.SIGKILL)
		}},
	}
}

// postgresPauses stop a PostgreSQL, in whole or in part.
func postgresPauses(p postmaster) []pause {
	stop := func(pids []int) func() {
		for _, pid := range pids {
			p.signal(pid, syscall.SIGSTOP)
		}
		// Those whose server was killed meanwhile are woken too: they see that, and end.
		return func() {
			for _, pid := range pids {
				p.signal(pid, syscall.SIGCONT)
			}
		}
	}
	return []pause{
		{"postgres", 3, 12, func(*rand.Rand) func() { return stop(p.pids()) }},
		{"a postgres backend", 2, 12, func(rng *rand.Rand) func() {
			pids := p.pids()
			if len(pids) < 2 {
				return func() {}
			}
			return stop([]int{pids[1+rng.IntN(len(pids)-1)]})
		}},
		// No pause at all: the server closes some of its connections.
		{"some connections of postgres (ended)", 3, 1, func(rng *rand.Rand) func() {
			for _, pid := range p.pids() {
				if rng.IntN(3) == 0 && isClients(pid) {
					p.signal(pid, syscall.SIGTERM)
				}
			}
			return func() {}
		}},
	}
}
