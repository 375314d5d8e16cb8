// Package protoconv translates payment's domain into the messages of
// shopmesh.payment.v1, for RPCs and events alike.
package protoconv

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
)

// The domain's numbers of statuses, outcomes, origins and reasons are the contract's.

// Payment is a payment with its attempts and disputes, without its next action.
func Payment(p domain.Payment, attempts []domain.Attempt, disputes []domain.Dispute) *paymentv1.Payment {
	message := &paymentv1.Payment{
		Id: p.ID.String(), OrderId: p.OrderID.String(), Reference: p.Reference, Amount: moneypb.Proto(p.Amount),
		Status: paymentv1.PaymentStatus(p.Status), Attempts: Attempts(attempts), PaymentMethod: p.Method,
		Captured: moneypb.Proto(p.Captured), Refunded: moneypb.Proto(p.Refunded), Provider: p.Provider,
		ProviderChargeId: p.ChargeID, FailureCode: p.FailureCode, PendingReason: paymentv1.PendingReason(p.PendingReason),
		CreateTime: timestamppb.New(p.CreateTime), UpdateTime: timestamppb.New(p.UpdateTime), Etag: p.Etag(),
		PollCount: p.Polls, PollTime: timestamp(p.PollTime),
	}
	for _, d := range disputes {
		message.Disputes = append(message.Disputes, Dispute(d))
	}
	return message
}

// Refund is a refund with its attempts.
func Refund(r domain.Refund, attempts []domain.Attempt) *paymentv1.Refund {
	message := &paymentv1.Refund{
		Id: r.ID.String(), PaymentId: r.PaymentID.String(), OrderId: r.OrderID.String(), Amount: moneypb.Proto(r.Amount),
		Status: paymentv1.RefundStatus(r.Status), Reason: r.Reason, ProviderRefundId: r.ProviderRefundID,
		CreateTime: timestamppb.New(r.CreateTime), UpdateTime: timestamppb.New(r.UpdateTime),
		Attempts: Attempts(attempts), Origin: paymentv1.RefundOrigin(r.Origin), FailureCode: r.FailureCode, PollCount: r.Polls,
	}
	for _, line := range r.Lines {
		message.Lines = append(message.Lines, &paymentv1.RefundLine{ProductCode: line.ProductCode, Quantity: line.Quantity})
	}
	return message
}

// Attempts are the attempts of a payment or a refund.
func Attempts(attempts []domain.Attempt) []*paymentv1.PaymentAttempt {
	all := make([]*paymentv1.PaymentAttempt, len(attempts))
	for i, a := range attempts {
		all[i] = &paymentv1.PaymentAttempt{
			Number: a.Number, Outcome: paymentv1.AttemptOutcome(a.Outcome), Detail: a.Detail,
			StartTime: timestamppb.New(a.Start), EndTime: timestamppb.New(a.End), TraceId: a.TraceID,
		}
	}
	return all
}

// Dispute is a dispute.
func Dispute(d domain.Dispute) *paymentv1.Dispute {
	return &paymentv1.Dispute{
		Id: d.ID, Reason: d.Reason, Amount: moneypb.Proto(d.Amount), Status: paymentv1.DisputeStatus(d.Status),
		OpenTime: timestamppb.New(d.OpenTime), CloseTime: timestamp(d.CloseTime),
	}
}

// Contradiction is a contradiction.
func Contradiction(c domain.Contradiction) *paymentv1.Contradiction {
	message := &paymentv1.Contradiction{
		Id: c.ID.String(), EventId: c.EventID, EventType: c.EventType, Cause: c.Cause, CreateTime: timestamppb.New(c.CreateTime),
		ResolveTime: timestamp(c.ResolveTime), Resolver: c.Resolver, Note: c.Note,
	}
	if c.PaymentID != [16]byte{} {
		message.PaymentId = c.PaymentID.String()
	}
	return message
}

// timestamp is unset for the zero time.
func timestamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}
