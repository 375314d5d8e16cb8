package domain_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// world plays the other contexts: it does what it is to do, remembers it, and
// answers again when an event comes again. Its answers arrive in any order among topics,
// perhaps twice, or not at all.
type world struct {
	order *domain.Order
	now   time.Duration

	reservation string // "", RESERVED, REJECTED, COMMITTED, RELEASED
	rejects     bool
	payment     string // "", PENDING, CAPTURED, FAILED
	declines    bool
	cancelled   bool // payment knows that the order was cancelled
	refunds     []domain.PaymentRefunded

	// On their way: order's events, and the answers of each topic in order.
	events  []domain.Event
	topics  [3][]domain.InboundEvent
	history []domain.Entry
}

const (
	stockTopic = iota
	moneyTopic
	mailTopic
)

func (w *world) answer(topic int, inbound domain.InboundEvent) {
	w.topics[topic] = append(w.topics[topic], inbound)
}

func (w *world) took(c domain.Decision) {
	w.events = append(w.events, c.Events...)
	w.history = append(w.history, c.History...)
}

// deliver has the other contexts act on order's oldest event.
func (w *world) deliver() {
	event := w.events[0]
	w.events = w.events[1:]
	o := w.order
	switch event.Kind {
	case domain.PlacedEvent:
		w.reserve()
	case domain.AwaitingPaymentEvent:
		w.charge()
	case domain.ConfirmedEvent:
		if w.reservation == "RESERVED" {
			w.reservation = "COMMITTED"
		}
		if w.reservation == "COMMITTED" {
			w.answer(stockTopic, domain.StockCommitted{})
		}
		w.answer(mailTopic, domain.MailDone{Kind: domain.ConfirmationMail, SubjectID: o.ID()})
	case domain.CancelledEvent:
		if w.reservation != "REJECTED" {
			w.reservation = "RELEASED"
		}
		w.answer(stockTopic, domain.StockReleased{})
		w.cancelPayment()
		w.answer(mailTopic, domain.MailDone{Kind: domain.CancellationMail, SubjectID: o.ID()})
	case domain.RefundedEvent:
		w.answer(mailTopic, domain.MailDone{Kind: domain.RefundMail, SubjectID: event.Refund.ID})
	case domain.ShippedEvent:
		w.answer(mailTopic, domain.MailDone{Kind: domain.ShippingMail, SubjectID: o.Snapshot().Shipment.ID})
	case domain.DeliveredEvent:
	}
}

func (w *world) reserve() {
	if w.reservation == "" {
		w.reservation = "RESERVED"
		if w.rejects {
			w.reservation = "REJECTED"
		}
	}
	switch w.reservation {
	case "REJECTED":
		w.answer(stockTopic, domain.StockRejected{Shortages: []domain.Shortage{{Code: "MUG", Requested: 2}}})
	case "RELEASED":
		w.answer(stockTopic, domain.StockReleased{})
	default:
		w.answer(stockTopic, domain.StockReserved{})
	}
}

func (w *world) charge() {
	if w.payment == "" {
		w.payment = "PENDING"
		return
	}
	w.publishPayment()
}

func (w *world) publishPayment() {
	switch w.payment {
	case "CAPTURED":
		w.answer(moneyTopic, captured(w.order))
	case "FAILED":
		w.answer(moneyTopic, failed(w.order))
	}
}

// provider answers a pending charge.
func (w *world) provider() {
	if w.payment != "PENDING" {
		return
	}
	w.payment = "CAPTURED"
	if w.declines {
		w.payment = "FAILED"
	}
	w.publishPayment()
	w.giveBack(w.cancelled)
}

func (w *world) cancelPayment() {
	w.cancelled = true
	if w.payment == "" {
		w.payment = "FAILED"
	}
	w.publishPayment()
	for _, refund := range w.refunds {
		w.answer(moneyTopic, refund)
	}
	w.giveBack(true)
}

func (w *world) input() int64 {
	var sum int64
	for _, refund := range w.refunds {
		sum += refund.Amount.Amount
	}
	return sum
}

