package app

import (
	"context"
	"time"

	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

const (
	// cartSweepPause is how long the sweeper of carts sleeps when it found no more.
	cartSweepPause = 10 * time.Minute
	// cartsAtOnce is how many carts a statement deletes at most, as written there.
	cartsAtOnce = 1000
)

// Sweep deletes the carts whose life is over, a thousand in a transaction, and returns how
// many. Replicas skip what another one deletes.
func (s *Carts) Sweep(ctx context.Context) (int64, error) {
	var sum int64
	for {
		deleted, err := store.On(s.Pool.Hot()).DeleteUnusedCarts(ctx, domain.UnusedSince(s.Now()))
		if sum += deleted; err != nil || deleted < cartsAtOnce {
			return sum, err
		}
	}
}

// RunSweeper sweeps now and then until ctx ends.
func (s *Carts) RunSweeper(ctx context.Context) error {
	tick := time.NewTicker(cartSweepPause)
	defer tick.Stop()
	for {
		if _, err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
