// Package sim runs order's own decisions and translations of events on a store in
// memory, for the simulation of the whole shop. What ships does not import it.
//
// Every operation is one transaction. It returns the events of the transaction and a
// function that commits it; one that is not committed did not happen.
package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/events"
)

// Topics are those that order consumes.
var Topics = []string{
	events.ReservationTopic, events.PaymentTopic, events.NotificationTopic, events.ProductTopic, events.CustomerTopic,
}

// Config is what order stands on.
type Config struct {
	Now   func() time.Time
	NewID func() uuid.UUID
	// Random returns random bits, for an order's number.
	Random func() uint64
	// Lookup reads a product from catalog by its code; nil when there is none.
	Lookup func(code string) *catalogv1.Product
	// PaymentWindow and RetryAfter are order's settings of these names.
	PaymentWindow, RetryAfter time.Duration
	// MaxUnpaid is how many unpaid orders a customer may have; 0 for any number.
	MaxUnpaid int
	Bugs      Bugs
}

// Bugs are mistakes that a test plants in the store, to see that they are found.
type Bugs struct {
	// StaleSweep has the sweeper decide on an order as it was before its last change.
	StaleSweep bool
	// KeepExpiry leaves a confirmed order its expiry.
	KeepExpiry bool
	// OldProducts takes whatever was last published of a product for the newest.
	OldProducts bool
}

// Store is order: its tables and its decisions.
type Store struct {
	cfg      Config
	settings domain.Settings
	handle   consumer.Handler

	orders   map[uuid.UUID]*row
	placed   []*row // as placed
	requests map[uuid.UUID]uuid.UUID
	products map[string]domain.Product
	codes    []string // of the products, as they became known
	erased   map[uuid.UUID]bool
	seen     map[string]int64 // the versions of products at the last check

	handling *tx // the transaction of the batch that is being applied
}

// row is an order with what is stored beside it.
type row struct {
	order   domain.Snapshot
	before  domain.Snapshot // as it was before its last change
	history []domain.Entry
	seen    watched
}

// tx gathers what a transaction does: the orders as it sees them, and what else it
// writes.
type tx struct {
	published []outbox.Event
	rows      map[*row]*row // from stored to changed
	changed   []*row        // what was stored, in the order of the first change
	writes    []func()
}

// see is a stored order as the transaction sees it.
func (t *tx) see(stored *row) *row {
	if changed, ok := t.rows[stored]; ok {
		return changed
	}
	return stored
}

// change is see for an order that is about to change.
func (t *tx) change(stored *row) *row {
	if changed, ok := t.rows[stored]; ok {
		return changed
	}
	if t.rows == nil {
		t.rows = map[*row]*row{}
	}
	changed := *stored
	t.rows[stored] = &changed
	t.changed = append(t.changed, stored)
	return &changed
}

func (t *tx) commit() {
	for _, stored := range t.changed {
		before := stored.order
		*stored = *t.rows[stored]
		stored.before = before
	}
	for _, write := range t.writes {
		write()
	}
}

// New returns an order without orders.
func New(cfg Config) *Store {
	s := &Store{
		cfg: cfg,
		settings: domain.Settings{
			MaxUnpaid:      cfg.MaxUnpaid,
			PaymentMethods: domain.PaymentMethods{{Name: "card", Window: cfg.PaymentWindow, Processing: cfg.PaymentWindow}},
			Retry:          domain.RetryPolicy{After: cfg.RetryAfter},
		},
		orders: map[uuid.UUID]*row{}, requests: map[uuid.UUID]uuid.UUID{},
		products: map[string]domain.Product{}, erased: map[uuid.UUID]bool{}, seen: map[string]int64{},
	}
	s.handle = events.NewHandler(events.Handlers{ApplyProducts: s.applyProducts, ApplyEvents: s.applyEvents, Erase: s.erase})
	return s
}

// now is as the database keeps it, in microseconds.
func (s *Store) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Microsecond) }

func (s *Store) cause(actor string) domain.Cause {
	return domain.Cause{Time: s.now(), Actor: actor}
}

// Handle applies a batch of events.
func (s *Store) Handle(batch []consumer.Event) (published []outbox.Event, commit func(), err error) {
	t := &tx{}
	s.handling = t
	defer func() { s.handling = nil }()
	if err := s.handle(context.Background(), nil, batch); err != nil {
		return nil, nil, err
	}
	return t.published, t.commit, nil
}

func (s *Store) applyProducts(_ context.Context, _ *pg.Tx, products []domain.Product) error {
	for _, p := range products {
		s.handling.writes = append(s.handling.writes, func() {
			if known, ok := s.products[p.Code]; !ok || known.Version < p.Version || s.cfg.Bugs.OldProducts {
				s.know(p)
			}
		})
	}
	return nil
}

