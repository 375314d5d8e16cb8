package rpc

import (
	"context"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// ShipOrder records that a confirmed order was sent.
func (s *Server) ShipOrder(ctx context.Context, req *orderv1.ShipOrderRequest) (*orderv1.ShipOrderResponse, error) {
	requestID, id, err := readChange(req)
	if err != nil {
		return nil, err
	}
	return s.orders.Ship(ctx, requestID, id, req)
}
