// Package store keeps the versions of the settings in PostgreSQL. Every statement is a
// method of Store: the queries are in queries/, what sqlc makes of them in db/; list.go
// holds the list, whose statement depends on the request.
//
// Lock order: there is one table, and a writer locks it whole.
package store

import (
	"context"
	"fmt"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/config/internal/domain"
	"github.com/shopmesh/shopmesh/services/config/internal/store/db"
)

// Store runs statements on a pool or in a transaction.
type Store struct {
	dbtx pg.DBTX
	q    *db.Queries
}

// On returns the statements of config on a *pg.Pool or a *pg.Tx.
func On(dbtx pg.DBTX) Store { return Store{dbtx: dbtx, q: db.New(dbtx)} }

// Lock has the writers take turns until the transaction ends.
func (s Store) Lock(ctx context.Context) error { return s.q.SettingsVersionsLock(ctx) }

// Newest returns the version that holds, of each context that has one.
func (s Store) Newest(ctx context.Context) (map[string]domain.Version, error) {
	rows, err := s.q.SettingsVersionsNewest(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the settings: %w", err)
	}
	newest := make(map[string]domain.Version, len(rows))
	for _, row := range rows {
		newest[row.Context] = fromDB(row)
	}
	return newest, nil
}

// Current returns the version of a context that holds; version 0 when it has none.
func (s Store) Current(ctx context.Context, name string) (domain.Version, error) {
	row, err := s.q.SettingsVersionCurrent(ctx, name)
	if pg.IsNoRows(err) {
		return domain.Version{Context: name}, nil
	}
	if err != nil {
		return domain.Version{}, fmt.Errorf("read the settings of %s: %w", name, err)
	}
	return fromDB(row), nil
}

// Version returns a version of a context; 0 is that nothing was set. Errors:
// SETTINGS_VERSION_NOT_FOUND.
func (s Store) Version(ctx context.Context, name string, version int64) (domain.Version, error) {
	if version == 0 {
		return domain.Version{Context: name}, nil
	}
	row, err := s.q.SettingsVersionGet(ctx, db.SettingsVersionGetParams{Context: name, Version: version})
	if pg.IsNoRows(err) {
		return domain.Version{}, domain.ErrVersionNotFound(name, version)
	}
	if err != nil {
		return domain.Version{}, fmt.Errorf("read version %d of the settings of %s: %w", version, name, err)
	}
	return fromDB(row), nil
}

// Insert stores a version.
func (s Store) Insert(ctx context.Context, v domain.Version) error {
	return s.q.SettingsVersionInsert(ctx, db.SettingsVersionInsertParams{
		Context: v.Context, Version: v.Version, ID: v.ID, Value: v.Value, Actor: v.Actor,
		ChangedPaths: v.ChangedPaths, RestoredVersion: v.Restored, CreateTime: v.Time,
	})
}

// Count returns how many versions there are, of all contexts: they are never deleted, so
// another number shows that something changed.
func (s Store) Count(ctx context.Context) (int64, error) { return s.q.SettingsVersionsCount(ctx) }
