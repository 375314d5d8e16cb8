package app

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/protoconv"
)

// CreateAPIKey makes a key of the caller's, and returns it, which is the only time that it
// is shown. Errors: ACCOUNT_NOT_FOUND, INVALID_FIELD, PERMISSION_DENIED, ROLE_ESCALATION.
func (a *Accounts) CreateAPIKey(ctx context.Context, name string, permissions []domain.Permission, expire time.Time) (domain.APIKeySnapshot, string, error) {
	id, _, err := caller(ctx)
	if err != nil {
		return domain.APIKeySnapshot{}, "", err
	}
	keyID := a.NewID()
	payload := make([]byte, keyIDBytes+keySecretBytes)
	copy(payload, keyID[:])
	_, _ = rand.Read(payload[keyIDBytes:]) // it never fails
	secret := token.Format(token.APIKey, payload)
	hash := token.Hash(secret)
	key, err := domain.NewAPIKey(keyID, hash[:], name, permissions, id, a.Now(), expire, a.Settings().MaxAPIKeyLife)
	if err != nil {
		return domain.APIKeySnapshot{}, "", err
	}
	err = a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		creator, err := a.on(tx).LockAccount(ctx, id)
		if err != nil {
			return err
		}
		if err := domain.MayGrant(creator.Snapshot().Actor(), false, permissions); err != nil {
			return err
		}
		activity.Changed(ctx, "apiKeys/"+keyID.String(), nil, protoconv.APIKey(key.Snapshot()))
		return a.on(tx).InsertAPIKey(ctx, key)
	})
	return key.Snapshot(), secret, err
}
