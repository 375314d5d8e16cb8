package rpc

import (
	"context"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/catalog/internal/protoconv"
)

// ListProducts lists products that fit a filter.
func (s *ProductServer) ListProducts(ctx context.Context, req *catalogv1.ListProductsRequest) (*catalogv1.ListProductsResponse, error) {
	listings, err := s.products.ListProducts(ctx, page.Request{
		Size: req.GetPageSize(), Token: req.GetPageToken(), Filter: req.GetFilter(), OrderBy: req.GetOrderBy(),
		TotalSize: req.GetIncludeTotalSize(),
	})
	if err != nil {
		return nil, err
	}
	res := &catalogv1.ListProductsResponse{
		Products: make([]*catalogv1.Product, len(listings.Items)), NextPageToken: listings.Next, TotalSize: listings.TotalSize,
	}
	for i, listing := range listings.Items {
		res.Products[i] = protoconv.Listing(listing)
	}
	return res, nil
}