func (w *world) giveBack(all bool) {
	if left := w.order.Snapshot().Total.Amount - w.input(); all && w.payment == "CAPTURED" && left > 0 {
		w.refund(left)
	}
}

func (w *world) refund(cents int64) {
	refund := refunded(w.order, uuid.New(), cents, w.input()+cents).(domain.PaymentRefunded)
	w.refunds = append(w.refunds, refund)
	w.answer(moneyTopic, refund)
}

func (w *world) cause() domain.Cause { return at(w.now) }

// step does one thing that can happen next.
func (w *world) step(t *rapid.T) {
	w.now += time.Duration(rapid.IntRange(0, 40).Draw(t, "seconds")) * time.Second
	switch rapid.SampledFrom([]string{
		"event", "event", "inbound", "inbound", "inbound", "twice", "lose", "forget", "provider", "sweep", "cancel", "ship", "deliver", "refund", "question", "erase",
	}).Draw(t, "step") {
	case "event":
		if len(w.events) > 0 {
			w.deliver()
		}
	case "inbound":
		w.receive(t, false)
	case "twice":
		w.receive(t, true)
	case "lose":
		if len(w.events) > 0 && rapid.Bool().Draw(t, "lost") {
			w.events = w.events[1:]
		}
	case "forget":
		topic := rapid.IntRange(0, len(w.topics)-1).Draw(t, "topic")
		if len(w.topics[topic]) > 0 && w.mayLose(w.topics[topic][0]) {
			w.topics[topic] = w.topics[topic][1:]
		}
	case "provider":
		w.provider()
	case "sweep":
		w.took(w.order.Sweep(retry, w.cause()))
	case "cancel":
		if rapid.IntRange(0, 5).Draw(t, "sure") > 0 {
			return
		}
		if c, err := w.order.Cancel("", retry, w.cause()); err == nil {
			w.took(c)
		}
	case "ship":
		if c, err := w.order.Ship(uuid.New(), domain.Dispatch{}, retry, w.cause()); err == nil {
			w.took(c)
		}
	case "deliver":
		if c, err := w.order.Deliver(w.cause()); err == nil {
			w.took(c)
		}
	case "refund":
		if left := w.order.Snapshot().Total.Amount - w.input(); w.payment == "CAPTURED" && left > 1 {
			w.refund(rapid.Int64Range(1, left-1).Draw(t, "cents"))
		}
	case "question":
		if w.reservation == "RESERVED" {
			w.answer(stockTopic, domain.StockReserved{})
		}
	case "erase":
		if rapid.IntRange(0, 9).Draw(t, "sure") == 0 {
			w.took(w.order.Erase(retry, w.cause()))
		}
	}
	w.check(t)
}

// mayLose reports whether the event comes again. A refund of an order that is
// not cancelled is not awaited: nothing brings it again.
func (w *world) mayLose(inbound domain.InboundEvent) bool {
	_, refund := inbound.(domain.PaymentRefunded)
	return !refund || w.order.Snapshot().State == domain.Cancelled
}

// receive gives order the oldest inbound of some topic, perhaps without consuming it.
func (w *world) receive(t *rapid.T, again bool) {
	topic := rapid.IntRange(0, len(w.topics)-1).Draw(t, "topic")
	if len(w.topics[topic]) == 0 {
		return
	}
	c, err := w.order.Apply(w.topics[topic][0], policy(), w.cause())
	if err != nil {
		t.Fatalf("%T: %v", w.topics[topic][0], err)
	}
	if !again {
		w.topics[topic] = w.topics[topic][1:]
	}
	w.took(c)
}

