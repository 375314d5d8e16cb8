// Package store keeps the catalog in PostgreSQL. Every statement is a method of
// Store: the queries are in queries/, what sqlc makes of them in db/; list.go holds
// the lists, whose statements depend on the request.
//
// Lock order: categories (the whole table, by whoever changes the tree), products
// (id), availability (product_id).
package store

import (
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store/db"
)

// Store runs statements on a pool or in a transaction.
type Store struct {
	dbtx pg.DBTX
	q    *db.Queries
}

// On returns the catalog's statements on a *pg.Pool or a *pg.Tx.
func On(dbtx pg.DBTX) Store { return Store{dbtx: dbtx, q: db.New(dbtx)} }
