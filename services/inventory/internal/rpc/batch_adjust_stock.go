package rpc

import (
	"context"
	"strings"

	errorsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/errors/v1"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	kitrpc "github.com/shopmesh/shopmesh/kit/rpc"
)

// BatchAdjustStock makes several adjustments, each as AdjustStock does.
func (s *Server) BatchAdjustStock(ctx context.Context, req *inventoryv1.BatchAdjustStockRequest) (*inventoryv1.BatchAdjustStockResponse, error) {
	rows := req.GetRequests()
	id := func(row *inventoryv1.AdjustStockRequest) string { return strings.ToLower(row.GetRequestId()) }
	if err := kitrpc.Distinct(rows, "request_id", id); err != nil {
		return nil, err
	}
	outcomes, err := kitrpc.EachRow(ctx, rows, s.adjustRow, func(refusal *errorsv1.Refusal) *inventoryv1.AdjustStockOutcome {
		return &inventoryv1.AdjustStockOutcome{Outcome: &inventoryv1.AdjustStockOutcome_Refusal{Refusal: refusal}}
	})
	if err != nil {
		return nil, err
	}
	return &inventoryv1.BatchAdjustStockResponse{Outcomes: outcomes}, nil
}

func (s *Server) adjustRow(ctx context.Context, row *inventoryv1.AdjustStockRequest) (*inventoryv1.AdjustStockOutcome, error) {
	done, err := s.AdjustStock(ctx, row)
	if err != nil {
		return nil, err
	}
	return &inventoryv1.AdjustStockOutcome{Outcome: &inventoryv1.AdjustStockOutcome_Stock{Stock: done.GetStock()}}, nil
}
