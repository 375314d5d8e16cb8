package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
)

// ArchiveProduct takes a product from sale; archiving it again changes nothing.
// Errors: PRODUCT_NOT_FOUND, ETAG_MISMATCH.
func (s *Products) ArchiveProduct(ctx context.Context, id uuid.UUID, etag string) (domain.Listing, error) {
	return s.change(ctx, id, etag, func(product domain.Product) (domain.Product, bool, error) {
		archived, changed := product.Archive(s.Now())
		return archived, changed, nil
	})
}
