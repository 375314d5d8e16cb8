package store

import (
	"context"
	"fmt"

	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store/db"
)

// LockSigningKeys locks the signing keys against every other rotation.
func (s Store) LockSigningKeys(ctx context.Context) error { return s.q.SigningKeyLock(ctx) }

// SigningKeys returns all signing keys, the newest first.
func (s Store) SigningKeys(ctx context.Context) (domain.SigningKeys, error) {
	rows, err := s.q.SigningKeyList(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the signing keys: %w", err)
	}
	keys := make(domain.SigningKeys, len(rows))
	for i, row := range rows {
		keys[i] = fromDBSigningKey(row)
	}
	return keys, nil
}

// InsertSigningKey stores a new key.
func (s Store) InsertSigningKey(ctx context.Context, k domain.SigningKey) error {
	return s.q.SigningKeyInsert(ctx, db.SigningKeyInsertParams{
		Kid: k.KID, PublicJwk: k.PublicJWK, SealedKey: k.Sealed, CreateTime: k.CreateTime, ActivateTime: k.ActivateTime,
	})
}

// RetireSigningKey stores the ends of a key that another follows.
func (s Store) RetireSigningKey(ctx context.Context, k domain.SigningKey) error {
	return s.q.SigningKeyRetire(ctx, db.SigningKeyRetireParams{RetireTime: k.RetireTime, ExpireTime: k.ExpireTime, Kid: k.KID})
}

// DeleteSigningKeys removes keys.
func (s Store) DeleteSigningKeys(ctx context.Context, kids []string) error {
	return s.q.SigningKeyDelete(ctx, kids)
}

// DeleteAllSigningKeys removes every key.
func (s Store) DeleteAllSigningKeys(ctx context.Context) error { return s.q.SigningKeyDeleteAll(ctx) }
