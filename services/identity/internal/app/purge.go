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
	// mailKept is how long it is kept what was requested to be mailed: longer than it is
	// published again.
	mailKept = 48 * time.Hour
	// sessionKept is how long a session is kept after its last refresh: its address prefix counts as
	// known for so long.
	sessionKept = knownPrefixLife
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

// Purge deletes sessions, links, mails and failed sign-ins that are over, and entries of the
// activity log that are older than they are kept.
func (a *Accounts) Purge(ctx context.Context) error {
	st, now := store.On(a.Pool), a.Now()
	before := func(remove func(context.Context, time.Time) (int64, error), t time.Time) func(context.Context) (int64, error) {
		return func(ctx context.Context) (int64, error) { return remove(ctx, t) }
	}
	for _, remove := range []func(context.Context) (int64, error){
		before(st.DeleteFailures, domain.ForgetFailuresBefore(now)),
		before(st.DeleteLinks, now.Add(-linkKept)),
		before(st.DeleteMails, now.Add(-mailKept)),
		before(st.DeleteSessions, now.Add(-sessionKept)),
		st.DeleteActivities, st.DeleteActivityValues, st.DeleteActivityAddresses,
	} {
		for {
			n, err := remove(ctx)
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
