package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/store"
)

// LinkAccount returns the customer as whom an account signs in: the one that it has, the
// one whom staff made with its address, or a new one. A repeated call returns the same.
// Errors: INVALID_FIELD, EMAIL_TAKEN.
func (s *Customers) LinkAccount(ctx context.Context, account uuid.UUID, fields domain.CustomerFields) (uuid.UUID, error) {
	customer, err := domain.NewCustomer(fields, s.NewID, s.Now())
	if err != nil {
		return uuid.Nil, err
	}
	id, err := s.linkAccount(ctx, account, customer)
	if err = store.CustomerFault(err); err == nil {
		return id, nil
	}
	// Another call for the same account may have been first.
	if linked, readErr := store.On(s.Pool.Hot()).CustomerOf(ctx, account); readErr == nil && linked != uuid.Nil {
		return linked, nil
	}
	return uuid.Nil, err
}

func (s *Customers) linkAccount(ctx context.Context, account uuid.UUID, customer domain.Customer) (id uuid.UUID, err error) {
	err = s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		st, c := store.On(tx), customer.Snapshot()
		if id, err = st.CustomerOf(ctx, account); err != nil || id != uuid.Nil {
			return err
		}
		holder, err := st.LockHolder(ctx, c.Email)
		if err != nil {
			return err
		}
		if id = holder.CustomerID; id != uuid.Nil {
			if err := holder.MayLink(c.Email); err != nil {
				return err
			}
			return st.LinkAccount(ctx, account, id, c.Email, c.CreateTime)
		}
		id = c.ID
		if err := st.InsertCustomer(ctx, customer); err != nil {
			return err
		}
		if err := st.LinkAccount(ctx, account, id, c.Email, c.CreateTime); err != nil {
			return err
		}
		return s.publish(ctx, tx, customer)
	})
	return id, err
}
