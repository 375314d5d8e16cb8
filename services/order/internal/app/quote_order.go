package app

import (
	"context"
	"slices"

	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// Quote returns what lines cost now. Errors: those of domain.Price.
func (p *Products) Quote(ctx context.Context, lines []domain.LineRequest) (domain.Quote, error) {
	codes := make([]string, 0, len(lines))
	for _, line := range lines {
		if !slices.Contains(codes, line.Code) {
			codes = append(codes, line.Code)
		}
	}
	known, err := store.On(p.Pool.Hot()).ListProducts(ctx, codes)
	if err != nil {
		return domain.Quote{}, err
	}
	unknown := slices.DeleteFunc(slices.Clone(codes), func(code string) bool { _, ok := known[code]; return ok })
	if len(unknown) > 0 {
		if err := p.Learn(ctx, unknown); err != nil {
			return domain.Quote{}, err
		}
		if known, err = store.On(p.Pool.Hot()).ListProducts(ctx, codes); err != nil {
			return domain.Quote{}, err
		}
	}
	return domain.Price(lines, known)
}
