package rpc

import (
	"context"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// SendOrderLink has the link of a guest's order mailed, if there is such an order.
func (s *Server) SendOrderLink(ctx context.Context, req *orderv1.SendOrderLinkRequest) (*orderv1.SendOrderLinkResponse, error) {
	if err := s.orders.RequestLink(ctx, req.GetNumber(), req.GetEmail()); err != nil {
		return nil, err
	}
	return &orderv1.SendOrderLinkResponse{}, nil
}
