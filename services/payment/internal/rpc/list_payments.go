package rpc

import (
	"context"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/payment/internal/protoconv"
)

// ListPayments reads a page of payments, newest first.
func (s *Server) ListPayments(ctx context.Context, req *paymentv1.ListPaymentsRequest) (*paymentv1.ListPaymentsResponse, error) {
	payments, err := s.payments.ListPayments(ctx, page.Request{
		Size: req.GetPageSize(), Token: req.GetPageToken(), Filter: req.GetFilter(),
	})
	if err != nil {
		return nil, err
	}
	res := &paymentv1.ListPaymentsResponse{NextPageToken: payments.Next, Payments: make([]*paymentv1.Payment, len(payments.Items))}
	for i, p := range payments.Items {
		res.Payments[i] = protoconv.Payment(p.Payment, p.Attempts, p.Disputes)
	}
	return res, nil
}
