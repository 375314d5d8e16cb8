// Package app holds the use cases of order, one a file: each loads, lets the domain
// decide, stores, and owns its transaction.
package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/kit/trace"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// service names order where it acts by itself.
const service = "order"

// Deps are what the use cases need.
type Deps struct {
	Pool     *pg.Pool
	Settings *settings.Live[domain.Settings]
	// Zone is the time zone of the shop's days.
	Zone *settings.Live[*time.Location]
	// Source names the context in its events, and ToOutbox makes the message of an
	// order's event.
	Source   string
	ToOutbox func(domain.Event) outbox.Event
	// ErasedToOutbox makes the message that an order was erased.
	ErasedToOutbox func(domain.ErasedOrder) outbox.Event
	// ClaimedToOutbox makes the message that an order was claimed.
	ClaimedToOutbox func(domain.ClaimedOrder) outbox.Event
	// Wake has the outbox published; it is called after commits.
	Wake func()
	// ReadNextAction reads what a customer has to do so that a payment goes on.
	ReadNextAction ReadNextAction
	// Tokens are those of guests.
	Tokens *GuestTokens
	// Backlog sheds new orders while too many wait to be worked off.
	Backlog *Backlog
	// Tail shows new history to those who watch.
	Tail  *Tail
	Now   func() time.Time
	NewID func() uuid.UUID
	// Random returns random bits, for an order's number.
	Random func() uint64
	Log    *slog.Logger
}

// Orders are the use cases of orders.
type Orders struct {
	Deps

	claims, links queue
}

// NewOrders returns the use cases.
func NewOrders(deps Deps) *Orders {
	s := &Orders{Deps: deps}
	s.claims, s.links = newQueue(s.claimSome), newQueue(s.mailNextLink)
	return s
}

// cause is now, on behalf of the caller.
func (s *Orders) cause(ctx context.Context) domain.Cause {
	traceparent := trace.FromContext(ctx)
	return domain.Cause{Time: s.Now(), Actor: actor(ctx), Traceparent: traceparent, TraceID: trace.ID(traceparent)}
}

// actor names the caller in the history.
func actor(ctx context.Context) string {
	caller := authz.Caller(ctx)
	if caller.ID == "" || caller.Kind == authz.Guest {
		return caller.Kind.String()
	}
	return caller.ID
}

// save queues what changed of locked orders, their events, and what the commit sets
// going. Lines and addresses that events need are loaded when they are not there.
func (s *Orders) save(ctx context.Context, tx *pg.Tx, decided []domain.Decided) error {
	if err := loadNotices(ctx, tx, decided); err != nil {
		return err
	}
	if err := store.On(tx).SaveOrders(ctx, decided); err != nil {
		return err
	}
	return s.publish(ctx, tx, decided)
}

// loadNotices loads lines and addresses of orders whose events hold them.
func loadNotices(ctx context.Context, tx *pg.Tx, decided []domain.Decided) error {
	var without []*domain.Order
	for _, d := range decided {
		if d.Order.HasLines() {
			continue
		}
		for _, event := range d.Decision.Events {
			if event.NeedsNotice() {
				without = append(without, d.Order)
				break
			}
		}
	}
	if len(without) == 0 {
		return nil
	}
	return store.On(tx).AddLines(ctx, without)
}

// publish queues the events of orders, and wakes relay and watchers when they are
// committed.
func (s *Orders) publish(ctx context.Context, tx *pg.Tx, decided []domain.Decided) error {
	var events []outbox.Event
	var moved []uuid.UUID
	for _, d := range decided {
		for _, event := range d.Decision.Events {
			events = append(events, s.ToOutbox(event))
		}
		if len(d.Decision.History) > 0 {
			moved = append(moved, d.Order.ID())
		}
	}
	if len(events) > 0 {
		if err := outbox.Write(ctx, tx, s.Source, events...); err != nil {
			return err
		}
		tx.OnCommit(s.Wake)
	}
	if len(moved) > 0 {
		tx.OnCommit(func() { s.Tail.Changed(moved) })
	}
	return nil
}

// mayRead reports whether the caller may know of the order: who may read or write orders,
// of any; a customer of their own; a guest of the one whose token they show. Which of the
// permissions an RPC needs is in its option.
func (s *Orders) mayRead(ctx context.Context, o *domain.Order) (bool, error) {
	caller := authz.Caller(ctx)
	if caller.GuestOrder != nil {
		return s.Tokens.open(ctx, *caller.GuestOrder, o, s.Now())
	}
	if caller.May(optionsv1.Permission_PERMISSION_ORDERS_READ) || caller.May(optionsv1.Permission_PERMISSION_ORDERS_WRITE) {
		return true, nil
	}
	return o.CustomerID() != uuid.Nil && caller.Owns(o.CustomerID().String()), nil
}

// readable returns ErrOrderNotFound for an order that is not there or is not the caller's,
// so that nobody can distinguish the two.
func (s *Orders) readable(ctx context.Context, id uuid.UUID, o *domain.Order) error {
	if o == nil {
		return domain.ErrOrderNotFound(id.String())
	}
	may, err := s.mayRead(ctx, o)
	if err == nil && !may {
		err = domain.ErrOrderNotFound(id.String())
	}
	return err
}
