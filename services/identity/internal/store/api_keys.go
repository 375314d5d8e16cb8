package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store/db"
)

// InsertAPIKey stores a new key.
func (s Store) InsertAPIKey(ctx context.Context, key domain.APIKey) error {
	k := key.Snapshot()
	return s.q.ApiKeyInsert(ctx, db.ApiKeyInsertParams{
		ID: k.ID, DisplayName: k.DisplayName, Hash: k.Hash, Permissions: toDBPermissions(k.Permissions),
		CreatorID: k.CreatorID, CreateTime: k.CreateTime, ExpireTime: k.ExpireTime,
	})
}

// APIKey reads a key. Errors: API_KEY_NOT_FOUND.
func (s Store) APIKey(ctx context.Context, id uuid.UUID) (domain.APIKey, error) {
	row, err := s.q.ApiKeyGet(ctx, id)
	return readAPIKey(row, err, id)
}

// LockAPIKey locks and reads a key. Errors: API_KEY_NOT_FOUND.
func (s Store) LockAPIKey(ctx context.Context, id uuid.UUID) (domain.APIKey, error) {
	row, err := s.q.ApiKeyLock(ctx, id)
	return readAPIKey(row, err, id)
}

func readAPIKey(row db.ApiKey, err error, id uuid.UUID) (domain.APIKey, error) {
	if pg.IsNoRows(err) {
		return domain.APIKey{}, domain.ErrAPIKeyNotFound(id)
	}
	if err != nil {
		return domain.APIKey{}, fmt.Errorf("read API key: %w", err)
	}
	return fromDBAPIKey(row), nil
}

func fromDBAPIKey(row db.ApiKey) domain.APIKey {
	return domain.RestoreAPIKey(domain.APIKeySnapshot{
		ID: row.ID, DisplayName: row.DisplayName, Hash: row.Hash, Permissions: fromDBPermissions(row.Permissions), CreatorID: row.CreatorID,
		CreateTime: row.CreateTime, ExpireTime: row.ExpireTime, LastUseTime: timeOf(row.LastUseTime), RevokeTime: timeOf(row.RevokeTime),
	})
}

// RevokeAPIKey stores that a key was revoked.
func (s Store) RevokeAPIKey(ctx context.Context, id uuid.UUID, now time.Time) error {
	return s.q.ApiKeyRevoke(ctx, db.ApiKeyRevokeParams{ID: id, RevokeTime: now})
}

// ReissueAPIKey stores that a key has another secret.
func (s Store) ReissueAPIKey(ctx context.Context, key domain.APIKey) error {
	k := key.Snapshot()
	return s.q.ApiKeyReissue(ctx, db.ApiKeyReissueParams{ID: k.ID, Hash: k.Hash})
}

// UsedAPIKey stores that a key was used, to the minute.
func (s Store) UsedAPIKey(ctx context.Context, id uuid.UUID, now time.Time) error {
	stale := now.Add(-time.Minute)
	return s.q.ApiKeyUsed(ctx, db.ApiKeyUsedParams{ID: id, UseTime: &now, StaleTime: &stale})
}