func (s *Store) know(p domain.Product) {
	if _, known := s.products[p.Code]; !known {
		s.codes = append(s.codes, p.Code)
	}
	s.products[p.Code] = p
}

func (s *Store) applyEvents(_ context.Context, _ *pg.Tx, inbound []domain.Inbound) error {
	if len(inbound) == 0 {
		return nil
	}
	spec := domain.LoadSpecOf(inbound)
	found := make(map[uuid.UUID]*domain.Order, len(spec.Orders))
	for _, id := range spec.Orders {
		if r, ok := s.orders[id]; ok {
			found[id] = load(r.order, slices.Contains(spec.Refunds, id))
		}
	}
	changed, _, err := domain.ApplyAll(found, inbound, s.settings.Policy(), s.now())
	if err != nil {
		return err
	}
	s.save(s.handling, changed)
	return nil
}

func (s *Store) erase(_ context.Context, _ *pg.Tx, erasure domain.Erasure) error {
	t := s.handling
	for _, customer := range erasure.Customers {
		t.writes = append(t.writes, func() { s.erased[customer] = true })
		for _, r := range s.placed {
			if r.order.CustomerID != customer || r.order.Erased {
				continue
			}
			o := load(t.see(r).order, true)
			c := o.Erase(s.settings.Retry, domain.Cause{Time: s.now(), Actor: "customer", Traceparent: erasure.Traceparent, TraceID: erasure.TraceID})
			s.save(t, []domain.Decided{{Order: o, Decision: c}})
		}
	}
	return nil
}

// load is an order as the store reads it: refunds only where they are wanted.
func load(stored domain.Snapshot, refunds bool) *domain.Order {
	if refunds {
		stored.Refunds = slices.Clone(stored.Refunds)
	} else {
		stored.Refunds = nil
	}
	return domain.Restore(stored)
}

// save queues what changed, as the store's statements do, and what is published of it.
func (s *Store) save(t *tx, changed []domain.Decided) {
	for _, c := range changed {
		for _, event := range c.Decision.Events {
			t.published = append(t.published, events.ToOutbox(event))
		}
		if !c.Decision.Empty() {
			s.update(t.change(s.orders[c.Order.ID()]), c)
		}
	}
}

// update writes what the statements write.
func (s *Store) update(r *row, c domain.Decided) {
	next := c.Order.Snapshot()
	// These have statements of their own.
	if !c.Decision.Person && !c.Decision.Erased {
		next.Contact, next.Address = r.order.Contact, r.order.Address
	}
	if !c.Decision.Erased {
		next.Erased = r.order.Erased
	}
	if !c.Decision.Shipment && !c.Decision.Erased {
		next.Shipment = r.order.Shipment
	}
	if !c.Decision.Disputes {
		next.Disputes = r.order.Disputes
	}
	if !c.Decision.Corrections {
		next.Corrections = r.order.Corrections
	}
	if !c.Decision.LinkMails {
		next.LinkMails = r.order.LinkMails
	}
	next.Refunds = slices.Clone(r.order.Refunds)
	for _, refund := range c.Decision.Refunds {
		at := slices.IndexFunc(next.Refunds, func(known domain.Refund) bool { return known.ID == refund.ID })
		if at < 0 {
			next.Refunds = append(next.Refunds, refund)
			continue
		}
		next.Refunds[at].MailAwaited, next.Refunds[at].Reason = refund.MailAwaited, refund.Reason
	}
	if s.cfg.Bugs.KeepExpiry && next.State == domain.Confirmed {
		next.ExpireTime = next.CreateTime.Add(s.cfg.PaymentWindow)
		next.DueTime = next.ExpireTime
	}
	r.order = next
	r.history = append(slices.Clip(r.history), c.Decision.History...)
}

// Line is a product's code and how many of it.
type Line = domain.LineRequest

// Placement is what somebody wants to buy.
type Placement struct {
	RequestID  uuid.UUID
	CustomerID uuid.UUID
	Email      string
	Lines      []Line
}

// ErrRefused is the error of an order that was refused, as it should be.
var ErrRefused = errors.New("refused")

