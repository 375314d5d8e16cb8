package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// ListPayments reads a page, newest first; FILTER_INVALID, PAGE_TOKEN_INVALID.
func (p Payments) ListPayments(ctx context.Context, request page.Request) (page.Page[PaymentDetails], error) {
	var none page.Page[PaymentDetails]
	query, err := store.Payments().Parse(request)
	if err != nil {
		return none, err
	}
	s := store.On(p.Pool)
	found, err := s.List(ctx, query)
	if err != nil {
		return none, err
	}
	ids := distinct(found.Items, func(p domain.Payment) uuid.UUID { return p.ID })
	attempts, err := s.Attempts(ctx, ids...)
	if err != nil {
		return none, err
	}
	disputes, err := s.Disputes(ctx, ids...)
	if err != nil {
		return none, err
	}
	details := make([]PaymentDetails, len(found.Items))
	for i, payment := range found.Items {
		details[i] = PaymentDetails{Payment: payment, Attempts: attempts[payment.ID], Disputes: disputes[payment.ID]}
	}
	return page.With(found, details), nil
}
