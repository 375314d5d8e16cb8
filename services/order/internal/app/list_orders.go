package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// List reads a page of orders without their history; customers see their own.
// Errors: FILTER_INVALID, PAGE_TOKEN_INVALID, INVALID_FIELD.
func (s *Orders) List(ctx context.Context, request page.Request) (orders []*domain.Order, next string, err error) {
	customer := uuid.Nil
	if caller := authz.Caller(ctx); !caller.May(optionsv1.Permission_PERMISSION_ORDERS_READ) {
		if customer, err = uuid.Parse(caller.ID); err != nil || customer == uuid.Nil {
			return nil, "", fmt.Errorf("the customer's id %q is no UUID", caller.ID)
		}
		request.Parent = caller.Key()
	}
	query, err := store.OrderSchema().Parse(request)
	if err != nil {
		return nil, "", err
	}
	return store.On(s.Pool).ListOrders(ctx, query, customer)
}
