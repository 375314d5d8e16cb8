package rpc

import (
	"context"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1/paymentv1connect"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/protoconv"
)

// RefundPayment gives money back, once per request id and caller.
func (s *Server) RefundPayment(ctx context.Context, req *paymentv1.RefundPaymentRequest) (*paymentv1.RefundPaymentResponse, error) {
	requestID, err := grammar.RequestID(req.GetRequestId())
	if err != nil {
		return nil, fault.Fields(fault.Breaks("request_id", err))
	}
	paymentID, err := readID("payment_id", req.GetPaymentId())
	if err != nil {
		return nil, err
	}
	caller := authz.Caller(ctx).Key()
	request := domain.RefundRequest{Reason: req.GetReason(), Requester: caller}
	for _, line := range req.GetLines() {
		request.Lines = append(request.Lines, domain.RefundLine{ProductCode: line.GetProductCode(), Quantity: line.GetQuantity()})
	}
	if req.GetAmount() != nil {
		amount, err := moneypb.FromProto(req.GetAmount())
		if err != nil {
			return nil, fault.Fields(fault.Breaks("amount", err))
		}
		request.Amount = &amount
	}
	key := idempotency.Key{Caller: caller, RPC: paymentv1connect.PaymentServiceRefundPaymentProcedure, RequestID: requestID}
	refund, err := s.payments.RefundPayment(ctx, key, req, paymentID, request)
	if err != nil {
		return nil, err
	}
	return &paymentv1.RefundPaymentResponse{Refund: protoconv.Refund(refund.Refund, refund.Attempts)}, nil
}
