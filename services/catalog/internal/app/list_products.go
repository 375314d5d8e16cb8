package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store"
)

// ListProducts returns a page of products. Without a status in the filter, archived
// products are left out. Errors: FILTER_INVALID, PAGE_TOKEN_INVALID, INVALID_FIELD.
func (s *Products) ListProducts(ctx context.Context, req page.Request) (page.Page[domain.Listing], error) {
	listings, err := store.On(s.Pool).ListProducts(ctx, req, store.ProductScope{
		Drafts: seesDrafts(ctx), DefaultCurrency: s.Settings.Now().DefaultCurrency,
	})
	// Who saw a change in a list must not read the product without it afterwards.
	s.Cache.seen(listings.Items)
	return listings, err
}
