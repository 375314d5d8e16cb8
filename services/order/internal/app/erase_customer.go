package app

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

const (
	// erasedAtOnce bounds the orders that are held in memory while a person's are
	// blanked.
	erasedAtOnce = 500
	// erasedTogether bounds the orders of one transaction. It must end within the time
	// of a batch of events, or it would be tried for ever and keep all others waiting.
	erasedTogether = 5000
	// completeAfter is how long after an erasure no order of its person can be found any
	// more that was placed at the same time.
	completeAfter = 24 * time.Hour
)

// Erase blanks the orders of people, and the stored answers to the requests that made
// and changed them, deletes customers' carts, and has new orders and carts of erased
// customers refused. Beyond
// erasedTogether orders, EraseLate blanks the rest.
func (s *Orders) Erase(ctx context.Context, tx *pg.Tx, e domain.Erasure) error {
	if len(e.Customers)+len(e.Guests) == 0 {
		return nil
	}
	if err := store.On(tx).AddErased(ctx, e.Customers, e.Guests, s.Now()); err != nil {
		return err
	}
	if len(e.Customers) > 0 {
		if err := store.On(tx).DeleteCartsOf(ctx, e.Customers); err != nil {
			return err
		}
	}
	return s.erase(ctx, tx, e)
}

func (s *Orders) erase(ctx context.Context, tx *pg.Tx, e domain.Erasure) error {
	room := erasedTogether
	blank := func(lock func(limit int) ([]*domain.Order, error)) error {
		for room > 0 {
			orders, err := lock(erasedAtOnce)
			if err != nil || len(orders) == 0 {
				return err
			}
			if err := s.blank(ctx, tx, orders, e); err != nil {
				return err
			}
			if room -= len(orders); len(orders) < erasedAtOnce {
				return nil
			}
		}
		return nil
	}
	for _, customer := range e.Customers {
		if err := blank(func(limit int) ([]*domain.Order, error) {
			return store.On(tx).LockOrdersOfCustomer(ctx, customer, limit)
		}); err != nil {
			return err
		}
	}
	for _, guest := range e.Guests {
		if err := blank(func(limit int) ([]*domain.Order, error) {
			return store.On(tx).LockOrdersOfGuest(ctx, guest.Email, guest.Time, limit)
		}); err != nil {
			return err
		}
	}
	return nil
}

// blank blanks locked orders and the answers that hold them.
func (s *Orders) blank(ctx context.Context, tx *pg.Tx, orders []*domain.Order, e domain.Erasure) error {
	at := domain.Cause{Time: s.Now(), Actor: "customer", Traceparent: e.Traceparent, TraceID: e.TraceID}
	retry := s.Settings.Now().Retry
	decided := make([]domain.Decided, len(orders))
	ids := make([]uuid.UUID, len(orders))
	for i, o := range orders {
		decided[i] = domain.Decided{Order: o, Decision: o.Erase(retry, at)}
		ids[i] = o.ID()
	}
	keys, err := store.On(tx).RequestsOf(ctx, ids)
	if err != nil {
		return err
	}
	records, err := idempotency.Lookup(ctx, tx, keys)
	if err != nil {
		return err
	}
	var blanked []idempotency.Record
	for _, key := range keys {
		record, known := records[key]
		if !known {
			continue // its retention is over
		}
		if record, err = blankRecord(record); err != nil {
			return err
		}
		blanked = append(blanked, record)
	}
	slices.SortFunc(blanked, compareRecords)
	if err := idempotency.Replace(ctx, tx, blanked); err != nil {
		return err
	}
	return s.save(ctx, tx, decided)
}

// EraseLate blanks the orders, and deletes the carts, that an erasure left: those that were
// placed or made at the same time, because neither transaction saw the other, and orders
// that were too many for one transaction. It also finishes erasures that were interrupted,
// however long ago.
func (s *Orders) EraseLate(ctx context.Context) error {
	if err := store.On(s.Pool).DeleteCartsOfErased(ctx); err != nil {
		return err
	}
	for {
		customers, guests, err := store.On(s.Pool).ErasedWithOrders(ctx)
		if err != nil {
			return err
		}
		if len(customers)+len(guests) == 0 {
			return store.On(s.Pool).CompleteErasures(ctx, s.Now().Add(-completeAfter))
		}
		err = s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
			return s.erase(ctx, tx, domain.Erasure{Customers: customers, Guests: guests})
		})
		if err != nil {
			return err
		}
	}
}
