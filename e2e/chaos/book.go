package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

const (
	placed    = orderv1.OrderState_ORDER_STATE_PLACED
	awaiting  = orderv1.OrderState_ORDER_STATE_AWAITING_PAYMENT
	confirmed = orderv1.OrderState_ORDER_STATE_CONFIRMED
	shipped   = orderv1.OrderState_ORDER_STATE_SHIPPED
	delivered = orderv1.OrderState_ORDER_STATE_DELIVERED
	cancelled = orderv1.OrderState_ORDER_STATE_CANCELLED
)

// order is what its client remembers of one order.
type order struct {
	email  string // names the request: no other has it
	method string
	lines  []line
	place  write
	// Why it must be refused, or may be; empty when it may not.
	mustRefuse, mayRefuse string
	twin                  bool // it was sent twice at the same time
	// Who ordered: a member, or a guest; else staff for somebody who called.
	member  *member
	guest   bool
	claimed bool // it became a member's, so that its token is over

	id, number, paymentID string
	token                 string // of a guest's order
	total                 int64  // in cents
	placeTime             time.Time

	// These change while it is followed; the book's lock guards them.
	state   orderv1.OrderState
	decided chan struct{} // closed when it left PLACED and AWAITING_PAYMENT

	// These are its own client's, until the end.
	cancels, ships, delivers []*write
	refunds                  []*refund
	watched                  []int64 // versions that WatchOrder sent
	captured, refunded       int64   // in cents, as the order had it in the end
}

// doubtful reports that the order was refused for the price at that time while another
// attempt may have been on its way.
func (o *order) doubtful() bool {
	return o.place.outcome == refused && o.place.reason == o.mayRefuse && (o.twin || o.place.lost > 0)
}

type line struct {
	product  int
	quantity int32
}

type refund struct {
	write
	amount int64 // in cents
	id     string
}

// product is what the shop sells, and what its clients know of it.
type product struct {
	id, code string
	scarce   bool

	mu     sync.Mutex
	price  int64 // the last that was acknowledged, in cents
	prices map[int64]bool
	stock  int64 // sum of the acknowledged adjustments
	writes map[string]*adjustment
}

type adjustment struct {
	write
	delta int64
}

// book holds what was requested and acknowledged. Its orders are in the order of their
// acknowledgement.
type book struct {
	mu       sync.Mutex
	orders   []*order // every PlaceOrder, whatever came of it
	underWay map[string]*order
	byState  map[orderv1.OrderState]int
	everSold int // orders that were seen confirmed or later
	findings []finding
	pollTime time.Time // when the shop was last polled for what is under way

	members  []*member
	carts    []*cart
	mails    map[mailKey]*mailBounds // about accounts
	settings []*contextSettings
}

func newBook() *book {
	return &book{underWay: map[string]*order{}, byState: map[orderv1.OrderState]int{}, mails: map[mailKey]*mailBounds{}}
}

// finding is something that must not be.
type finding struct {
	kind, subject, message string
	orderID                string // empty when it is about no order
}

func (f finding) String() string { return fmt.Sprintf("%s %s: %s", f.kind, f.subject, f.message) }

func (b *book) find(f finding) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.findings = append(b.findings, f)
}

// findf notes a finding about an order.
func (b *book) findf(o *order, kind, format string, args ...any) {
	subject := o.id
	if subject == "" {
		subject = o.email
	}
	b.find(finding{kind: kind, subject: subject, message: fmt.Sprintf(format, args...), orderID: o.id})
}

// begin notes an order that is about to be placed.
func (b *book) begin(o *order) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.orders = append(b.orders, o)
}

// guests are the guests' orders that were acknowledged and that nobody claimed.
func (b *book) guests() []*order {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []*order
	for _, o := range b.orders {
		if o.guest && !o.claimed && o.token != "" {
			all = append(all, o)
		}
	}
	return all
}

// claim notes that guests' orders are about to be a member's.
func (b *book) claim(orders ...*order) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range orders {
		o.claimed = true
	}
}

// accept notes that an order was acknowledged.
func (b *book) accept(o *order) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o.state = placed
	b.byState[placed]++
	b.underWay[o.id] = o
}

// followed is a copy of what is under way.
func (b *book) followed() map[string]*order {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make(map[string]*order, len(b.underWay))
	for id, o := range b.underWay {
		all[id] = o
	}
	return all
}

// see notes the state that an order was seen in. States never go back.
func (b *book) see(o *order, state orderv1.OrderState) {
	b.mu.Lock()
	before := o.state
	if before == state {
		b.mu.Unlock()
		return
	}
	b.byState[before]--
	b.byState[state]++
	o.state = state
	if state != placed && state != awaiting && b.underWay[o.id] != nil {
		delete(b.underWay, o.id)
		close(o.decided)
		if state != cancelled {
			b.everSold++
		}
	}
	b.mu.Unlock()
	if !mayFollow(before, state) {
		b.findf(o, "STATE_WENT_BACK", "it was seen %s, and %s after that", short(before), short(state))
	}
}

// sold is how many orders were seen confirmed so far.
func (b *book) sold() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.everSold
}

// mayFollow reports whether an order may be seen in one state and later in the other.
func mayFollow(before, after orderv1.OrderState) bool {
	if after == cancelled {
		return before != shipped && before != delivered
	}
	return before != cancelled && after > before
}

func short(s orderv1.OrderState) string { return strings.TrimPrefix(s.String(), "ORDER_STATE_") }

// view is the driver's picture at one time.
type view struct {
	underWay int
	orders   int
	age      time.Duration
	byState  map[orderv1.OrderState]int
}

func (b *book) view() view {
	b.mu.Lock()
	defer b.mu.Unlock()
	v := view{underWay: len(b.underWay), age: time.Since(b.pollTime), byState: map[orderv1.OrderState]int{}}
	for s, n := range b.byState {
		v.byState[s] = n
		v.orders += n
	}
	return v
}

func (v view) String() string {
	states := make([]orderv1.OrderState, 0, len(v.byState))
	for s, n := range v.byState {
		if n > 0 {
			states = append(states, s)
		}
	}
	slices.Sort(states)
	parts := make([]string, 0, len(states))
	for _, s := range states {
		parts = append(parts, fmt.Sprintf("%s %d", short(s), v.byState[s]))
	}
	return fmt.Sprintf("%d under way (%s)", v.underWay, strings.Join(parts, ", "))
}
