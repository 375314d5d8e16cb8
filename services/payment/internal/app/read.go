package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// TriedPayment is a payment with its attempts, oldest first.
type TriedPayment struct {
	Payment  domain.Payment
	Attempts []domain.Attempt
}

// TriedRefund is a refund with its attempts, oldest first.
type TriedRefund struct {
	Refund   domain.Refund
	Attempts []domain.Attempt
}

// Reads shows payments and refunds.
type Reads struct{ Pool *pg.Pool }

// Payment reads one; PAYMENT_NOT_FOUND.
func (r Reads) Payment(ctx context.Context, id uuid.UUID) (TriedPayment, error) {
	payment, attempts, err := store.Get(ctx, r.Pool, id)
	return TriedPayment{Payment: payment, Attempts: attempts}, err
}

// Payments reads a page, newest first; FILTER_INVALID, PAGE_TOKEN_INVALID.
func (r Reads) Payments(ctx context.Context, request page.Request) ([]TriedPayment, string, error) {
	query, err := store.Payments().Parse(request)
	if err != nil {
		return nil, "", err
	}
	rows, err := store.List(ctx, r.Pool, query)
	if err != nil {
		return nil, "", err
	}
	rows, next, err := page.Cut(query, rows, func(p domain.Payment) []any {
		return query.Cursor(map[string]any{"id": p.ID}, p.ID)
	})
	if err != nil {
		return nil, "", err
	}
	attempts, err := store.Attempts(ctx, r.Pool, ids(rows, func(p domain.Payment) uuid.UUID { return p.ID }))
	if err != nil {
		return nil, "", err
	}
	tried := make([]TriedPayment, len(rows))
	for i, p := range rows {
		tried[i] = TriedPayment{Payment: p, Attempts: attempts[p.ID]}
	}
	return tried, next, nil
}

// Refunds reads a page of a payment's refunds, oldest first; PAYMENT_NOT_FOUND,
// PAGE_TOKEN_INVALID.
func (r Reads) Refunds(ctx context.Context, paymentID uuid.UUID, request page.Request) ([]TriedRefund, string, error) {
	request.Parent = paymentID.String()
	query, err := store.Refunds().Parse(request)
	if err != nil {
		return nil, "", err
	}
	rows, err := store.ListRefunds(ctx, r.Pool, paymentID, query)
	if err != nil {
		return nil, "", err
	}
	if len(rows) == 0 {
		// Without refunds, only the payment says whether it is there.
		_, _, err := store.Get(ctx, r.Pool, paymentID)
		return nil, "", err
	}
	rows, next, err := page.Cut(query, rows, func(r domain.Refund) []any { return query.Cursor(nil, r.ID) })
	if err != nil {
		return nil, "", err
	}
	attempts, err := store.Attempts(ctx, r.Pool, ids(rows, func(r domain.Refund) uuid.UUID { return r.ID }))
	if err != nil {
		return nil, "", err
	}
	tried := make([]TriedRefund, len(rows))
	for i, refund := range rows {
		tried[i] = TriedRefund{Refund: refund, Attempts: attempts[refund.ID]}
	}
	return tried, next, nil
}

func ids[T any](rows []T, id func(T) uuid.UUID) []uuid.UUID {
	all := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		all[i] = id(row)
	}
	return all
}
