package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

const (
	// erasedAtOnce bounds the orders that are held in memory while a customer's are
	// blanked.
	erasedAtOnce = 500
	// erasedTogether bounds the orders of one transaction. It must end within the time
	// of a batch of events, or it would be tried for ever and keep all others waiting.
	erasedTogether = 5000
	// completeAfter is how long after an erasure no order of its customer can be found any
	// more that was placed at the same moment.
	completeAfter = 24 * time.Hour
)

// Erase blanks contact and address of the customers' orders, and has new orders of
// theirs refused. Beyond erasedTogether, EraseLate blanks the rest.
func (s *Orders) Erase(ctx context.Context, tx *pg.Tx, customers []uuid.UUID, traceparent string) error {
	if len(customers) == 0 {
		return nil
	}
	if err := store.AddErasedCustomers(ctx, tx, customers, s.Now()); err != nil {
		return err
	}
	room := erasedTogether
	for _, customer := range customers {
		for room > 0 {
			blanked, err := s.eraseSome(ctx, tx, customer, traceparent)
			if err != nil {
				return err
			}
			room -= blanked
			if blanked < erasedAtOnce {
				break
			}
		}
	}
	return nil
}

func (s *Orders) eraseSome(ctx context.Context, tx *pg.Tx, customer uuid.UUID, traceparent string) (int, error) {
	orders, err := store.LockOrdersOfCustomer(ctx, tx, customer, erasedAtOnce)
	if err != nil || len(orders) == 0 {
		return 0, err
	}
	if err := store.AddParts(ctx, tx, orders); err != nil {
		return 0, err
	}
	at := domain.Cause{Time: s.Now(), Actor: "customer", Traceparent: traceparent}
	changed := make([]domain.Changed, len(orders))
	ids := make([]uuid.UUID, len(orders))
	for i, o := range orders {
		changed[i] = domain.Changed{Order: o, Changes: o.Erase(s.Settings.Retry, at)}
		ids[i] = o.ID
	}
	if err := store.ErasePersons(ctx, tx, ids); err != nil {
		return 0, err
	}
	return len(orders), s.save(ctx, tx, changed)
}

// EraseLate blanks orders that were placed while their customer was being erased,
// because each transaction saw the world before the other, and those that were too
// many for one; however long ago that was, when it was interrupted.
func (s *Orders) EraseLate(ctx context.Context) error {
	for {
		customers, err := store.ErasedWithOrders(ctx, s.Pool)
		if err != nil {
			return err
		}
		if len(customers) == 0 {
			return store.CompleteErasures(ctx, s.Pool, s.Now().Add(-completeAfter))
		}
		err = s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
			return s.Erase(ctx, tx, customers, "")
		})
		if err != nil {
			return err
		}
	}
}
