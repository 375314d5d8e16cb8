// Package sim runs payment's own decisions and translations of events on a store
// in memory, for the simulation of the whole shop. What ships does not import it.
//
// Every operation is one transaction. It returns what the transaction publishes and a
// function that commits it; one that is not committed did not happen.
package sim

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/events"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
)

// Topics are those that payment consumes.
var Topics = []string{events.OrderTopic}

// Config is what payment stands on.
type Config struct {
	Now   func() time.Time
	NewID func() uuid.UUID
	// Random returns random bytes, for references.
	Random func() [8]byte
	// Lease is how long the process that stored a request has it for itself, and
	// RetryAfter how soon an unknown outcome is requested again.
	Lease, RetryAfter time.Duration
	Bugs              Bugs
}

// Bugs are mistakes that a test plants in the store, to see that they are found.
type Bugs struct {
	// FreshKeys calls the provider under another key at each attempt.
	FreshKeys bool
	// GuessUnknown takes an outcome that is not known for a refusal.
	GuessUnknown bool
	// IgnoreRefunds does not record refunds that others made at the provider.
	IgnoreRefunds bool
	// IgnoreLosses takes a dispute that was lost for one that is open.
	IgnoreLosses bool
}

// Store is payment: its tables and its decisions.
type Store struct {
	cfg    Config
	handle consumer.Handler

	payments map[uuid.UUID]*row // by payment
	byOrder  map[uuid.UUID]*row
	made     []*row // as they were made

	// waiting are requests that this process is to make; in its memory.
	waiting []Request
	running *tx
}

// row is a payment with what is stored beside it.
type row struct {
	payment  domain.Payment
	refunds  []domain.Refund
	disputes []domain.Dispute
	attempts int
	seen     domain.Payment
}

// tx gathers what a transaction does.
type tx struct {
	published []outbox.Event
	changes   domain.Changes
}

// Request is one to make at the provider.
type Request struct {
	// Key is the idempotency key.
	Key       string
	PaymentID uuid.UUID
	OrderID   uuid.UUID
	// RefundID is the refund; the nil id for a charge.
	RefundID uuid.UUID
	Amount   money.Money
	// ChargeID is the provider's id of the charge, once it is stored.
	ChargeID string
	// Cancelled reports that the order of a charge ended: it is to be stopped.
	Cancelled bool
	// LookUp is the provider's id of a refund that others made there: it is looked up and
	// never requested. Empty for all else.
	LookUp string
	// Lease is when others may make it.
	Lease time.Time
}

// Answer is what came of a request.
type Answer struct {
	Outcome Outcome
	// ID is the provider's of what it did, or has before it.
	ID string
	// Code is why it declined.
	Code string
	// ByCustomer reports that the provider waits for the customer when Pending, and not for
	// a bank.
	ByCustomer bool
}

// Outcome is what an answer is.
type Outcome int

// The outcomes.
const (
	// Unknown is no answer in time.
	Unknown Outcome = iota
	// Done is what was requested, and Declined is a refusal.
	Done
	Declined
	// Pending is a provider that has not decided.
	Pending
	// Opened is a charge that the provider knows, and takes no money for before it is
	// called with the charge's id.
	Opened
)

// String returns the outcome's name.
func (o Outcome) String() string {
	return [...]string{"unknown", "done", "declined", "pending", "opened"}[o]
}

// New returns a payment without payments.
func New(cfg Config) *Store {
	s := &Store{cfg: cfg, payments: map[uuid.UUID]*row{}, byOrder: map[uuid.UUID]*row{}}
	s.handle = events.NewHandler(events.Handlers{
		Orders: s.apply,
		Erase:  func(context.Context, *pg.Tx, []uuid.UUID) error { return nil },
	})
	return s
}

func (s *Store) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Microsecond) }

func (s *Store) decision() domain.DecisionContext {
	return domain.DecisionContext{
		Now: s.now(), NewID: s.cfg.NewID, NewReference: func() string { return domain.Reference(s.cfg.Random()) },
		Provider: func(string) string { return "simulated" }, Lease: s.cfg.Lease, RetryAfter: s.cfg.RetryAfter,
	}
}

