package peers

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1/paymentv1connect"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/services/order/internal/app"
)

// ReadNextAction reads from payment what a customer has to do for a payment.
func ReadNextAction(others *peer.Peers) app.ReadNextAction {
	client := paymentv1connect.NewPaymentServiceClient(others.Client("payment"))
	return func(ctx context.Context, paymentID uuid.UUID) (app.NextAction, error) {
		res, err := client.GetNextAction(ctx, &paymentv1.GetNextActionRequest{PaymentId: paymentID.String()})
		if err != nil {
			return app.NextAction{}, fmt.Errorf("read the next action: %w", err)
		}
		action := res.GetNextAction()
		return app.NextAction{ClientSecret: action.GetClientSecret(), RedirectURL: action.GetRedirectUrl()}, nil
	}
}
