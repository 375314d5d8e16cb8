package app

import (
	"bytes"
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/store"
)

// FollowSignIn has customers follow the addresses with which their accounts sign in. One
// that another customer has stays that one's, until UpdateCustomer sets it. It is idempotent
// by the account's version. When another customer takes the address at the same time, the
// transaction fails, and finds that one at the next attempt.
func (s *Customers) FollowSignIn(ctx context.Context, tx *pg.Tx, addresses []domain.SignInAddress) error {
	slices.SortStableFunc(addresses, func(a, b domain.SignInAddress) int { return bytes.Compare(a.CustomerID[:], b.CustomerID[:]) })
	for _, address := range addresses {
		if err := s.followSignIn(ctx, tx, address); err != nil {
			return err
		}
	}
	return nil
}

func (s *Customers) followSignIn(ctx context.Context, tx *pg.Tx, after domain.SignInAddress) error {
	st := store.On(tx)
	if err := st.LockCustomer(ctx, after.CustomerID); err != nil {
		return err
	}
	customer, err := st.Customer(ctx, after.CustomerID)
	if fault.ReasonOf(err) == domain.ReasonCustomerNotFound {
		return nil // of a database that was restored to a time before
	}
	if err != nil {
		return err
	}
	next, changed := customer.Follow(after, s.Now())
	if !changed {
		return nil
	}
	if err := st.UpdateSignInAddress(ctx, after); err != nil {
		return err
	}
	if next.Snapshot().Email == customer.Snapshot().Email {
		return nil
	}
	holder, err := st.LockHolder(ctx, after.Email)
	if err != nil || holder.CustomerID != uuid.Nil && holder.CustomerID != after.CustomerID {
		return err
	}
	if err := st.UpdateCustomer(ctx, next); err != nil {
		return err
	}
	return s.publish(ctx, tx, next)
}
