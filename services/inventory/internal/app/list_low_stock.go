package app

import (
	"context"
	"strconv"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/store"
)

// ListLow returns a page of the products of which at most threshold is available, the
// scarcest first. Without a threshold the owner's setting holds; without a status in the
// filter only products that are sold are listed. Errors: FILTER_INVALID, PAGE_TOKEN_INVALID.
func (s *Stocks) ListLow(ctx context.Context, threshold *int64, request page.Request) (page.Page[domain.Stock], error) {
	most := s.Settings.Now().LowStockThreshold
	if threshold != nil {
		most = *threshold
	}
	request.Parent = strconv.FormatInt(most, 10)
	query, err := store.LowStockList().Parse(request)
	if err != nil {
		return page.Page[domain.Stock]{}, err
	}
	return store.On(s.Pool).ListLowStock(ctx, most, query)
}
