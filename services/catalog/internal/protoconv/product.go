// Package protoconv translates the catalog's domain into its contract's messages, for
// answers and events alike.
package protoconv

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
)

// Product returns a product; its available quantity is left 0.
func Product(p domain.ProductSnapshot) *catalogv1.Product {
	images := make([]*catalogv1.ProductImage, len(p.Images))
	for i, image := range p.Images {
		images[i] = &catalogv1.ProductImage{Url: image.URL, AltText: image.AltText}
	}
	return &catalogv1.Product{
		Id:          p.ID.String(),
		Code:        p.Code,
		Name:        p.Name,
		Description: p.Description,
		CategoryId:  p.CategoryID.String(),
		Price:       moneypb.Proto(p.Price),
		Status:      status(p.Status),
		Etag:        p.Etag(),
		Attributes:  p.Attributes,
		Images:      images,
		CreateTime:  timestamppb.New(p.CreateTime),
		UpdateTime:  timestamppb.New(p.UpdateTime),
	}
}

// Listing returns a product with its available quantity.
func Listing(l domain.Listing) *catalogv1.Product {
	product := Product(l.ProductSnapshot)
	product.AvailableQuantity = l.Available
	return product
}

func status(s domain.Status) catalogv1.ProductStatus {
	switch s {
	case domain.Draft:
		return catalogv1.ProductStatus_PRODUCT_STATUS_DRAFT
	case domain.Active:
		return catalogv1.ProductStatus_PRODUCT_STATUS_ACTIVE
	case domain.Archived:
		return catalogv1.ProductStatus_PRODUCT_STATUS_ARCHIVED
	default:
		return catalogv1.ProductStatus_PRODUCT_STATUS_UNSPECIFIED
	}
}
