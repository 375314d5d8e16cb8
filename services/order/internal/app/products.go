package app

import (
	"context"
	"slices"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// Products is what order knows of products. Catalog's events tell of them; catalog
// itself is asked only for one that nothing is known yet.
type Products struct {
	Pool *pg.Pool
	// Lookup asks catalog for products by code, at most 200; those that there are
	// not are left out.
	Lookup func(ctx context.Context, codes []string) ([]domain.Product, error)
}

// Ask asks catalog for products and keeps what it says.
func (p *Products) Ask(ctx context.Context, codes []string) error {
	found, err := p.Lookup(ctx, codes)
	if err != nil || len(found) == 0 {
		return err
	}
	return p.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		return store.On(tx).LearnProducts(ctx, found)
	})
}

// Apply keeps what was said of products; a version older than what is known counts
// for nothing.
func (p *Products) Apply(ctx context.Context, tx *pg.Tx, products []domain.Product) error {
	if len(products) == 0 {
		return nil
	}
	return store.On(tx).SaveProducts(ctx, products)
}

// Quote says what lines cost now. Errors: those of domain.Price.
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
		if err := p.Ask(ctx, unknown); err != nil {
			return domain.Quote{}, err
		}
		if known, err = store.On(p.Pool.Hot()).ListProducts(ctx, codes); err != nil {
			return domain.Quote{}, err
		}
	}
	return domain.Price(lines, known)
}
