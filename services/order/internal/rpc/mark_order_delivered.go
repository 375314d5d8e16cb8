package rpc

import (
	"context"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/order/internal/protoconv"
)

// MarkOrderDelivered says that a shipped order arrived.
func (s *Server) MarkOrderDelivered(ctx context.Context, req *orderv1.MarkOrderDeliveredRequest) (*orderv1.MarkOrderDeliveredResponse, error) {
	id, err := readOrderID(req.GetId())
	if err != nil {
		return nil, err
	}
	order, history, err := s.orders.Deliver(ctx, id, req.GetEtag())
	if err != nil {
		return nil, err
	}
	return &orderv1.MarkOrderDeliveredResponse{Order: protoconv.Order(order, history)}, nil
}
