package sim

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/outbox"
	catalogsim "github.com/shopmesh/shopmesh/services/catalog/sim"
	customersim "github.com/shopmesh/shopmesh/services/customer/sim"
	inventorysim "github.com/shopmesh/shopmesh/services/inventory/sim"
	notificationsim "github.com/shopmesh/shopmesh/services/notification/sim"
	ordersim "github.com/shopmesh/shopmesh/services/order/sim"
	paymentsim "github.com/shopmesh/shopmesh/services/payment/sim"
)

// world is one run: the contexts, what is between them and around them, and what
// happens next. All of it is one goroutine, so that a seed decides everything.
type world struct {
	rng   *rand.Rand
	f     faults
	plan  plan
	start time.Time
	calm  bool

	bus      *bus
	provider provider
	inbox    inbox
	// reported is the provider's list of what others did there; payment has read so many of
	// them, and reads on at a time.
	reported []paymentsim.Notice
	read     int
	nextRead time.Time
	disputes int
	silent   map[string]bool // the provider's requests that it does not answer, by key

	order        *ordersim.Store
	inventory    *inventorysim.Store
	payment      *paymentsim.Store
	notification *notificationsim.Store
	catalog      *catalogsim.Store
	customer     *customersim.Store

	// The contexts as processes, in the order of the stores above.
	orders, stocks, payments, mails, products, persons *node

	nodes  []*node
	actors []*actor
	shots  []shot
	shotID int

	publishUncommitted bool // see Bugs

	steps int
	hash  uint64

	scratch [8]byte
	counts  map[string]int
	log     *Log
	broken  *Violation
}

// Violation is what must never be.
type Violation struct {
	// OrderID is the order that is concerned, or the nil id.
	OrderID uuid.UUID
	What    string
}

func (v *Violation) Error() string {
	if v.OrderID == uuid.Nil {
		return v.What
	}
	return fmt.Sprintf("order %s: %s", v.OrderID, v.What)
}

// node is a context's process, with its outbox and its place in the topics.
type node struct {
	w      *world
	name   string
	group  int
	topics []string
	handle func([]consumer.Event) ([]outbox.Event, func(), error)
	// restart loses what the process had in memory and returns what a start publishes.
	restart func() (published []outbox.Event, commit func())
	outbox  []consumer.Event
	skew    time.Duration
	// life counts the process' starts: what one life began, another does not end.
	life int
	up   time.Time // when it runs again
}

// actor is work that a process does when it is due.
type actor struct {
	node *node
	what string
	// when is the time from which on there is something to do; zero for nothing.
	when func() time.Time
	run  func()
	// pause is how long it waits at most before it looks.
	pause time.Duration

	wanted, armed time.Time
}

// shot happens once, at a time.
type shot struct {
	at  time.Time
	id  int
	run func()
}

func (w *world) fail(order uuid.UUID, format string, args ...any) {
	if w.broken == nil {
		w.broken = &Violation{OrderID: order, What: fmt.Sprintf(format, args...)}
	}
}

// chance is true with a probability. One that is never drawn costs no randomness.
func (w *world) chance(p float64) bool { return p > 0 && w.rng.Float64() < p }

// between draws a duration.
func (w *world) between(from, to time.Duration) time.Duration {
	return from + time.Duration(w.rng.Int64N(int64(to-from)+1))
}

// newID makes ids like UUIDv7: by time, then by chance.
func (w *world) newID() uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], uint64(time.Since(w.start).Milliseconds()+1)<<16)
	binary.BigEndian.PutUint64(id[8:], w.rng.Uint64())
	id[6], id[7], id[8] = 0x70|byte(w.rng.IntN(16)), byte(w.rng.IntN(256)), id[8]&0x3f|0x80
	return id
}

// after has something happen once, later.
func (w *world) after(d time.Duration, run func()) {
	w.shotID++
	w.shots = append(w.shots, shot{at: time.Now().Add(d), id: w.shotID, run: run})
}

// note adds to the run's hash, and to its log where one is written.
func (w *world) note(about uuid.UUID, who, what string) {
	h := w.hash
	for _, b := range binary.BigEndian.AppendUint64(w.scratch[:0], uint64(time.Since(w.start))) {
		h = mix(h, b)
	}
	for _, b := range about {
		h = mix(h, b)
	}
	for i := range len(who) {
		h = mix(h, who[i])
	}
	for i := range len(what) {
		h = mix(h, what[i])
	}
	w.hash = h
	if w.log != nil {
		w.log.add(Line{At: time.Since(w.start), About: about, Who: who, What: what})
	}
}

