package app

import (
	"context"

	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// Audit calls visit with every order, by id, and with what must not be in it. All
// orders are seen as they were at one time.
func (s *Orders) Audit(ctx context.Context, visit func(*domain.Order, []domain.Finding) error) error {
	now := s.Now()
	return store.AuditOrders(ctx, s.Pool, func(audited store.Audited) error {
		return visit(audited.Order, audited.Order.Check(audited.History, now))
	})
}
