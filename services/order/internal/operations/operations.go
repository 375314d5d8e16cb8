// Package operations states what operators and auditors see of order.
package operations

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	kitoperations "github.com/shopmesh/shopmesh/kit/operations"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/services/order/internal/app"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// name is what the context is called.
const name = "order"

// maxFindings bounds what is kept until all orders are stated; more are counted.
const maxFindings = 10_000

// Operations is order as operators see it.
type Operations struct {
	kitoperations.Base

	orders *app.Orders
}

// New returns order's operations.
func New(orders *app.Orders, relay *outbox.Relay, inbound *consumer.Consumer) *Operations {
	return &Operations{Base: kitoperations.NewBase(name, orders.Pool, relay, inbound).Also(orders.Backlog.Condition), orders: orders}
}

// Audit states every order by id, then what must not be in them, and then how many
// events are still in the outbox.
func (o *Operations) Audit(ctx context.Context, emit func(*operationsv1.AuditRecord) error) error {
	var findings []*operationsv1.Finding
	more := 0
	err := o.orders.Audit(ctx, func(order *domain.Order, found []domain.Finding) error {
		for _, f := range found {
			if len(findings) == maxFindings {
				more++
				continue
			}
			findings = append(findings, &operationsv1.Finding{Kind: f.Kind, Subject: order.ID().String(), Message: f.Message, Context: name})
		}
		return emit(&operationsv1.AuditRecord{Record: &operationsv1.AuditRecord_Order{Order: record(order)}})
	})
	if err != nil {
		return err
	}
	if more > 0 {
		findings = append(findings, &operationsv1.Finding{
			Kind: "MORE_FINDINGS", Subject: name, Message: fmt.Sprintf("there are %d findings more", more), Context: name,
		})
	}
	for _, finding := range findings {
		if err := emit(&operationsv1.AuditRecord{Record: &operationsv1.AuditRecord_Finding{Finding: finding}}); err != nil {
			return err
		}
	}
	return o.AuditOutbox(ctx, emit)
}

func record(from *domain.Order) *operationsv1.OrderRecord {
	o := from.Snapshot()
	stated := &operationsv1.OrderRecord{
		OrderId: o.ID.String(), State: o.State.String(), Number: o.Number, CancelReason: o.CancelReason.String(),
		Total: moneypb.Proto(o.Total), Captured: moneypb.Proto(o.Captured), Refunded: moneypb.Proto(o.Refunded),
		Awaits: o.Awaits.Names(), UpdateTime: timestamppb.New(o.UpdateTime),
		Shipped: o.State == domain.Shipped || o.State == domain.Delivered,
	}
	for _, line := range o.Lines {
		stated.Lines = append(stated.Lines, &operationsv1.AuditLine{ProductId: line.ProductID.String(), Quantity: int64(line.Quantity)})
	}
	for _, refund := range o.Refunds {
		stated.RefundIds = append(stated.RefundIds, refund.ID.String())
	}
	for _, correction := range o.Corrections {
		stated.UpdateIds = append(stated.UpdateIds, correction.ID.String())
	}
	return stated
}
