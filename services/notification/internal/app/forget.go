package app

import (
	"context"
	"time"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/notification/internal/store"
)

const (
	// forgetEvery is how often expired texts are dropped.
	forgetEvery = time.Minute
	// forgottenAtOnce bounds what one statement changes, so that its locks are short.
	forgottenAtOnce = 500
)

// Bodies drops the texts of delivered mails when their retention is over.
type Bodies struct {
	Pool *pg.Pool
	// Retention is how long they are kept, as it is now.
	Retention func() time.Duration
	Now       func() time.Time
}

// Run forgets at once and then every minute, until ctx ends.
func (b *Bodies) Run(ctx context.Context) error {
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		if _, err := b.Forget(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Forget drops what is kept no longer, 500 mails at a time, and returns how many.
// Mails that are locked are left to the next time.
func (b *Bodies) Forget(ctx context.Context) (int64, error) {
	before := b.Now().Add(-b.Retention())
	var sum int64
	for {
		n, err := store.On(b.Pool).DropTexts(ctx, before, forgottenAtOnce)
		if err != nil {
			return sum, err
		}
		if sum += n; n < forgottenAtOnce {
			return sum, nil
		}
	}
}
