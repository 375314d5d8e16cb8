package app

import (
	"context"
	"time"

	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/pg"
)

// ForgetAnswers purges the answers to repeated requests that are older than
// idempotency.Retention, at once and then every time the interval has passed.
func ForgetAnswers(ctx context.Context, pool *pg.Pool, now func() time.Time, every time.Duration) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if _, err := idempotency.Purge(ctx, pool, now()); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}
