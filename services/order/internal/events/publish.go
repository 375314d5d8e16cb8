// Package events translates between what happens to orders and what travels on
// topics.
package events

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/trace"
	"github.com/shopmesh/shopmesh/services/order/internal/contract"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// OrderTopic is what order says; keyed by the order's id.
const OrderTopic = "shopmesh.order.order.v1"

// Source names the context in its events.
const Source = "/shopmesh/order"

// Announce returns the event of an order that has something to say. It is built
// from the order as it is now, under the identity of the first time.
func Announce(o *domain.Order, said domain.Said) outbox.Event {
	return outbox.Event{
		Topic: OrderTopic, Key: o.ID, Version: said.Version, Message: message(o, said),
		Time: said.Time, Span: trace.Parse(said.Traceparent),
	}
}

func message(o *domain.Order, said domain.Said) proto.Message {
	switch said.Kind {
	case domain.SayPlaced:
		placed := &orderv1.OrderPlaced{OrderId: o.ID.String(), Version: said.Version, Lines: contract.ReservationLines(o.Lines)}
		if !o.ExpireTime.IsZero() {
			placed.ExpireTime = timestamppb.New(o.ExpireTime)
		}
		return placed
	case domain.SayAwaitingPayment:
		return &orderv1.OrderAwaitingPayment{
			OrderId: o.ID.String(), Version: said.Version, Number: o.Number, PaymentId: o.PaymentID.String(),
			Total: moneypb.Proto(o.Total), PaymentMethod: o.PaymentMethod, CustomerId: contract.ID(o.CustomerID),
		}
	case domain.SayConfirmed:
		return &orderv1.OrderConfirmed{Notice: contract.Notice(o, said.Version)}
	case domain.SayCancelled:
		return &orderv1.OrderCancelled{
			Notice: contract.Notice(o, said.Version), Reason: contract.Reason(o.CancelReason), Note: o.CancelNote,
			PaymentId: o.PaymentID.String(), PaymentRequested: o.First.AwaitingPayment > 0,
		}
	case domain.SayRefunded:
		return &orderv1.OrderRefunded{
			Notice: contract.Notice(o, said.Version), RefundId: said.Refund.ID.String(),
			Amount: moneypb.Proto(said.Refund.Amount), Refunded: moneypb.Proto(said.Refund.Refunded), Reason: said.Refund.Reason,
		}
	case domain.SayShipped:
		return &orderv1.OrderShipped{Notice: contract.Notice(o, said.Version), Shipment: contract.Shipment(o.Shipment)}
	default:
		return &orderv1.OrderDelivered{OrderId: o.ID.String(), Version: said.Version}
	}
}
