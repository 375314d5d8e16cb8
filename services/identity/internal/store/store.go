// Package store keeps what identity knows in PostgreSQL. Every statement is a method of
// Store: the queries are in queries/, what sqlc makes of them in db/.
//
// Lock order: signing_keys (the whole table, by whoever adds or removes keys) is locked
// alone.
package store

import (
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/store/db"
)

// Store runs statements on a pool or in a transaction.
type Store struct {
	q *db.Queries
}

// On returns the statements of identity on a *pg.Pool or a *pg.Tx.
func On(dbtx pg.DBTX) Store { return Store{q: db.New(dbtx)} }
