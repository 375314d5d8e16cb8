package rpc

import (
	"context"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// PlaceOrder accepts an order and answers at once, in state PLACED.
func (s *Server) PlaceOrder(ctx context.Context, req *orderv1.PlaceOrderRequest) (*orderv1.PlaceOrderResponse, error) {
	requestID, err := readRequiredRequestID(req.GetRequestId())
	if err != nil {
		return nil, err
	}
	placement, err := readPlacement(req)
	if err != nil {
		return nil, err
	}
	res, err := s.place.Place(ctx, requestID, req, placement)
	if err != nil {
		return nil, withQuote(err, s.orders.Settings.Now().PaymentMethods)
	}
	return res, nil
}
