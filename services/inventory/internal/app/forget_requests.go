package app

import (
	"context"
	"time"

	"github.com/shopmesh/shopmesh/kit/idempotency"
)

// forgetEvery is how often answers that are kept no longer are deleted.
const forgetEvery = time.Hour

// RunForget deletes answered requests past their retention until ctx ends.
func (s *Stocks) RunForget(ctx context.Context) error {
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		if _, err := idempotency.Purge(ctx, s.Pool, s.Now()); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
