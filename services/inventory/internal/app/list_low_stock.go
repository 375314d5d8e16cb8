package app

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/store"
)

// sold is what the list holds unless a filter names a status.
const sold = "status = ACTIVE"

// ListLow returns a page of the products of which at most threshold is available, the
// scarcest first, and the token of the next. Without a threshold the owner's setting
// holds; without a status in the filter only products that are sold are listed.
// Errors: FILTER_INVALID, PAGE_TOKEN_INVALID.
func (s *Stocks) ListLow(ctx context.Context, threshold *int64, request page.Request) ([]domain.Stock, string, error) {
	most := s.Settings.LowStockThreshold
	if threshold != nil {
		most = *threshold
	}
	request.Parent = strconv.FormatInt(most, 10)
	query, err := lowStockQuery(request)
	if err != nil {
		return nil, "", err
	}
	stocks, err := store.On(s.Pool).ListLowStock(ctx, most, query)
	if err != nil {
		return nil, "", err
	}
	return page.Cut(query, stocks, func(row domain.Stock) []any {
		return query.Cursor(map[string]any{"available": row.Available()}, row.ProductID())
	})
}

// lowStockQuery reads the request, and narrows it to what is sold where the filter
// names no status.
func lowStockQuery(request page.Request) (page.Query, error) {
	bare := request
	bare.Token = ""
	query, err := store.LowStockList().Parse(bare)
	if err != nil {
		return page.Query{}, err
	}
	byStatus := slices.ContainsFunc(query.Comparisons(), func(c page.Comparison) bool { return c.Field == "status" })
	switch {
	case byStatus:
	case strings.TrimSpace(request.Filter) == "":
		request.Filter = sold
	default:
		request.Filter += " AND " + sold
	}
	return store.LowStockList().Parse(request)
}
