package rpc

import (
	"context"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// MarkOrderDelivered records that a shipped order arrived.
func (s *Server) MarkOrderDelivered(ctx context.Context, req *orderv1.MarkOrderDeliveredRequest) (*orderv1.MarkOrderDeliveredResponse, error) {
	requestID, id, err := readChange(req)
	if err != nil {
		return nil, err
	}
	return s.orders.MarkDelivered(ctx, requestID, id, req)
}
