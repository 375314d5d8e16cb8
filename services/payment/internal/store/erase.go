package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store/db"
)

// Erase queues that the person of orders was erased: whose payments those were is
// forgotten, what was typed about them is blanked, and what will be typed is not kept.
func (s Store) Erase(ctx context.Context, orders []uuid.UUID) error {
	if err := s.q.PaymentErase(ctx, orders); err != nil {
		return fmt.Errorf("erase the payments of %d orders: %w", len(orders), err)
	}
	if err := s.q.ErasedOrderInsertMany(ctx, orders); err != nil {
		return fmt.Errorf("remember %d erased orders: %w", len(orders), err)
	}
	if err := s.q.RefundErase(ctx, orders); err != nil {
		return fmt.Errorf("erase the refunds of %d orders: %w", len(orders), err)
	}
	if err := s.q.ContradictionErase(ctx, orders); err != nil {
		return fmt.Errorf("erase the contradictions of %d orders: %w", len(orders), err)
	}
	return nil
}

// SetCustomers queues whose payments those of claimed orders are.
func (s Store) SetCustomers(ctx context.Context, orders []domain.ClaimedOrder) error {
	var p db.PaymentSetCustomersParams
	for _, o := range orders {
		p.OrderIds, p.CustomerIds = append(p.OrderIds, o.OrderID), append(p.CustomerIds, o.CustomerID)
	}
	if err := s.q.PaymentSetCustomers(ctx, p); err != nil {
		return fmt.Errorf("set the customers of %d payments: %w", len(orders), err)
	}
	return nil
}
