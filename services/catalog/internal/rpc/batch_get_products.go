package rpc

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/services/catalog/internal/protoconv"
)

// BatchGetProducts reads products by id or code.
func (s *ProductServer) BatchGetProducts(ctx context.Context, req *catalogv1.BatchGetProductsRequest) (*catalogv1.BatchGetProductsResponse, error) {
	var read reader
	ids := make([]uuid.UUID, len(req.GetIds()))
	for i, id := range req.GetIds() {
		ids[i] = read.id(fmt.Sprintf("ids[%d]", i), id)
	}
	if err := read.err(); err != nil {
		return nil, err
	}
	listings, err := s.products.BatchGetProducts(ctx, ids, req.GetCodes())
	if err != nil {
		return nil, err
	}
	res := &catalogv1.BatchGetProductsResponse{Products: make([]*catalogv1.Product, len(listings))}
	for i, listing := range listings {
		res.Products[i] = protoconv.Listing(listing)
	}
	return res, nil
}
