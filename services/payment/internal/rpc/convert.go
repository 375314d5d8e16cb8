package rpc

import (
	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/services/payment/internal/app"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
)

func parseID(field, text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, fault.Fields(fault.Violation{Field: field, Description: "must be a UUID"})
	}
	return id, nil
}

// The domain's numbers of statuses and outcomes are the contract's.

func toProtoPayment(tried app.TriedPayment) *paymentv1.Payment {
	p := tried.Payment
	return &paymentv1.Payment{
		Id: p.ID.String(), OrderId: p.OrderID.String(), Reference: p.Reference, Amount: moneypb.Proto(p.Amount),
		Status: paymentv1.PaymentStatus(p.Status), Attempts: toProtoAttempts(tried.Attempts), PaymentMethod: p.Method,
		Captured: moneypb.Proto(p.Captured), Refunded: moneypb.Proto(p.Refunded), Provider: p.Provider,
		ProviderChargeId: p.ChargeID, FailureCode: p.FailureCode,
		CreateTime: timestamppb.New(p.CreateTime), UpdateTime: timestamppb.New(p.UpdateTime), Etag: p.Etag(),
	}
}

func toProtoRefund(tried app.TriedRefund) *paymentv1.Refund {
	r := tried.Refund
	return &paymentv1.Refund{
		Id: r.ID.String(), PaymentId: r.PaymentID.String(), OrderId: r.OrderID.String(), Amount: moneypb.Proto(r.Amount),
		Status: paymentv1.RefundStatus(r.Status), Reason: r.Reason, ProviderRefundId: r.ProviderRefundID,
		CreateTime: timestamppb.New(r.CreateTime), UpdateTime: timestamppb.New(r.UpdateTime),
		Attempts: toProtoAttempts(tried.Attempts),
	}
}

func toProtoAttempts(attempts []domain.Attempt) []*paymentv1.PaymentAttempt {
	all := make([]*paymentv1.PaymentAttempt, len(attempts))
	for i, a := range attempts {
		all[i] = &paymentv1.PaymentAttempt{
			Number: a.Number, Outcome: paymentv1.AttemptOutcome(a.Outcome), Detail: a.Detail,
			StartTime: timestamppb.New(a.Start), EndTime: timestamppb.New(a.End), TraceId: a.TraceID,
		}
	}
	return all
}
