package rpc

import (
	"context"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/services/catalog/internal/protoconv"
)

// ArchiveProduct takes a product from sale.
func (s *ProductServer) ArchiveProduct(ctx context.Context, req *catalogv1.ArchiveProductRequest) (*catalogv1.ArchiveProductResponse, error) {
	var read reader
	id := read.id("id", req.GetId())
	if err := read.err(); err != nil {
		return nil, err
	}
	listing, err := s.products.ArchiveProduct(ctx, id, req.GetEtag())
	if err != nil {
		return nil, err
	}
	return &catalogv1.ArchiveProductResponse{Product: protoconv.Listing(listing)}, nil
}
