// Package events translates between the broker's messages and the domain: what
// payment consumes, and what it publishes.
package events

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/protoconv"
)

// The topics that payment consumes and publishes to, and its consumer group.
const (
	OrderTopic   = "shopmesh.order.order.v1"
	PaymentTopic = "shopmesh.payment.payment.v1"
	Group        = "shopmesh.payment"
	// Source is where payment's events come from (CloudEvents ce_source).
	Source = "/shopmesh/payment"
)

// ToOutbox translates an event for the broker.
func ToOutbox(e domain.Event) outbox.Event {
	return outbox.Event{
		Topic: PaymentTopic, Key: e.PaymentID, Version: e.Version, Message: message(e),
		Time: e.PublishTime, Traceparent: e.Trace,
	}
}

func message(e domain.Event) proto.Message {
	payment, order := e.PaymentID.String(), e.OrderID.String()
	switch e.Kind {
	case domain.EventCaptured:
		return &paymentv1.PaymentCaptured{
			PaymentId: payment, OrderId: order, Reference: e.Reference, Amount: moneypb.Proto(e.Amount), Version: e.Version,
		}
	case domain.EventFailed:
		return &paymentv1.PaymentFailed{PaymentId: payment, OrderId: order, FailureCode: e.Code, Version: e.Version}
	case domain.EventRefunded:
		return &paymentv1.PaymentRefunded{
			RefundId: e.RefundID.String(), PaymentId: payment, OrderId: order,
			Amount: moneypb.Proto(e.Amount), Refunded: moneypb.Proto(e.Refunded), Captured: moneypb.Proto(e.Captured),
			Reason: e.Reason, Version: e.Version, Origin: paymentv1.RefundOrigin(e.Origin),
		}
	case domain.EventActionRequired:
		return &paymentv1.PaymentActionRequired{PaymentId: payment, OrderId: order, Version: e.Version, Time: timestamppb.New(e.Time)}
	case domain.EventProcessing:
		return &paymentv1.PaymentProcessing{
			PaymentId: payment, OrderId: order, Version: e.Version, Time: timestamppb.New(e.Time), Method: e.Method,
		}
	case domain.EventDisputed:
		return &paymentv1.PaymentDisputed{PaymentId: payment, OrderId: order, Version: e.Version, Dispute: protoconv.Dispute(e.Dispute)}
	}
	return nil // the outbox refuses an event without a message
}
