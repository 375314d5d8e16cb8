package app

import (
	"context"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/store"
)

// CreateAddress adds an address to a customer. The same request sent again under
// its request id is answered with the address that it made; of one that was deleted
// since, only the id is left. Errors: CUSTOMER_NOT_FOUND, CUSTOMER_ERASED,
// INVALID_FIELD, TOO_MANY_ADDRESSES, REQUEST_ID_REUSED.
func (s *Customers) CreateAddress(ctx context.Context, requestID uuid.UUID, request proto.Message,
	customer uuid.UUID, address domain.Address,
) (domain.Address, error) {
	var added domain.Address
	created, err := s.once(ctx, "CreateAddress", requestID, request, func(ctx context.Context, tx *pg.Tx) (uuid.UUID, error) {
		_, err := s.changeIn(ctx, tx, customer, func(before domain.Customer) (next domain.Customer, changed bool, err error) {
			next, added, err = before.AddAddress(address, s.NewID(), s.Now())
			return next, true, err
		}, func(ctx context.Context, st store.Store) error {
			return st.InsertAddress(ctx, customer, added)
		})
		return added.ID, err
	})
	if err != nil || created == added.ID {
		return added, err
	}
	owner, err := load(ctx, store.On(s.Pool.Hot()), customer, mayWrite)
	if err != nil {
		return domain.Address{}, err
	}
	if before, ok := owner.Address(created); ok {
		return before, nil
	}
	return domain.Address{ID: created}, nil
}
