package rpc

import (
	"context"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// CancelOrder cancels an order that was not shipped.
func (s *Server) CancelOrder(ctx context.Context, req *orderv1.CancelOrderRequest) (*orderv1.CancelOrderResponse, error) {
	requestID, err := readRequiredRequestID(req.GetRequestId())
	if err != nil {
		return nil, err
	}
	id, err := readOrderID(req.GetId())
	if err != nil {
		return nil, err
	}
	return s.orders.Cancel(ctx, requestID, id, req)
}
