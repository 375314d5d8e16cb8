package rpc

import (
	"context"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/kit/mask"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/protoconv"
)

// UpdateProduct changes the fields that the mask names.
func (s *ProductServer) UpdateProduct(ctx context.Context, req *catalogv1.UpdateProductRequest) (*catalogv1.UpdateProductResponse, error) {
	var read reader
	product := req.GetProduct()
	id := read.id("product.id", product.GetId())
	fields, err := mask.Read(req.GetUpdateMask(), product,
		"name", "description", "category_id", "price", "status", "attributes", "images")
	if err != nil {
		return nil, err
	}
	if err := read.err(); err != nil {
		return nil, err
	}
	listing, err := s.products.UpdateProduct(ctx, id, product.GetEtag(), func(current domain.ProductSnapshot) (domain.ProductChange, error) {
		merged := mask.Apply(fields, protoconv.Product(current), product)
		change, err := productChange(merged, fields)
		if product.GetCode() != "" {
			change.Code = &product.Code
		}
		return change, err
	})
	if err != nil {
		return nil, err
	}
	return &catalogv1.UpdateProductResponse{Product: protoconv.Listing(listing)}, nil
}

// productChange reads what the fields name from the product as it would be.
func productChange(product *catalogv1.Product, fields mask.Fields) (domain.ProductChange, error) {
	var read reader
	var change domain.ProductChange
	if fields.Has("name") {
		change.Name = &product.Name
	}
	if fields.Has("description") {
		change.Description = &product.Description
	}
	if fields.Has("category_id") {
		category := read.id("product.category_id", product.GetCategoryId())
		change.CategoryID = &category
	}
	if fields.Has("price") {
		price := read.price(product.GetPrice())
		change.Price = &price
	}
	if fields.Has("status") {
		status := read.status(product.GetStatus())
		change.Status = &status
	}
	if fields.Has("attributes") {
		change.Attributes = &product.Attributes
	}
	if fields.Has("images") {
		pictures := images(product.GetImages())
		change.Images = &pictures
	}
	return change, read.err()
}
