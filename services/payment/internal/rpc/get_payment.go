package rpc

import (
	"context"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/services/payment/internal/protoconv"
)

// GetPayment reads one payment with its attempts and disputes.
func (s *Server) GetPayment(ctx context.Context, req *paymentv1.GetPaymentRequest) (*paymentv1.GetPaymentResponse, error) {
	id, err := readID("id", req.GetId())
	if err != nil {
		return nil, err
	}
	details, err := s.payments.GetPayment(ctx, id)
	if err != nil {
		return nil, err
	}
	message := protoconv.Payment(details.Payment, details.Attempts, details.Disputes)
	message.NextAction = toProtoAction(details.Action)
	return &paymentv1.GetPaymentResponse{Payment: message}, nil
}