// check holds at all times.
func (w *world) check(t *rapid.T) {
	o := w.order.Snapshot()
	for i, entry := range w.history {
		if i > 0 && (!w.history[i-1].State.MayMoveTo(entry.State) || entry.Version <= w.history[i-1].Version) {
			t.Fatalf("history goes from %+v to %+v", w.history[i-1], entry)
		}
	}
	if last := w.history[len(w.history)-1]; last.State != o.State {
		t.Fatalf("history ends with %s, the order is %s", last.State, o.State)
	}
	if o.State.Unpaid() && o.Captured.Amount != 0 || o.State.Paid() && o.Captured != o.Total ||
		o.Refunded.Amount > o.Captured.Amount || (o.State == domain.Cancelled) != (o.CancelReason != 0) ||
		o.State.Unpaid() == o.ExpireTime.IsZero() {
		t.Fatalf("inconsistent: %s, captured %v, refunded %v, expires %v", o.State, o.Captured, o.Refunded, o.ExpireTime)
	}
	if (o.Awaits != 0 || !o.ExpireTime.IsZero()) == o.DueTime.IsZero() {
		t.Fatalf("awaits %v, swept at %v", o.Awaits.Names(), o.DueTime)
	}
}

// progress lets everything that is on its way arrive, perhaps but for what is lost.
func (w *world) progress(t *rapid.T, losing bool) {
	for len(w.events) > 0 {
		w.deliver()
	}
	w.provider()
	for topic := range w.topics {
		for _, inbound := range w.topics[topic] {
			if losing && w.mayLose(inbound) && rapid.Bool().Draw(t, "lost") {
				continue
			}
			c, err := w.order.Apply(inbound, policy(), w.cause())
			if err != nil {
				t.Fatalf("%T: %v", inbound, err)
			}
			w.took(c)
		}
		w.topics[topic] = nil
	}
	w.check(t)
}

// drain lets everything arrive and every event be repeated, until nothing is due.
// Up to some time, events are still lost.
func (w *world) drain(t *rapid.T) {
	losing := rapid.IntRange(0, 5).Draw(t, "losing")
	for round := range 200 {
		w.progress(t, round < losing)
		if len(w.events) == 0 && w.order.Snapshot().DueTime.IsZero() {
			return
		}
		w.now += 20 * time.Minute
		w.took(w.order.Sweep(retry, w.cause()))
	}
	t.Fatalf("never quiet: %s awaits %v", w.order.Snapshot().State, w.order.Snapshot().Awaits.Names())
}

// Whatever is lost, late, repeated or out of order, an order comes to its end: its
// stock is sold or free, and its money is kept once or given back whole.
func TestEveryOrderComesToAConsistentEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := placement()
		if rapid.IntRange(0, 9).Draw(t, "free") == 0 {
			p.Lines = []domain.LineRequest{{Code: "FREE", Quantity: 1}}
		}
		o, c, err := domain.Place(p, input(), at(0))
		if err != nil {
			t.Fatal(err)
		}
		w := &world{order: o, rejects: rapid.IntRange(0, 4).Draw(t, "rejects") == 0, declines: rapid.IntRange(0, 4).Draw(t, "declines") == 0}
		w.took(c)
		for range rapid.IntRange(0, 4).Draw(t, "calm") {
			w.progress(t, false)
		}
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			w.step(t)
		}
		w.drain(t)
		taken := int64(0)
		if w.payment == "CAPTURED" {
			taken = o.Snapshot().Total.Amount
		}
		if o.Snapshot().Captured.Amount != taken || o.Snapshot().Refunded.Amount != w.input() {
			t.Fatalf("order knows %v and %v, payment %d and %d", o.Snapshot().Captured, o.Snapshot().Refunded, taken, w.input())
		}
		switch {
		case o.Snapshot().State == domain.Cancelled && (w.reservation == "RESERVED" || w.reservation == "COMMITTED" || taken != w.input()):
			t.Fatalf("cancelled, and stock is %s, %d taken, %d given back", w.reservation, taken, w.input())
		case o.Snapshot().State.Paid() && w.reservation != "COMMITTED":
			t.Fatalf("%s, and stock is %s", o.Snapshot().State, w.reservation)
		case o.Snapshot().State.Unpaid():
			t.Fatalf("still %s", o.Snapshot().State)
		}
	})
}
