package rpc

import (
	"context"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// UpdateOrder corrects contact, address or shipment of an order.
func (s *Server) UpdateOrder(ctx context.Context, req *orderv1.UpdateOrderRequest) (*orderv1.UpdateOrderResponse, error) {
	requestID, err := readRequestID(req.GetRequestId())
	if err != nil {
		return nil, err
	}
	id, err := readID("order.id", req.GetOrder().GetId())
	if err != nil {
		return nil, err
	}
	return s.orders.Update(ctx, requestID, id, req)
}
