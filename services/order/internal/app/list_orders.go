package app

import (
	"context"

	"github.com/google/uuid"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// List reads a page of orders without their history; customers see their own.
// Errors: FILTER_INVALID, PAGE_TOKEN_INVALID, INVALID_FIELD.
func (s *Orders) List(ctx context.Context, request page.Request) (page.Page[*domain.Order], error) {
	var none page.Page[*domain.Order]
	customer := uuid.Nil
	if caller := authz.Caller(ctx); !caller.May(optionsv1.Permission_PERMISSION_ORDERS_READ) {
		if caller.Kind != authz.Customer {
			return none, fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied, "a %s has no list of orders", caller.Kind)
		}
		var err error
		if customer, err = customerID(caller); err != nil {
			return none, err
		}
		request.Parent = caller.Key()
	}
	query, err := store.OrderSchema(s.Now().Add(-s.Settings.Now().HandlingTime)).Parse(request)
	if err != nil {
		return none, err
	}
	return store.On(s.Pool).ListOrders(ctx, query, customer)
}
