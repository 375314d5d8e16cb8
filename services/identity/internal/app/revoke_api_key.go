package app

import (
	"context"

	"github.com/google/uuid"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/protoconv"
)

// RevokeAPIKey ends a key: everybody their own, and who may write accounts those of whom they
// may change. For others another's key is as one that is not there. Errors: API_KEY_NOT_FOUND,
// ROLE_ESCALATION, TOKEN_EXPIRED.
func (a *Accounts) RevokeAPIKey(ctx context.Context, id uuid.UUID) (domain.APIKeySnapshot, error) {
	var after domain.APIKeySnapshot
	err := a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		st := a.on(tx)
		found, err := st.APIKey(ctx, id)
		if err != nil {
			return err
		}
		own := authz.Caller(ctx).AccountID == found.Snapshot().CreatorID.String()
		if !own && !authz.Caller(ctx).May(optionsv1.Permission_PERMISSION_ACCOUNTS_WRITE) {
			return domain.ErrAPIKeyNotFound(id)
		}
		creator, err := st.LockAccount(ctx, found.Snapshot().CreatorID)
		if err != nil {
			return err
		}
		if !own {
			by, err := actor(ctx, st)
			if err != nil {
				return err
			}
			if err := creator.MayTouch(by); err != nil {
				return err
			}
		}
		key, err := st.LockAPIKey(ctx, id)
		if err != nil {
			return err
		}
		before := key.Snapshot()
		if after = key.Revoke(a.Now()).Snapshot(); after.Etag() == before.Etag() {
			activity.Unchanged(ctx)
			return nil
		}
		activity.Changed(ctx, "apiKeys/"+id.String(), protoconv.APIKey(before), protoconv.APIKey(after))
		return st.RevokeAPIKey(ctx, id, after.RevokeTime)
	})
	return after, err
}