// Place accepts an order or refuses it with ErrRefused; the same request gets the
// same order again.
func (s *Store) Place(p Placement) (id uuid.UUID, published []outbox.Event, commit func(), err error) {
	t := &tx{}
	if id, again := s.requests[p.RequestID]; again {
		return id, nil, t.commit, nil
	}
	products := make(map[string]domain.Product, len(p.Lines))
	for _, line := range p.Lines {
		if product, ok := s.product(t, line.Code); ok {
			products[line.Code] = product
		}
	}
	unpaid := 0
	for _, r := range s.placed {
		if r.order.CustomerID == p.CustomerID && r.order.State.Unpaid() {
			unpaid++
		}
	}
	order, decision, err := domain.Place(domain.Placement{
		CustomerID: p.CustomerID, Lines: p.Lines, PaymentMethod: "card",
		Contact: domain.Contact{FirstName: "Ada", LastName: "Byron", Email: p.Email},
		Address: domain.Address{RegionCode: "GB", AddressLines: []string{"12 St James's Square"}},
	}, domain.PlaceInput{
		OrderID: s.cfg.NewID(), PaymentID: s.cfg.NewID(), Number: domain.Number(s.cfg.Random()),
		Products: products, PaymentMethods: s.settings.PaymentMethods,
		CustomerErased: s.erased[p.CustomerID], Unpaid: unpaid, MaxUnpaid: s.settings.MaxUnpaid, Retry: s.settings.Retry,
	}, s.cause("customer"))
	if err != nil {
		return uuid.Nil, nil, nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	t.writes = append(t.writes, func() {
		r := &row{order: order.Snapshot(), before: order.Snapshot(), history: decision.History}
		s.orders[order.ID()], s.requests[p.RequestID] = r, order.ID()
		s.placed = append(s.placed, r)
	})
	for _, one := range decision.Events {
		t.published = append(t.published, events.ToOutbox(one))
	}
	return order.ID(), t.published, t.commit, nil
}

// product is what order knows of a product; one that it does not know yet is looked up in
// catalog.
func (s *Store) product(t *tx, code string) (domain.Product, bool) {
	if known, ok := s.products[code]; ok {
		return known, true
	}
	found := s.cfg.Lookup(code)
	if found == nil {
		return domain.Product{}, false
	}
	product, err := events.Product(found, 0)
	if err != nil {
		return domain.Product{}, false
	}
	t.writes = append(t.writes, func() {
		if _, meanwhile := s.products[code]; !meanwhile {
			s.know(product)
		}
	})
	return product, true
}

// Cancel ends an order because somebody wants it; ErrRefused once it is shipped.
func (s *Store) Cancel(id uuid.UUID) (published []outbox.Event, commit func(), err error) {
	return s.move(id, func(o *domain.Order) (domain.Decision, error) {
		return o.Cancel("changed my mind", s.settings.Retry, s.cause("customer"))
	})
}

// Ship records that an order was sent; ErrRefused unless it is confirmed.
func (s *Store) Ship(id uuid.UUID) (published []outbox.Event, commit func(), err error) {
	return s.move(id, func(o *domain.Order) (domain.Decision, error) {
		return o.Ship(s.cfg.NewID(), domain.Dispatch{Carrier: "post", TrackingCode: "1", ShipRefunded: true}, s.settings.Retry, s.cause("staff"))
	})
}

// Deliver records that an order arrived; ErrRefused unless it is shipped.
func (s *Store) Deliver(id uuid.UUID) (published []outbox.Event, commit func(), err error) {
	return s.move(id, func(o *domain.Order) (domain.Decision, error) { return o.Deliver(s.cause("staff")) })
}

func (s *Store) move(id uuid.UUID, decide func(*domain.Order) (domain.Decision, error)) (published []outbox.Event, commit func(), err error) {
	r, ok := s.orders[id]
	if !ok {
		return nil, nil, ErrRefused
	}
	o := load(r.order, true)
	decision, err := decide(o)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	t := &tx{}
	s.save(t, []domain.Decided{{Order: o, Decision: decision}})
	return t.published, t.commit, nil
}

// NextDue is when the next order is due; zero when none will be.
func (s *Store) NextDue() time.Time {
	var next time.Time
	for _, r := range s.placed {
		if due := r.order.DueTime; !due.IsZero() && (next.IsZero() || due.Before(next)) {
			next = due
		}
	}
	return next
}

// Sweep handles the orders that are due, and names them.
func (s *Store) Sweep() (swept []uuid.UUID, published []outbox.Event, commit func()) {
	t := &tx{}
	at := s.cause("order")
	var changed []domain.Decided
	for _, r := range s.placed {
		if due := r.order.DueTime; due.IsZero() || due.After(at.Time) {
			continue
		}
		o := load(r.order, true)
		if s.cfg.Bugs.StaleSweep {
			o = load(r.before, true)
		}
		swept = append(swept, o.ID())
		changed = append(changed, domain.Decided{Order: o, Decision: o.Sweep(s.settings.Retry, at)})
	}
	s.save(t, changed)
	return swept, t.published, t.commit
}
