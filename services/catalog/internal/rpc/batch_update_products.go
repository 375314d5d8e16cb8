package rpc

import (
	"context"
	"strings"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	errorsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/errors/v1"
	kitrpc "github.com/shopmesh/shopmesh/kit/rpc"
)

// BatchUpdateProducts changes several products, each as UpdateProduct does.
func (s *ProductServer) BatchUpdateProducts(ctx context.Context, req *catalogv1.BatchUpdateProductsRequest) (*catalogv1.BatchUpdateProductsResponse, error) {
	rows := req.GetRequests()
	id := func(row *catalogv1.UpdateProductRequest) string { return strings.ToLower(row.GetProduct().GetId()) }
	if err := kitrpc.Distinct(rows, "product.id", id); err != nil {
		return nil, err
	}
	outcomes, err := kitrpc.EachRow(ctx, rows, s.updateRow, func(refusal *errorsv1.Refusal) *catalogv1.UpdateProductOutcome {
		return &catalogv1.UpdateProductOutcome{Outcome: &catalogv1.UpdateProductOutcome_Refusal{Refusal: refusal}}
	})
	if err != nil {
		return nil, err
	}
	return &catalogv1.BatchUpdateProductsResponse{Outcomes: outcomes}, nil
}

func (s *ProductServer) updateRow(ctx context.Context, row *catalogv1.UpdateProductRequest) (*catalogv1.UpdateProductOutcome, error) {
	done, err := s.UpdateProduct(ctx, row)
	if err != nil {
		return nil, err
	}
	return &catalogv1.UpdateProductOutcome{Outcome: &catalogv1.UpdateProductOutcome_Product{Product: done.GetProduct()}}, nil
}
