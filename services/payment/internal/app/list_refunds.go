package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// ListRefunds reads a page of a payment's refunds, oldest first; PAYMENT_NOT_FOUND,
// PAGE_TOKEN_INVALID.
func (p Payments) ListRefunds(ctx context.Context, paymentID uuid.UUID, request page.Request) ([]RefundDetails, string, error) {
	request.Parent = paymentID.String()
	query, err := store.Refunds().Parse(request)
	if err != nil {
		return nil, "", err
	}
	s := store.On(p.Pool)
	rows, err := s.ListRefunds(ctx, paymentID, query)
	if err != nil {
		return nil, "", err
	}
	if len(rows) == 0 {
		// Without refunds, only the payment shows whether it is there.
		_, err := s.Get(ctx, paymentID)
		return nil, "", err
	}
	rows, next, err := page.Cut(query, rows, func(r domain.Refund) []any { return query.Cursor(nil, r.ID) })
	if err != nil {
		return nil, "", err
	}
	attempts, err := s.Attempts(ctx, distinct(rows, func(r domain.Refund) uuid.UUID { return r.ID })...)
	if err != nil {
		return nil, "", err
	}
	details := make([]RefundDetails, len(rows))
	for i, refund := range rows {
		details[i] = RefundDetails{Refund: refund, Attempts: attempts[refund.ID]}
	}
	return details, next, nil
}
