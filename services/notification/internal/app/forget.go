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
	// accountMailsKept is how long a mail about an account that is no customer's is kept after
	// it was sent or given up: long enough to look why it did not arrive. No erasure names such
	// a mail, because the account may never be made.
	accountMailsKept = 7 * 24 * time.Hour
	// forgottenAtOnce bounds what one statement changes, so that its locks are short.
	forgottenAtOnce = 500
)

// Bodies drops the texts of delivered mails when their retention is over, and all that is
// about a person in mails about accounts that are no customer's.
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
	mails, now := store.On(b.Pool), b.Now()
	texts, err := forget(ctx, mails.DropTexts, now.Add(-b.Retention()))
	if err != nil {
		return texts, err
	}
	accountMails, err := forget(ctx, mails.DropAccountMails, now.Add(-accountMailsKept))
	return texts + accountMails, err
}

func forget(ctx context.Context, drop func(context.Context, time.Time, int) (int64, error), before time.Time) (sum int64, err error) {
	for {
		n, err := drop(ctx, before, forgottenAtOnce)
		if err != nil {
			return sum, err
		}
		if sum += n; n < forgottenAtOnce {
			return sum, nil
		}
	}
}