// Handle applies a batch of events.
func (s *Store) Handle(batch []consumer.Event) (published []outbox.Event, commit func(), err error) {
	t := &tx{}
	s.running = t
	defer func() { s.running = nil }()
	if err := s.handle(context.Background(), nil, batch); err != nil {
		return nil, nil, err
	}
	return t.published, func() { s.save(t.changes) }, nil
}

func (s *Store) apply(_ context.Context, _ *pg.Tx, batch []domain.InboundEvent) error {
	accounts := map[uuid.UUID]*domain.Account{}
	for _, e := range batch {
		if r, known := s.byOrder[e.OrderID]; known && accounts[e.OrderID] == nil {
			accounts[e.OrderID] = r.load()
		}
	}
	m := s.decision()
	s.running.changes = domain.ApplyAll(accounts, batch, m)
	s.running.published = outgoing(s.running.changes.Events)
	return nil
}

// outgoing translates events for the broker.
func outgoing(published []domain.Event) []outbox.Event {
	all := make([]outbox.Event, len(published))
	for i, e := range published {
		all[i] = events.ToOutbox(e)
	}
	return all
}

// load reads a payment as the store does: with refunds once something is captured.
func (r *row) load() *domain.Account {
	if r.payment.Captured.Amount > 0 {
		account := domain.Load(r.payment, slices.Clone(r.refunds))
		if account.Disputed() {
			account.LoadDisputes(slices.Clone(r.disputes))
		}
		return account
	}
	return domain.Load(r.payment, nil)
}

// save writes what was decided, and takes over the requests that follow.
func (s *Store) save(c domain.Changes) {
	for _, p := range c.Insert {
		r := &row{payment: p}
		s.payments[p.ID], s.byOrder[p.OrderID] = r, r
		s.made = append(s.made, r)
	}
	for _, p := range c.Update {
		s.payments[p.ID].payment = p
	}
	for _, refund := range c.InsertRefunds {
		r := s.payments[refund.PaymentID]
		r.refunds = append(r.refunds, refund)
	}
	for _, refund := range c.UpdateRefunds {
		r := s.payments[refund.PaymentID]
		r.refunds[slices.IndexFunc(r.refunds, func(o domain.Refund) bool { return o.ID == refund.ID })] = refund
	}
	for _, d := range c.Disputes {
		r := s.payments[d.PaymentID]
		r.disputes = append(slices.DeleteFunc(slices.Clone(r.disputes), func(o domain.Dispute) bool { return o.ID == d.ID }), d)
	}
	for _, a := range c.Attempts {
		if r, charge := s.payments[a.Subject]; charge {
			r.attempts++
		}
	}
	for _, p := range c.Charges {
		s.waiting = append(s.waiting, s.charge(p))
	}
	for _, order := range c.Refunds {
		s.waiting = append(s.waiting, s.refund(order.Refund, order.ChargeID))
	}
}

func (s *Store) charge(p domain.Payment) Request {
	return s.keyed(Request{
		Key: provider.ChargeKey(p.ID), PaymentID: p.ID, OrderID: p.OrderID, Amount: p.Amount,
		ChargeID: p.ChargeID, Cancelled: p.OrderCancelled, Lease: p.Due,
	})
}

func (s *Store) refund(r domain.Refund, chargeID string) Request {
	request := Request{
		Key: provider.RefundKey(r.ID), PaymentID: r.PaymentID, OrderID: r.OrderID, RefundID: r.ID,
		Amount: r.Amount, ChargeID: chargeID, Lease: r.Due,
	}
	if r.Origin == domain.OriginProvider {
		request.LookUp = r.ProviderRefundID
	}
	return s.keyed(request)
}

func (s *Store) keyed(r Request) Request {
	if s.cfg.Bugs.FreshKeys {
		r.Key += "-" + s.cfg.NewID().String()
	}
	return r
}

// TakeWaiting returns the requests that this process has to make, and forgets them.
func (s *Store) TakeWaiting() []Request {
	waiting := s.waiting
	s.waiting = nil
	return waiting
}

