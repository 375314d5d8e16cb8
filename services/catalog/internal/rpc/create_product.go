package rpc

import (
	"context"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/services/catalog/internal/contract"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
)

// CreateProduct adds a product.
func (s *ProductServer) CreateProduct(ctx context.Context, req *catalogv1.CreateProductRequest) (*catalogv1.CreateProductResponse, error) {
	var read reader
	product := req.GetProduct()
	fields := domain.ProductFields{
		Code:        product.GetCode(),
		Name:        product.GetName(),
		Description: product.GetDescription(),
		CategoryID:  read.id("product.category_id", product.GetCategoryId()),
		Price:       read.newPrice(product.GetPrice(), s.currency),
		Status:      read.status(product.GetStatus()),
		Attributes:  product.GetAttributes(),
		Images:      images(product.GetImages()),
	}
	if read.err() != nil {
		read.addNew(fields.Check())
		return nil, read.err()
	}
	listing, err := s.products.Create(ctx, fields)
	if err != nil {
		return nil, err
	}
	return &catalogv1.CreateProductResponse{Product: contract.Listing(listing)}, nil
}
