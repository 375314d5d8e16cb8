package rpc

import (
	"context"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/protoconv"
)

// GetProduct reads a product by id or code.
func (s *ProductServer) GetProduct(ctx context.Context, req *catalogv1.GetProductRequest) (*catalogv1.GetProductResponse, error) {
	listing, err := s.lookUp(ctx, req)
	if err != nil {
		return nil, err
	}
	return &catalogv1.GetProductResponse{Product: protoconv.Listing(listing)}, nil
}

func (s *ProductServer) lookUp(ctx context.Context, req *catalogv1.GetProductRequest) (domain.Listing, error) {
	if req.GetCode() != "" {
		return s.products.GetProductByCode(ctx, req.GetCode())
	}
	var read reader
	id := read.id("id", req.GetId())
	if err := read.err(); err != nil {
		return domain.Listing{}, err
	}
	return s.products.GetProduct(ctx, id)
}
