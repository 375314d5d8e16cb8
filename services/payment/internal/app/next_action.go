package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
)

// nextAction reads what the customer has to do for a payment from its provider; the
// zero Action when that is nothing. It is kept nowhere, because who holds it can act
// for the customer. UNAVAILABLE when the provider does not answer.
func (p Payments) nextAction(ctx context.Context, payment domain.Payment) (provider.Action, error) {
	reader, can := p.Providers(payment.Provider).(provider.ActionReader)
	if !can || payment.PendingReason != domain.PendingAction || payment.OrderCancelled {
		return provider.Action{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, p.Settings.Now().ProviderTimeout)
	defer cancel()
	action, err := reader.NextAction(ctx, payment.ChargeID)
	if err != nil {
		p.Log.InfoContext(ctx, "can't read what the customer has to do", "payment", payment.ID, "error", err)
		return provider.Action{}, fault.New(fault.Unavailable, fault.ReasonUnavailable,
			"the payment provider does not answer now what the customer has to do for payment %s; try again", payment.ID)
	}
	return action, nil
}
