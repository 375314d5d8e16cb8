package app

import (
	"context"
	"time"

	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store"
)

const (
	purgeEvery = 10 * time.Minute
	// linkKept is how long a link is kept after it expired.
	linkKept = 7 * 24 * time.Hour
	// sessionKept is how long a session is kept after its last refresh: its place counts as
	// known for so long.
	sessionKept = knownPlaceLife
)

// RunPurge deletes what is over, until ctx ends.
func (a *Accounts) RunPurge(ctx context.Context) error {
	ticker := time.NewTicker(purgeEvery)
	defer ticker.Stop()
	for {
		if err := a.Purge(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// Purge deletes sessions, links and failed sign-ins that are over.
func (a *Accounts) Purge(ctx context.Context) error {
	st, now := store.On(a.Pool), a.Now()
	for _, one := range []struct {
		remove func(context.Context, time.Time) (int64, error)
		before time.Time
	}{
		{st.DeleteFailures, domain.ForgetFailuresBefore(now)},
		{st.DeleteLinks, now.Add(-linkKept)},
		{st.DeleteSessions, now.Add(-sessionKept)},
	} {
		for {
			n, err := one.remove(ctx, one.before)
			if err != nil {
				return err
			}
			if n == 0 {
				break
			}
		}
	}
	return nil
}