// NextDue is when a request is due that no process has; zero when none is.
func (s *Store) NextDue() time.Time {
	var next time.Time
	earlier := func(due time.Time) {
		if !due.IsZero() && (next.IsZero() || due.Before(next)) {
			next = due
		}
	}
	for _, r := range s.made {
		earlier(r.payment.Due)
		for _, refund := range r.refunds {
			earlier(refund.Due)
		}
	}
	return next
}

// TakeDue returns the requests that are due, and keeps others from them for a lease.
func (s *Store) TakeDue() (due []Request, commit func()) {
	now := s.now()
	lease := now.Add(s.cfg.Lease)
	var writes []func()
	for _, r := range s.made {
		if d := r.payment.Due; !d.IsZero() && !d.After(now) {
			request := s.charge(r.payment)
			request.Lease = lease
			due = append(due, request)
			writes = append(writes, func() { r.payment.Due = lease })
		}
		for i := range r.refunds {
			refund := &r.refunds[i]
			if refund.Due.IsZero() || refund.Due.After(now) {
				continue
			}
			request := s.refund(*refund, r.payment.ChargeID)
			request.Lease = lease
			due = append(due, request)
			writes = append(writes, func() { refund.Due = lease })
		}
	}
	return due, func() {
		for _, write := range writes {
			write()
		}
	}
}

// Record notes what came of a request.
func (s *Store) Record(request Request, a Answer) (published []outbox.Event, commit func()) {
	answer := domain.Answer{ProviderID: a.ID, Detail: a.Code, Start: s.now(), End: s.now(), Lease: request.Lease}
	switch a.Outcome {
	case Done:
		answer.Outcome = domain.Succeeded
	case Declined:
		answer.Outcome = domain.Declined
	case Pending:
		answer.Outcome, answer.Waits = domain.Pending, domain.PendingBank
		if a.ByCustomer {
			answer.Waits = domain.PendingAction
		}
	case Opened:
		answer.Outcome = domain.Opened
	default:
		answer.Outcome, answer.Detail = domain.Unknown, "no answer in time"
		if s.cfg.Bugs.GuessUnknown {
			answer.Outcome = domain.Declined
		}
	}
	accounts := map[uuid.UUID]*domain.Account{}
	if r, known := s.payments[request.PaymentID]; known {
		accounts[request.PaymentID] = r.load()
	}
	m := s.decision()
	changes := domain.AnswerAll(accounts, []domain.Answered{
		{PaymentID: request.PaymentID, RefundID: request.RefundID, Answer: answer},
	}, m)
	return outgoing(changes.Events), func() {
		s.save(changes)
		// Whoever stored the id of an opened charge requests its money next.
		if r, known := s.payments[request.PaymentID]; known && a.Outcome == Opened && !r.payment.Decided() {
			s.waiting = append(s.waiting, s.charge(r.payment))
		}
	}
}

// Refund gives back amount minor units of an order's payment because staff requests
// it; false when that is refused.
func (s *Store) Refund(order uuid.UUID, amount int64) (published []outbox.Event, commit func(), done bool) {
	r, known := s.byOrder[order]
	if !known {
		return nil, nil, false
	}
	account, m := r.load(), s.decision()
	part := money.Money{Currency: r.payment.Amount.Currency, Amount: amount}
	if _, err := account.Refund(domain.RefundRequest{Amount: &part, Reason: "scratched", Requester: "staff"}, m); err != nil {
		return nil, nil, false
	}
	var changes domain.Changes
	changes.Collect(account, m.Now)
	return outgoing(changes.Events), func() { s.save(changes) }, true
}

// Restart loses what the process had in memory, and republishes every refund: all that
// happens here lies in the window of a day that is republished.
func (s *Store) Restart() (published []outbox.Event, commit func()) {
	s.waiting = nil
	rows := slices.Clone(s.made)
	slices.SortFunc(rows, func(a, b *row) int { return bytes.Compare(a.payment.ID[:], b.payment.ID[:]) })
	var changes domain.Changes
	now := s.now()
	for _, r := range rows {
		account := r.load()
		account.LoadDisputes(slices.Clone(r.disputes))
		account.RepublishSince(time.Time{})
		changes.Collect(account, now)
	}
	return outgoing(changes.Events), func() { s.save(changes) }
}

