package app

import (
	"context"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/protoconv"
	"github.com/shopmesh/shopmesh/services/customer/internal/store"
)

// CreateCustomer adds a customer with its addresses, in one round trip, and publishes
// it. The same request sent again under its request id is answered with the customer
// that it made. Errors: INVALID_FIELD, EMAIL_TAKEN, REQUEST_ID_REUSED.
func (s *Customers) CreateCustomer(ctx context.Context, requestID uuid.UUID, request proto.Message,
	fields domain.CustomerFields,
) (domain.Snapshot, error) {
	customer, err := domain.NewCustomer(fields, s.NewID, s.Now())
	if err != nil {
		return domain.Snapshot{}, err
	}
	created, err := s.once(ctx, "CreateCustomer", requestID, request, func(ctx context.Context, tx *pg.Tx) (uuid.UUID, error) {
		if err := store.On(tx).InsertCustomer(ctx, customer); err != nil {
			return uuid.Nil, err
		}
		activity.Changed(ctx, "customers/"+customer.Snapshot().ID.String(), nil, protoconv.Customer(customer.Snapshot()))
		return customer.Snapshot().ID, s.publish(ctx, tx, customer)
	})
	if err != nil {
		return domain.Snapshot{}, store.CustomerFault(err)
	}
	if created == customer.Snapshot().ID {
		return customer.Snapshot(), nil
	}
	before, err := store.On(s.Pool.Hot()).Customer(ctx, created)
	return before.Snapshot(), err
}
