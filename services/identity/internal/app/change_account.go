package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/etag"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// change locks an account and the owners, and has decide change it for who calls. When it is
// disabled then, its sessions end. An etag that is set must be the current one, unless nothing is
// left to change.
func (a *Accounts) change(
	ctx context.Context, id uuid.UUID, given string, decide func(account domain.Account, by domain.Actor, owners int) (domain.Account, error),
) (domain.AccountSnapshot, error) {
	activity.About(ctx, "accounts/"+id.String())
	var after domain.AccountSnapshot
	err := a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		st := a.on(tx)
		// The owners first: of two who remove each other at once, the second sees the first.
		owners, err := st.LockOwners(ctx)
		if err != nil {
			return err
		}
		by, err := actor(ctx, st)
		if err != nil {
			return err
		}
		account, err := st.LockAccount(ctx, id)
		if err != nil {
			return err
		}
		before := account.Snapshot()
		next, err := decide(account, by, owners)
		if after = next.Snapshot(); err == nil && after.Version == before.Version {
			// Whatever the etag: a change that was done is not refused when it is sent again.
			activity.Unchanged(ctx)
			return nil
		}
		if stale := etag.Check(given, before.Etag()); stale != nil {
			return stale
		}
		if err != nil {
			return err
		}
		record(ctx, before, after)
		if after.Disabled {
			if err := st.EndSessions(ctx, id, uuid.Nil, a.Now()); err != nil {
				return err
			}
		}
		if after.Owner {
			tx.OnCommit(a.noteOwner)
		}
		return a.save(ctx, tx, next)
	})
	return after, err
}
