package rpc

import (
	"context"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/order/internal/app"
	"github.com/shopmesh/shopmesh/services/order/internal/protoconv"
)

// ShipOrder says that a confirmed order was sent.
func (s *Server) ShipOrder(ctx context.Context, req *orderv1.ShipOrderRequest) (*orderv1.ShipOrderResponse, error) {
	id, err := readOrderID(req.GetId())
	if err != nil {
		return nil, err
	}
	how := app.Shipping{Carrier: req.GetCarrier(), TrackingCode: req.GetTrackingCode()}
	order, history, err := s.orders.Ship(ctx, id, req.GetEtag(), how)
	if err != nil {
		return nil, err
	}
	return &orderv1.ShipOrderResponse{Order: protoconv.Order(order, history)}, nil
}
