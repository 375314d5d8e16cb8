package rpc

import (
	"context"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/protoconv"
)

// WatchOrder sends every entry of the order's history once, in order.
func (s *Server) WatchOrder(ctx context.Context, req *orderv1.WatchOrderRequest, stream orderv1connect.OrderServiceWatchOrderServerStream) error {
	id, err := readOrderID(req.GetId())
	if err != nil {
		return err
	}
	return s.orders.Watch(ctx, id, req.GetAfterVersion(), func(entry domain.Entry) error {
		return stream.Send(&orderv1.WatchOrderResponse{Entry: protoconv.Entry(entry)})
	})
}
