package rpc

import (
	"context"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/page"
)

// ListRefunds reads a page of a payment's refunds, oldest first.
func (s *Server) ListRefunds(ctx context.Context, req *paymentv1.ListRefundsRequest) (*paymentv1.ListRefundsResponse, error) {
	id, err := parseID("payment_id", req.GetPaymentId())
	if err != nil {
		return nil, err
	}
	refunds, next, err := s.reads.Refunds(ctx, id, page.Request{Size: req.GetPageSize(), Token: req.GetPageToken()})
	if err != nil {
		return nil, err
	}
	res := &paymentv1.ListRefundsResponse{NextPageToken: next, Refunds: make([]*paymentv1.Refund, len(refunds))}
	for i, refund := range refunds {
		res.Refunds[i] = toProtoRefund(refund)
	}
	return res, nil
}