// View is what others may compare a payment with.
type View struct {
	ID      uuid.UUID
	OrderID uuid.UUID
	// Status is the contract's name, without its prefix.
	Status   string
	Decided  bool
	Amount   money.Money
	Captured money.Money
	Refunded money.Money
	// Lost is what banks took back in disputes.
	Lost int64
	// Pending reports that a refund waits for the provider.
	Pending  bool
	ChargeID string
	// Succeeded are the refunds that succeeded.
	Succeeded []uuid.UUID
}

// Payment is an order's; false when there is none.
func (s *Store) Payment(order uuid.UUID) (View, bool) {
	r, known := s.byOrder[order]
	if !known {
		return View{}, false
	}
	p := r.payment
	v := View{
		ID: p.ID, OrderID: p.OrderID, Status: p.Status.String(), Decided: p.Decided(), Amount: p.Amount,
		Captured: p.Captured, Refunded: p.Refunded, ChargeID: p.ChargeID,
	}
	for _, refund := range r.refunds {
		v.Pending = v.Pending || refund.Status == domain.RefundPending
		if refund.Status == domain.RefundSucceeded {
			v.Succeeded = append(v.Succeeded, refund.ID)
		}
	}
	for _, d := range r.disputes {
		if d.Status == domain.DisputeLost {
			v.Lost += d.Amount.Amount
		}
	}
	return v, true
}

// Check looks for what must never be in any payment, between any two steps. order
// is the one that is concerned.
func (s *Store) Check() (order uuid.UUID, what string) {
	for _, r := range s.made {
		if what := r.wrong(); what != "" {
			return r.payment.OrderID, what
		}
		r.seen = r.payment
	}
	return uuid.Nil, ""
}

func (r *row) wrong() string {
	p := r.payment
	var given, open, others int64
	for _, refund := range r.refunds {
		switch refund.Status {
		case domain.RefundSucceeded:
			given += refund.Amount.Amount
			if refund.Origin == domain.OriginProvider {
				others += refund.Amount.Amount
			}
		case domain.RefundPending:
			if refund.Origin != domain.OriginProvider {
				open += refund.Amount.Amount
			}
		case domain.RefundFailed:
		}
	}
	switch {
	case p.Version < r.seen.Version:
		return fmt.Sprintf("the payment went back from version %d to %d", r.seen.Version, p.Version)
	case r.seen.Status != 0 && r.seen.Decided() && (p.Captured != r.seen.Captured):
		return fmt.Sprintf("a decided payment changed from %s captured to %s", r.seen.Captured, p.Captured)
	case p.Refunded.Amount != given:
		return fmt.Sprintf("%s is given back, the refunds sum to %d", p.Refunded, given)
	// A request that others were quicker than is refused, and open until then.
	case given > p.Captured.Amount || given-others+open > p.Captured.Amount || p.Captured.Amount > p.Amount.Amount:
		return fmt.Sprintf("of %s %s is captured, %d given back and %d about to be", p.Amount, p.Captured, given, open)
	case p.Decided() != p.Due.IsZero():
		return fmt.Sprintf("%s and due at %s", p.Status, p.Due)
	case int(p.Attempts) != r.attempts:
		return fmt.Sprintf("counts %d attempts, %d are kept", p.Attempts, r.attempts)
	case p.Captured.Amount > 0 && p.ChargeID == "":
		return fmt.Sprintf("%s captured by no charge", p.Captured)
	case r.seen.ChargeID != "" && p.ChargeID != r.seen.ChargeID:
		return fmt.Sprintf("the charge %q became %q", r.seen.ChargeID, p.ChargeID)
	}
	return ""
}

// Waits reports whether this process has requests to make.
func (s *Store) Waits() bool { return len(s.waiting) > 0 }
