package rpc

import (
	"context"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/services/catalog/internal/app"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/protoconv"
)

// CreateProduct adds a product.
func (s *ProductServer) CreateProduct(ctx context.Context, req *catalogv1.CreateProductRequest) (*catalogv1.CreateProductResponse, error) {
	var read reader
	product := req.GetProduct()
	requestID := read.requestID(req.GetRequestId())
	fields := domain.ProductFields{
		Code:        product.GetCode(),
		Name:        product.GetName(),
		Description: product.GetDescription(),
		CategoryID:  read.id("product.category_id", product.GetCategoryId()),
		Price:       read.newPrice(product.GetPrice(), s.products.Settings.Now().DefaultCurrency),
		Status:      read.status(product.GetStatus()),
		Attributes:  product.GetAttributes(),
		Images:      images(product.GetImages()),
	}
	if read.err() != nil {
		read.addNew(fields.Check())
		return nil, read.err()
	}
	return app.CreateProduct(ctx, s.products, requestID, req, fields, func(created domain.Listing) *catalogv1.CreateProductResponse {
		return &catalogv1.CreateProductResponse{Product: protoconv.Listing(created)}
	})
}
