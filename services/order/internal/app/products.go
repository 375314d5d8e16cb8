package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// Products keeps what catalog's events report of products. A product of which no event
// has come yet is looked up in catalog.
type Products struct {
	Pool *pg.Pool
	// Lookup reads products from catalog by code, at most 200; those that do not
	// exist are left out.
	Lookup func(ctx context.Context, codes []string) ([]domain.Product, error)
}

// Learn looks products up in catalog and keeps what it finds.
func (p *Products) Learn(ctx context.Context, codes []string) error {
	found, err := p.Lookup(ctx, codes)
	if err != nil || len(found) == 0 {
		return err
	}
	return p.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		return store.On(tx).LearnProducts(ctx, found)
	})
}

// Apply keeps what catalog published; a version older than what is known counts
// for nothing.
func (p *Products) Apply(ctx context.Context, tx *pg.Tx, products []domain.Product) error {
	if len(products) == 0 {
		return nil
	}
	return store.On(tx).SaveProducts(ctx, products)
}
