package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// nextActionTimeout bounds how long GetOrder waits for payment, which reads from its provider.
// A try of GetOrder in the mesh may take a second.
const nextActionTimeout = 800 * time.Millisecond

// NextAction is what a customer has to do so that an order is paid: one of the two, or nothing.
type NextAction struct {
	// ClientSecret is that of Stripe's PaymentIntent.
	ClientSecret string
	// RedirectURL is where to send the customer's browser.
	RedirectURL string
}

// nextAction reads what the caller has to do so that their order is paid. It calls payment
// only for an order that waits for that, and for nobody but its customer or guest, who can act
// by it. While payment does not answer there is nothing: the order itself is read all the same.
func (s *Orders) nextAction(ctx context.Context, o *domain.Order) NextAction {
	caller := authz.Caller(ctx)
	theirs := caller.GuestOrder != nil || caller.Owns(o.CustomerID().String()) // readable says of which order
	if !theirs || !o.NeedsAction() {
		return NextAction{}
	}
	ctx, cancel := context.WithTimeout(ctx, nextActionTimeout)
	defer cancel()
	payment := o.Snapshot().PaymentID
	action, err := s.ReadNextAction(ctx, payment)
	if err != nil {
		s.Log.InfoContext(ctx, "payment does not answer what the customer has to do", "order", o.ID(), "payment", payment, "error", err)
		return NextAction{}
	}
	return action
}

// ReadNextAction reads from payment what the customer has to do for a payment.
type ReadNextAction = func(ctx context.Context, paymentID uuid.UUID) (NextAction, error)
