// Package store keeps the customers in PostgreSQL. Every statement is a method of
// Store: the queries are in queries/, what sqlc makes of them in db/; list.go holds
// the list, whose statement depends on the request.
//
// Lock order: customers (id), then that customer's addresses. Erasures of guests are
// locked alone.
package store

import (
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/customer/internal/store/db"
)

// Store runs statements on a pool or in a transaction.
type Store struct {
	dbtx pg.DBTX
	q    *db.Queries
}

// On returns the statements of customer on a *pg.Pool or a *pg.Tx.
func On(dbtx pg.DBTX) Store { return Store{dbtx: dbtx, q: db.New(dbtx)} }
