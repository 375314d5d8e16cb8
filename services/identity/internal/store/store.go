// Package store keeps what identity knows in PostgreSQL. Every statement is a method of
// Store: the queries are in queries/, what sqlc makes of them in db/.
//
// Lock order: erased_customers (the whole table, by erasures and by what makes an account or
// a link), who owns the shop (LockOwners), accounts, sessions, links, api_keys, mail_requests,
// mails, sign_in_failures, each by id. signing_keys (the whole table, by whoever adds or removes
// keys) is locked alone.
package store

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store/db"
)

// Store runs statements on a pool or in a transaction.
type Store struct {
	dbtx pg.DBTX
	q    *db.Queries
	// sealing is set for accounts, whose second factors are kept encrypted.
	sealing domain.SealingKey
}

// On returns the statements of identity on a *pg.Pool or a *pg.Tx.
func On(dbtx pg.DBTX) Store { return Store{dbtx: dbtx, q: db.New(dbtx)} }

// IsMigrated reports whether the context ever started on the database.
func (s Store) IsMigrated(ctx context.Context) (bool, error) {
	var there bool
	err := s.dbtx.QueryRow(ctx, "select to_regclass('signing_keys') is not null").Scan(&there)
	return there, err
}

// HasAccounts reports whether the context was started since it has accounts.
func (s Store) HasAccounts(ctx context.Context) (bool, error) {
	var there bool
	err := s.dbtx.QueryRow(ctx, "select to_regclass('accounts') is not null").Scan(&there)
	return there, err
}

// Sealing returns the statements with what encrypts secrets.
func (s Store) Sealing(key domain.SealingKey) Store {
	s.sealing = key
	return s
}
