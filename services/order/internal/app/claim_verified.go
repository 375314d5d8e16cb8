package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// claimedAtOnce bounds the orders of one transaction that claims.
const claimedAtOnce = 500

// Verify stores that customers verified e-mail addresses, so that the guests' orders of
// these become theirs. ClaimVerified does the work, since an address may have more orders
// than fit into a batch of events.
func (s *Orders) Verify(ctx context.Context, tx *pg.Tx, verified []domain.VerifiedEmail) error {
	tx.OnCommit(s.claims.wake)
	return store.On(tx).AddVerified(ctx, verified)
}

// RunClaims claims orders whenever an address was verified, until ctx ends.
func (s *Orders) RunClaims(ctx context.Context) error { return s.claims.run(ctx) }

// ClaimVerified makes the guests' orders of all verified addresses those of the customers,
// and ends their tokens. Replicas take turns.
func (s *Orders) ClaimVerified(ctx context.Context) error { return s.claims.empty(ctx) }

// claimSome claims orders of the next address, and reports whether there was one.
func (s *Orders) claimSome(ctx context.Context) (more bool, err error) {
	err = s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		st := store.On(tx)
		id, verified, found, err := st.LockVerified(ctx)
		if more = found; err != nil || !found {
			return err
		}
		// Of an erased customer nothing is left to own.
		erased, err := st.IsErased(ctx, verified.CustomerID)
		if err != nil {
			return err
		}
		if erased {
			return st.DeleteVerified(ctx, id)
		}
		orders, err := st.LockOrdersToClaim(ctx, verified.Email, verified.Time, claimedAtOnce)
		if err != nil {
			return err
		}
		if len(orders) < claimedAtOnce {
			if err := st.DeleteVerified(ctx, id); err != nil {
				return err
			}
		}
		at := domain.Cause{Time: s.Now(), Actor: verified.CustomerID.String()}
		decided := make([]domain.Decided, len(orders))
		for i, o := range orders {
			decided[i] = domain.Decided{Order: o, Decision: o.Claim(verified.CustomerID, at)}
		}
		return s.save(ctx, tx, decided)
	})
	return more, err
}
