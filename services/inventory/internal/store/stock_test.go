package store

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
)

// A product is learned from an event and from a call at the same time: its stock
// is made once, and nobody fails.
func TestStockIsMadeOnceHoweverManyMakeIt(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, os.DirFS("../../migrations"))
	var made int
	for round := range 100 {
		product, err := domain.NewProduct(uuid.New(), fmt.Sprintf("P%d", round), domain.Active, 1)
		if err != nil {
			t.Fatal(err)
		}
		var group errgroup.Group
		counts := make([]int, 6)
		for i := range counts {
			group.Go(func() error {
				return pool.Hot().InTx(t.Context(), func(ctx context.Context, tx *pg.Tx) error {
					rows, err := On(tx).InsertStock(ctx, []domain.Product{product}, time.Now())
					counts[i] = len(rows)
					return err
				})
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		for _, n := range counts {
			made += n
		}
	}
	if made != 100 {
		t.Errorf("stock was made %d times for 100 products", made)
	}
}
