package app

import (
	"context"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/protoconv"
)

// CreateAPIKey makes a key of the caller's, and returns it, which is the only time that it
// is shown. The same request sent again under its request id, which is uuid.Nil where the caller
// gave none, is answered with the same key and another secret. Errors: ACCOUNT_NOT_FOUND,
// INVALID_FIELD, PERMISSION_DENIED, REQUEST_ID_REUSED, ROLE_ESCALATION.
func (a *Accounts) CreateAPIKey(ctx context.Context, requestID uuid.UUID, request proto.Message,
	name string, permissions []domain.Permission, expire time.Time,
) (domain.APIKeySnapshot, string, error) {
	id, _, err := caller(ctx)
	if err != nil {
		return domain.APIKeySnapshot{}, "", err
	}
	keyID := a.NewID()
	secret, hash := newSecret(keyID)
	key, err := domain.NewAPIKey(keyID, hash, name, permissions, id, a.Now(), expire, a.Settings().MaxAPIKeyLife)
	if err != nil {
		return domain.APIKeySnapshot{}, "", err
	}
	made, err := a.once(ctx, "CreateApiKey", requestID, request, func(ctx context.Context, tx *pg.Tx) (uuid.UUID, error) {
		creator, err := a.on(tx).LockAccount(ctx, id)
		if err != nil {
			return uuid.Nil, err
		}
		if err := domain.MayGrant(creator.Snapshot().Actor(), false, permissions); err != nil {
			return uuid.Nil, err
		}
		activity.Changed(ctx, "apiKeys/"+keyID.String(), nil, protoconv.APIKey(key.Snapshot()))
		return keyID, a.on(tx).InsertAPIKey(ctx, key)
	})
	if err != nil {
		return domain.APIKeySnapshot{}, "", err
	}
	if made != keyID {
		return a.reissue(ctx, requestID, id, made)
	}
	return key.Snapshot(), secret, nil
}

// reissue gives the key that a request made another secret: the first one is kept nowhere, and
// its answer was lost. Errors: ACCOUNT_NOT_FOUND, REQUEST_ID_REUSED, ROLE_ESCALATION.
func (a *Accounts) reissue(ctx context.Context, requestID, creatorID, keyID uuid.UUID) (domain.APIKeySnapshot, string, error) {
	secret, hash := newSecret(keyID)
	var after domain.APIKeySnapshot
	err := a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		creator, err := a.on(tx).LockAccount(ctx, creatorID)
		if err != nil {
			return err
		}
		key, err := a.on(tx).LockAPIKey(ctx, keyID)
		if err != nil {
			return err
		}
		if err := domain.MayGrant(creator.Snapshot().Actor(), false, key.Snapshot().Permissions); err != nil {
			return err
		}
		key, unused := key.Reissue(hash)
		if !unused {
			return domain.ErrAPIKeyInUse(requestID, keyID)
		}
		after = key.Snapshot()
		activity.Changed(ctx, "apiKeys/"+keyID.String(), nil, nil)
		return a.on(tx).ReissueAPIKey(ctx, key)
	})
	return after, secret, err
}
