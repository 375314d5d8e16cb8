package rpc

import (
	"context"

	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/inventory/internal/protoconv"
)

// ListMovements lists the ledger, newest first.
func (s *Server) ListMovements(ctx context.Context, req *inventoryv1.ListMovementsRequest) (*inventoryv1.ListMovementsResponse, error) {
	movements, err := s.stocks.ListMovements(ctx, page.Request{
		Size: req.GetPageSize(), Token: req.GetPageToken(), Filter: req.GetFilter(),
	})
	if err != nil {
		return nil, err
	}
	res := &inventoryv1.ListMovementsResponse{NextPageToken: movements.Next, Movements: make([]*inventoryv1.StockMovement, len(movements.Items))}
	for i, m := range movements.Items {
		res.Movements[i] = protoconv.Movement(m)
	}
	return res, nil
}
