package rpc

import (
	"context"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/order/internal/protoconv"
)

// ListOrders lists orders without their history.
func (s *Server) ListOrders(ctx context.Context, req *orderv1.ListOrdersRequest) (*orderv1.ListOrdersResponse, error) {
	orders, err := s.orders.List(ctx, page.Request{
		Size: req.GetPageSize(), Token: req.GetPageToken(), OrderBy: req.GetOrderBy(), Filter: req.GetFilter(),
		TotalSize: req.GetIncludeTotalSize(),
	})
	if err != nil {
		return nil, err
	}
	res := &orderv1.ListOrdersResponse{NextPageToken: orders.Next, TotalSize: orders.TotalSize}
	for _, order := range orders.Items {
		res.Orders = append(res.Orders, protoconv.Order(order, nil))
	}
	return res, nil
}
