package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
)

// UnarchiveProduct makes an archived product a draft again; one that is not archived
// stays as it is. Errors: PRODUCT_NOT_FOUND, ETAG_MISMATCH.
func (s *Products) UnarchiveProduct(ctx context.Context, id uuid.UUID, etag string) (domain.Listing, error) {
	return s.change(ctx, id, etag, func(product domain.Product) (domain.Product, bool, error) {
		draft, changed := product.Unarchive(s.Now())
		return draft, changed, nil
	})
}
