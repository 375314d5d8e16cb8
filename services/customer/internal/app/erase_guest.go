package app

import (
	"context"
	"time"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/store"
)

const (
	// guestErasuresKept is how long the address of an erased guest is kept, so that the
	// event can be published again: twice what the republisher looks back.
	guestErasuresKept = 48 * time.Hour
	// guestPurgeEvery is how often older ones are deleted.
	guestPurgeEvery = time.Hour
)

// EraseGuest publishes CustomerErased, on which every other context blanks what it
// holds about a guest, who is known by an e-mail address. It refuses while orders are paid and not shipped, unless
// evenOpenOrders is set. A customer with that address keeps its data. Errors:
// INVALID_FIELD, PERMISSION_DENIED, CUSTOMER_HAS_OPEN_ORDERS, UNAVAILABLE when order
// is away.
func (s *Customers) EraseGuest(ctx context.Context, email string, evenOpenOrders bool) error {
	if !authz.Caller(ctx).May(mayWrite) {
		return domain.ErrGuestsNeedStaff()
	}
	erasure, err := domain.NewGuestErasure(email, s.Now())
	if err != nil {
		return err
	}
	if !evenOpenOrders {
		if err := s.refuseOpenOrders(ctx, domain.Person{EmailKey: erasure.EmailKey}); err != nil {
			return err
		}
	}
	return s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		saved, err := store.On(tx).SaveGuestErasure(ctx, erasure)
		if err != nil {
			return err
		}
		tx.OnCommit(s.Wake)
		return outbox.Write(ctx, tx, source, s.GuestToOutbox(saved))
	})
}

// PurgeGuests deletes the addresses of guests that were erased long enough ago, until
// ctx ends.
func (s *Customers) PurgeGuests(ctx context.Context) error {
	ticker := time.NewTicker(guestPurgeEvery)
	defer ticker.Stop()
	for {
		if err := store.On(s.Pool).DeleteGuestErasures(ctx, s.Now().Add(-guestErasuresKept)); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}
