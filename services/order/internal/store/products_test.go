package store

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// Callers who name a new product at the same time all learn of it, and nobody fails.
func TestAProductIsLearnedOnceHoweverManyLookItUp(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, os.DirFS("../../migrations"))
	for round := range 100 {
		code := fmt.Sprintf("P%d", round)
		product := []domain.Product{{ID: uuid.New(), Code: code, Name: code, Price: money.Money{Currency: "EUR", Amount: 1}, Status: domain.ProductActive}}
		var group errgroup.Group
		for range 6 {
			group.Go(func() error {
				return pool.Hot().InTx(t.Context(), func(ctx context.Context, tx *pg.Tx) error {
					return On(tx).LearnProducts(ctx, product)
				})
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if known, err := On(pool).ListProducts(t.Context(), []string{code}); err != nil || len(known) != 1 {
			t.Fatalf("round %d: %v, %v", round, known, err)
		}
	}
}
