// Package peers calls order, which knows what was ordered.
package peers

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
)

// Orders reads orders.
type Orders struct {
	client orderv1connect.OrderServiceClient
}

// NewOrders returns the orders of the order that others reaches.
func NewOrders(others *peer.Peers) *Orders {
	return &Orders{orderv1connect.NewOrderServiceClient(others.Client("order"))}
}

// Lines reads what was ordered. It fails with UNAVAILABLE when order is away.
func (o *Orders) Lines(ctx context.Context, orderID uuid.UUID) ([]domain.OrderedLine, error) {
	res, err := o.client.GetOrder(ctx, &orderv1.GetOrderRequest{Id: orderID.String()})
	if err != nil {
		if peer.Away(err) {
			return nil, fault.New(fault.Unavailable, fault.ReasonUnavailable,
				"order is away, and with it what was ordered: try again, or give back an amount without lines").RetryAfter(time.Second).Because(err)
		}
		return nil, fmt.Errorf("read the lines of order %s: %w", orderID, err)
	}
	lines := make([]domain.OrderedLine, len(res.GetOrder().GetLines()))
	for i, line := range res.GetOrder().GetLines() {
		price, err := moneypb.FromProto(line.GetUnitPrice())
		if err != nil {
			return nil, fmt.Errorf("order sent a price of order %s: %w", orderID, err)
		}
		lines[i] = domain.OrderedLine{ProductCode: line.GetProductCode(), UnitPrice: price, Quantity: line.GetQuantity()}
	}
	return lines, nil
}
