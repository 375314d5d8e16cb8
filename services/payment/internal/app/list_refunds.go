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
func (p Payments) ListRefunds(ctx context.Context, paymentID uuid.UUID, request page.Request) (page.Page[RefundDetails], error) {
	var none page.Page[RefundDetails]
	request.Parent = paymentID.String()
	query, err := store.Refunds().Parse(request)
	if err != nil {
		return none, err
	}
	s := store.On(p.Pool)
	found, err := s.ListRefunds(ctx, paymentID, query)
	if err != nil {
		return none, err
	}
	if len(found.Items) == 0 {
		// Without refunds, only the payment shows whether it is there.
		_, err := s.Get(ctx, paymentID)
		return none, err
	}
	attempts, err := s.Attempts(ctx, distinct(found.Items, func(r domain.Refund) uuid.UUID { return r.ID })...)
	if err != nil {
		return none, err
	}
	details := make([]RefundDetails, len(found.Items))
	for i, refund := range found.Items {
		details[i] = RefundDetails{Refund: refund, Attempts: attempts[refund.ID]}
	}
	return page.With(found, details), nil
}
