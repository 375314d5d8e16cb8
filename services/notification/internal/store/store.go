// Package store keeps the mails in PostgreSQL. Queries are in queries/*.sql and
// generated into db; list.go holds the list, whose statement depends on the request.
//
// Lock order: erased_customers (the table), notifications (id), then erased_customers
// and erased_orders by row.
package store

import (
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/notification/internal/store/db"
)

// Store runs statements on a pool or in a transaction.
type Store struct {
	dbtx pg.DBTX
	q    *db.Queries
}

// On returns the statements of notification on a *pg.Pool or a *pg.Tx.
func On(dbtx pg.DBTX) Store { return Store{dbtx: dbtx, q: db.New(dbtx)} }
