package app

import (
	"context"

	"github.com/google/uuid"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// GetPayment reads one with its attempts and disputes. Another customer's answers as a
// missing one, after the same statements; what the customer has to do is shown to nobody but
// the customer and the shop's owner. Errors: PAYMENT_NOT_FOUND, UNAVAILABLE when the provider
// does not answer.
func (p Payments) GetPayment(ctx context.Context, id uuid.UUID) (PaymentDetails, error) {
	s := store.On(p.Pool)
	payment, err := s.Get(ctx, id)
	if err != nil {
		return PaymentDetails{}, err
	}
	caller := authz.Caller(ctx)
	owns := payment.CustomerID != uuid.Nil && caller.Owns(payment.CustomerID.String())
	if !owns && !caller.May(optionsv1.Permission_PERMISSION_PAYMENTS_READ) {
		return PaymentDetails{}, domain.ErrPaymentNotFound(id.String())
	}
	attempts, err := s.Attempts(ctx, id)
	if err != nil {
		return PaymentDetails{}, err
	}
	disputes, err := s.Disputes(ctx, id)
	if err != nil {
		return PaymentDetails{}, err
	}
	details := PaymentDetails{Payment: payment, Attempts: attempts[id], Disputes: disputes[id]}
	if owns || caller.Kind == authz.Owner {
		details.Action, err = p.nextAction(ctx, payment)
	}
	return details, err
}
