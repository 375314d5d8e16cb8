// Package store reads and writes the tables of inventory. Queries are in
// queries/*.sql and generated into db; what sqlc can't express is written with pgx
// beside them, with the reason.
//
// A transaction that locks rows of several tables locks products by product_id first,
// then reservations by order_id, then stock by product_id.
package store

import (
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/inventory/internal/store/db"
)

// Store runs statements on a pool or in a transaction.
type Store struct {
	dbtx pg.DBTX
	q    *db.Queries
}

// On returns the statements of inventory on a *pg.Pool or a *pg.Tx.
func On(dbtx pg.DBTX) Store { return Store{dbtx: dbtx, q: db.New(dbtx)} }