// mix is a step of FNV-1a.
func mix(h uint64, b byte) uint64 { return (h ^ uint64(b)) * 1099511628211 }

func (w *world) count(what string) { w.counts[what]++ }

func (n *node) now() time.Time { return time.Now().Add(n.skew) }

// write puts a transaction's events into the outbox.
func (n *node) write(published []outbox.Event) {
	for _, one := range published {
		e, err := event(one)
		if err != nil {
			n.w.fail(uuid.Nil, "%s: %v", n.name, err)
			return
		}
		if !n.w.bus.same(e) {
			n.w.fail(uuid.Nil, "%s publishes %s again with another content", n.name, e.ID)
		}
		if n.w.log != nil {
			n.w.log.learn(one)
		}
		n.outbox = append(n.outbox, e)
	}
}

// transact ends a transaction: it commits, or fails, or the process dies before or
// after it. It reports whether the process lives and the transaction is committed.
func (n *node) transact(about uuid.UUID, what string, published []outbox.Event, commit func()) bool {
	w := n.w
	if w.chance(w.f.Abort) {
		w.note(about, n.name, what+", rolled back")
		w.count("aborted")
		if w.publishUncommitted {
			n.write(published)
		}
		return false
	}
	if w.chance(w.f.Crash / 2) {
		w.note(about, n.name, what+", died before the commit")
		n.die()
		return false
	}
	commit()
	n.write(published)
	if w.chance(w.f.Crash / 2) {
		w.note(about, n.name, what+", died after the commit")
		n.die()
		return false
	}
	w.note(about, n.name, what)
	return true
}

// die ends the process, now and then with all others, as in one process.
func (n *node) die() {
	w := n.w
	w.count("crashed")
	if w.rng.IntN(3) > 0 {
		n.start(w.between(time.Second, 10*time.Minute))
		return
	}
	down := w.between(time.Second, 10*time.Minute)
	for _, other := range w.nodes {
		other.start(down)
	}
}

// start is a new process after some time: what was in memory is lost, what was consumed
// and not committed is consumed again, and what may be lost is republished.
func (n *node) start(down time.Duration) {
	n.life++
	n.up = time.Now().Add(down)
	for _, name := range n.topics {
		for _, l := range n.w.bus.topic(name).lanes {
			l.cursors[n.group].next = l.cursors[n.group].committed
		}
	}
	published, commit := n.restart()
	commit()
	n.write(published)
}

// fetchable is when the process can fetch an event; zero when there is none.
func (n *node) fetchable() time.Time {
	var first time.Time
	for _, name := range n.topics {
		for _, l := range n.w.bus.topic(name).lanes {
			c := &l.cursors[n.group]
			if c.next < len(l.records) && (first.IsZero() || c.ready[c.next].Before(first)) {
				first = c.ready[c.next]
			}
		}
	}
	return first
}

// poll handles a batch: some events of some keys, each key's in their order.
func (n *node) poll() {
	w, now := n.w, time.Now()
	var lanes []*lane
	for _, name := range n.topics {
		for _, l := range w.bus.topic(name).lanes {
			if c := &l.cursors[n.group]; c.next < len(l.records) && !c.ready[c.next].After(now) {
				lanes = append(lanes, l)
			}
		}
	}
	if len(lanes) == 0 {
		return
	}
	w.rng.Shuffle(len(lanes), func(i, j int) { lanes[i], lanes[j] = lanes[j], lanes[i] })
	lanes = lanes[:1+w.rng.IntN(len(lanes))]
	taken := make([]int, len(lanes))
	var batch []consumer.Event
	for range 1 + w.rng.IntN(2*len(lanes)) {
		i := w.rng.IntN(len(lanes))
		c := &lanes[i].cursors[n.group]
		if at := c.next + taken[i]; at < len(lanes[i].records) && !c.ready[at].After(now) {
			batch = append(batch, lanes[i].records[at])
			taken[i]++
		}
	}
	if len(batch) == 0 {
		return
	}
	published, commit, err := n.handle(batch)
	if err != nil {
		w.note(batch[0].Key, n.name, "fails on "+describe(batch))
		w.fail(w.aboutOf(batch[0]), "%s can't handle %s: %v", n.name, describe(batch), err)
		return
	}
	for i := range batch {
		w.note(batch[i].Key, n.name, "handles "+batch[i].ID)
	}
	if !n.transact(uuid.Nil, "commits a batch", published, commit) {
		return
	}
	for i, l := range lanes {
		c := &l.cursors[n.group]
		c.next += taken[i]
		switch {
		case !w.chance(w.f.Duplicate):
			c.committed = c.next
		case w.rng.IntN(2) == 0:
			// The offset was not committed, and the partition came back.
			c.next = c.committed
			w.count("redelivered")
		}
	}
}

