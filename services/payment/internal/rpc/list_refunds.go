package rpc

import (
	"context"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/payment/internal/protoconv"
)

// ListRefunds reads a page of a payment's refunds, oldest first.
func (s *Server) ListRefunds(ctx context.Context, req *paymentv1.ListRefundsRequest) (*paymentv1.ListRefundsResponse, error) {
	id, err := readID("payment_id", req.GetPaymentId())
	if err != nil {
		return nil, err
	}
	refunds, err := s.payments.ListRefunds(ctx, id, page.Request{Size: req.GetPageSize(), Token: req.GetPageToken()})
	if err != nil {
		return nil, err
	}
	res := &paymentv1.ListRefundsResponse{NextPageToken: refunds.Next, Refunds: make([]*paymentv1.Refund, len(refunds.Items))}
	for i, r := range refunds.Items {
		res.Refunds[i] = protoconv.Refund(r.Refund, r.Attempts)
	}
	return res, nil
}
