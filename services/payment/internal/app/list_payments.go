package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// ListPayments reads a page, newest first; FILTER_INVALID, PAGE_TOKEN_INVALID.
func (p Payments) ListPayments(ctx context.Context, request page.Request) ([]PaymentDetails, string, error) {
	query, err := store.Payments().Parse(request)
	if err != nil {
		return nil, "", err
	}
	s := store.On(p.Pool)
	rows, err := s.List(ctx, query)
	if err != nil {
		return nil, "", err
	}
	rows, next, err := page.Cut(query, rows, func(p domain.Payment) []any {
		return query.Cursor(map[string]any{"id": p.ID}, p.ID)
	})
	if err != nil {
		return nil, "", err
	}
	ids := distinct(rows, func(p domain.Payment) uuid.UUID { return p.ID })
	attempts, err := s.Attempts(ctx, ids...)
	if err != nil {
		return nil, "", err
	}
	disputes, err := s.Disputes(ctx, ids...)
	if err != nil {
		return nil, "", err
	}
	details := make([]PaymentDetails, len(rows))
	for i, payment := range rows {
		details[i] = PaymentDetails{Payment: payment, Attempts: attempts[payment.ID], Disputes: disputes[payment.ID]}
	}
	return details, next, nil
}