func describe(batch []consumer.Event) string {
	text := ""
	for _, e := range batch {
		text += " " + e.ID
	}
	return text
}

// aboutOf is the order that an event is about, where the log knows it.
func (w *world) aboutOf(e consumer.Event) uuid.UUID {
	if w.log != nil {
		return w.log.orderOf(e.Key)
	}
	return e.Key
}

// relay publishes what waits in the outbox, in its order.
func (n *node) relay() {
	w := n.w
	sent := n.outbox[:1+w.rng.IntN(len(n.outbox))]
	for _, e := range sent {
		w.bus.publish(e, time.Now(), w.delay)
		w.note(e.Key, n.name, "publishes "+e.ID)
	}
	deleted := len(sent)
	if w.chance(w.f.Republish) {
		// It died before all were deleted; they are published again.
		deleted = w.rng.IntN(len(sent))
		w.count("republished")
	}
	n.outbox = n.outbox[deleted:]
}

// delay is how long an event takes to a group.
func (w *world) delay() time.Duration {
	if w.chance(w.f.Late) {
		return w.between(time.Minute, 2*w.plan.window)
	}
	return w.between(time.Millisecond, 100*time.Millisecond)
}

// arm finds out what is to be done next.
func (w *world) arm() {
	now := time.Now()
	for _, a := range w.actors {
		want := a.when()
		if want.IsZero() {
			a.armed = time.Time{}
			continue
		}
		if a.node.up.After(want) {
			want = a.node.up
		}
		if !a.armed.IsZero() && !want.Before(a.wanted) && !a.node.up.After(a.armed) {
			continue
		}
		a.wanted, a.armed = want, want
		if now.After(want) {
			a.armed = now
		}
		if w.chance(w.f.Stall) {
			a.armed = a.armed.Add(w.between(time.Second, 2*w.plan.window))
			w.count("stalled")
		} else {
			a.armed = a.armed.Add(w.between(time.Millisecond, a.pause))
		}
	}
}

// next is what happens next: an actor's work or a shot; false when nothing does.
func (w *world) next() (at time.Time, run func(), ok bool) {
	var first *actor
	for _, a := range w.actors {
		if !a.armed.IsZero() && (first == nil || a.armed.Before(first.armed)) {
			first = a
		}
	}
	shot := -1
	for i := range w.shots {
		if shot < 0 || w.shots[i].at.Before(w.shots[shot].at) {
			shot = i
		}
	}
	switch {
	case shot >= 0 && (first == nil || w.shots[shot].at.Before(first.armed)):
		s := w.shots[shot]
		w.shots[shot] = w.shots[len(w.shots)-1]
		w.shots = w.shots[:len(w.shots)-1]
		return s.at, s.run, true
	case first != nil:
		return first.armed, func() {
			first.armed = time.Time{}
			first.run()
		}, true
	default:
		return time.Time{}, nil, false
	}
}

const (
	// mostSteps and longest bound a run: one that takes more does not come to rest.
	mostSteps = 60_000
	longest   = 7 * 24 * time.Hour
)

// run lets happen what happens, checking after each step, until nothing more does.
func (w *world) run() {
	for w.broken == nil {
		w.arm()
		at, run, ok := w.next()
		if !ok {
			return
		}
		if wait := time.Until(at); wait > 0 {
			time.Sleep(wait)
		}
		run()
		w.steps++
		w.check()
		if w.broken == nil && (w.steps > mostSteps || time.Since(w.start) > longest) {
			w.fail(w.restless(), "the shop does not come to rest within %d steps and %s", w.steps, time.Since(w.start).Round(time.Second))
		}
	}
}

// heal ends all faults: what is under way arrives, who is silent answers.
func (w *world) heal() {
	w.calm, w.f = true, calm(w.f)
	w.bus.heal(time.Now())
	clear(w.silent)
	for _, n := range w.nodes {
		n.up = time.Time{}
	}
	for _, a := range w.actors {
		a.armed = time.Time{}
	}
	w.note(uuid.Nil, "world", "heals")
}
