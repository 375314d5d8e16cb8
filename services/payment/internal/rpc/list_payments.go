package rpc

import (
	"context"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/page"
)

// ListPayments reads a page of payments, newest first.
func (s *Server) ListPayments(ctx context.Context, req *paymentv1.ListPaymentsRequest) (*paymentv1.ListPaymentsResponse, error) {
	payments, next, err := s.reads.Payments(ctx, page.Request{
		Size: req.GetPageSize(), Token: req.GetPageToken(), Filter: req.GetFilter(),
	})
	if err != nil {
		return nil, err
	}
	res := &paymentv1.ListPaymentsResponse{NextPageToken: next, Payments: make([]*paymentv1.Payment, len(payments))}
	for i, payment := range payments {
		res.Payments[i] = toProtoPayment(payment)
	}
	return res, nil
}
