package rpc

import (
	"context"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
)

// GetPayment reads one payment with its attempts.
func (s *Server) GetPayment(ctx context.Context, req *paymentv1.GetPaymentRequest) (*paymentv1.GetPaymentResponse, error) {
	id, err := parseID("id", req.GetId())
	if err != nil {
		return nil, err
	}
	payment, err := s.reads.Payment(ctx, id)
	if err != nil {
		return nil, err
	}
	return &paymentv1.GetPaymentResponse{Payment: toProtoPayment(payment)}, nil
}
