// Package events translates between the events of topics and those of the domain.
package events

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/protoconv"
)

// OrderTopic is where order publishes; keyed by the order's id.
const OrderTopic = "shopmesh.order.order.v1"

// Source names the context in its events.
const Source = "/shopmesh/order"

// ToOutbox returns the message of an order's event. It is built from the order as it is
// now, under the identity that the event had when it was first published.
func ToOutbox(event domain.Event) outbox.Event {
	o := event.Order.Snapshot()
	return outbox.Event{
		Topic: OrderTopic, Key: o.ID, Version: event.Version, Message: message(o, event),
		Time: event.Time, Traceparent: event.Traceparent,
	}
}

// Erased returns the message that an order was erased, as ToOutbox made it at first.
func Erased(o domain.ErasedOrder) outbox.Event {
	return outbox.Event{
		Topic: OrderTopic, Key: o.ID, Version: o.Version, Time: o.Time,
		Message: &orderv1.OrderErased{OrderId: o.ID.String(), Version: o.Version},
	}
}

// Claimed returns the message that an order was claimed, as ToOutbox made it at first.
func Claimed(o domain.ClaimedOrder) outbox.Event {
	return outbox.Event{
		Topic: OrderTopic, Key: o.ID, Version: o.Version, Time: o.Time,
		Message: &orderv1.OrderClaimed{OrderId: o.ID.String(), Version: o.Version, CustomerId: o.CustomerID.String()},
	}
}

func message(o domain.Snapshot, event domain.Event) proto.Message {
	switch event.Kind {
	case domain.PlacedEvent:
		placed := &orderv1.OrderPlaced{OrderId: o.ID.String(), Version: event.Version, Lines: protoconv.ReservationLines(o.Lines)}
		if !o.ExpireTime.IsZero() {
			placed.ExpireTime = timestamppb.New(o.ExpireTime)
		}
		return placed
	case domain.AwaitingPaymentEvent:
		return &orderv1.OrderAwaitingPayment{
			OrderId: o.ID.String(), Version: event.Version, Number: o.Number, PaymentId: o.PaymentID.String(),
			Total: moneypb.Proto(o.Total), PaymentMethod: o.PaymentMethod, CustomerId: protoconv.ID(o.CustomerID),
		}
	case domain.ConfirmedEvent:
		return &orderv1.OrderConfirmed{Notice: protoconv.Notice(o, event.Version)}
	case domain.CancelledEvent:
		return &orderv1.OrderCancelled{
			Notice: protoconv.Notice(o, event.Version), Reason: protoconv.Reason(o.CancelReason), Note: o.CancelNote,
			PaymentId: o.PaymentID.String(), PaymentRequested: o.First.AwaitingPayment > 0,
		}
	case domain.RefundedEvent:
		return &orderv1.OrderRefunded{
			Notice: protoconv.Notice(o, event.Version), RefundId: event.Refund.ID.String(),
			Amount: moneypb.Proto(event.Refund.Amount), Refunded: moneypb.Proto(event.Refund.Refunded), Reason: event.Refund.Reason,
		}
	case domain.ShippedEvent:
		return &orderv1.OrderShipped{Notice: protoconv.Notice(o, event.Version), Shipment: protoconv.Shipment(o.Shipment)}
	case domain.UpdatedEvent:
		return &orderv1.OrderUpdated{
			Notice: protoconv.Notice(o, event.Version), Shipment: protoconv.Shipment(o.Shipment),
			UpdateId: protoconv.ID(event.Correction.ID), ChangedFields: &fieldmaskpb.FieldMask{Paths: event.Correction.Changed},
		}
	case domain.LinkRequestedEvent:
		return &orderv1.OrderLinkRequested{Notice: protoconv.Notice(o, event.Version), RequestId: event.LinkMail.ID.String()}
	case domain.ClaimedEvent:
		return &orderv1.OrderClaimed{OrderId: o.ID.String(), Version: event.Version, CustomerId: protoconv.ID(o.CustomerID)}
	case domain.ErasedEvent:
		return &orderv1.OrderErased{OrderId: o.ID.String(), Version: event.Version}
	default:
		return &orderv1.OrderDelivered{OrderId: o.ID.String(), Version: event.Version}
	}
}
