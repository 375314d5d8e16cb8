package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// ClaimOrders makes the payments of claimed orders those of the customers. A payment that is
// requested later names the customer itself; that of an erased order stays nobody's. It is
// idempotent: an order is claimed once.
func (p Payments) ClaimOrders(ctx context.Context, tx *pg.Tx, orders []domain.ClaimedOrder) error {
	return store.On(tx).SetCustomers(ctx, orders)
}
