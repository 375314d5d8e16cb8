package rpc

import (
	"context"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/services/catalog/internal/protoconv"
)

// UnarchiveProduct makes an archived product a draft again.
func (s *ProductServer) UnarchiveProduct(ctx context.Context, req *catalogv1.UnarchiveProductRequest) (*catalogv1.UnarchiveProductResponse, error) {
	var read reader
	id := read.id("id", req.GetId())
	if err := read.err(); err != nil {
		return nil, err
	}
	listing, err := s.products.UnarchiveProduct(ctx, id, req.GetEtag())
	if err != nil {
		return nil, err
	}
	return &catalogv1.UnarchiveProductResponse{Product: protoconv.Listing(listing)}, nil
}
