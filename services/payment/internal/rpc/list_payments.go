package rpc

import (
	"context"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/payment/internal/protoconv"
)

// ListPayments reads a page of payments, newest first.
func (s *Server) ListPayments(ctx context.Context, req *paymentv1.ListPaymentsRequest) (*paymentv1.ListPaymentsResponse, error) {
	payments, next, err := s.payments.ListPayments(ctx, page.Request{
		Size: req.GetPageSize(), Token: req.GetPageToken(), Filter: req.GetFilter(),
	})
	if err != nil {
		return nil, err
	}
	res := &paymentv1.ListPaymentsResponse{NextPageToken: next, Payments: make([]*paymentv1.Payment, len(payments))}
	for i, p := range payments {
		res.Payments[i] = protoconv.Payment(p.Payment, p.Attempts, p.Disputes)
	}
	return res, nil
}
