package rpc

import (
	"context"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
)

// GetNextAction reads what the customer has to do for a payment.
func (s *Server) GetNextAction(ctx context.Context, req *paymentv1.GetNextActionRequest) (*paymentv1.GetNextActionResponse, error) {
	id, err := readID("payment_id", req.GetPaymentId())
	if err != nil {
		return nil, err
	}
	action, err := s.payments.GetNextAction(ctx, id)
	if err != nil {
		return nil, err
	}
	return &paymentv1.GetNextActionResponse{NextAction: toProtoAction(action)}, nil
}
