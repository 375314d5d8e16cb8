// Package events translates between the broker's messages and the domain: what
// order says, and what payment says.
package events

import (
	"time"

	"google.golang.org/protobuf/proto"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/trace"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
)

// The topics that payment consumes and publishes, and its consumer group.
const (
	TopicOrder   = "shopmesh.order.order.v1"
	TopicPayment = "shopmesh.payment.payment.v1"
	Group        = "shopmesh.payment"
	// Source is where payment's events come from (CloudEvents ce_source).
	Source = "/shopmesh/payment"
)

// ToOutbox turns what the domain publishes into events for the outbox.
func ToOutbox(published []domain.Event, at time.Time) []outbox.Event {
	events := make([]outbox.Event, len(published))
	for i, e := range published {
		events[i] = outbox.Event{
			Topic: TopicPayment, Key: e.PaymentID, Version: e.Version, Message: message(e),
			Time: at, Span: trace.Parse(e.Trace),
		}
	}
	return events
}

func message(e domain.Event) proto.Message {
	switch e.Kind {
	case domain.EventCaptured:
		return &paymentv1.PaymentCaptured{
			PaymentId: e.PaymentID.String(), OrderId: e.OrderID.String(), Reference: e.Reference,
			Amount: moneypb.Proto(e.Amount), Version: e.Version,
		}
	case domain.EventFailed:
		return &paymentv1.PaymentFailed{
			PaymentId: e.PaymentID.String(), OrderId: e.OrderID.String(), FailureCode: e.Code, Version: e.Version,
		}
	case domain.EventRefunded:
		return &paymentv1.PaymentRefunded{
			RefundId: e.RefundID.String(), PaymentId: e.PaymentID.String(), OrderId: e.OrderID.String(),
			Amount: moneypb.Proto(e.Amount), Refunded: moneypb.Proto(e.Refunded), Captured: moneypb.Proto(e.Captured),
			Reason: e.Reason, Version: e.Version,
		}
	}
	return nil // the outbox refuses an event without a message
}
