package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/store/db"
)

// The lists are written here because their conditions differ from request to request:
// one statement for all of them would get a plan that suits none. Only the schemas'
// columns and parameters enter the text.

// MovementList is what the ledger can be filtered by. Its order is total by the id
// already; the product's id closes it because a list's last column is a UUID.
func MovementList() page.Schema {
	return page.Schema{
		Name: "movements",
		Fields: map[string]page.Field{
			"id":           {Column: "m.id", Kind: page.Number, Order: true},
			"product_id":   {Column: "m.product_id", Kind: page.ID, Filter: true},
			"product_code": {Column: "s.product_code", Kind: page.Text, Filter: true},
			"order_id":     {Column: "m.order_id", Kind: page.ID, Filter: true},
		},
		Order: "id desc", ID: "m.product_id",
	}
}

// movement holds the columns of movements; sqlc makes no model of the table, because no
// generated query reads it.
type movement struct {
	ID          int64      `db:"id"`
	ProductID   uuid.UUID  `db:"product_id"`
	Kind        int16      `db:"kind"`
	Delta       int64      `db:"delta"`
	OnHandAfter int64      `db:"on_hand_after"`
	OrderID     *uuid.UUID `db:"order_id"`
	Reason      string     `db:"reason"`
	Actor       string     `db:"actor"`
	TraceID     string     `db:"trace_id"`
	CreateTime  time.Time  `db:"create_time"`
}

// listedMovement is a row of the ledger, with the code of its product.
type listedMovement struct {
	movement
	ProductCode string `db:"product_code"`
}

// ListMovements reads a page of the ledger.
func (s Store) ListMovements(ctx context.Context, query page.Query) (page.Page[domain.Movement], error) {
	return page.Read(ctx, s.dbtx, query, page.Source{
		Name: "MovementList", Columns: page.Columns[movement]("m") + ", s.product_code", From: "movements m join stock s using (product_id)",
	}, func(row pgx.CollectableRow) (domain.Movement, error) {
		found, err := pgx.RowToStructByName[listedMovement](row)
		return fromDBMovement(found), err
	}, func(m domain.Movement) []any {
		return query.Cursor(map[string]any{"id": m.ID}, m.ProductID)
	})
}

// LowStockList orders stock by scarcity; only what is sold is in it unless a filter names
// a status.
func LowStockList() page.Schema {
	return page.Schema{
		Name: "low stock",
		Fields: map[string]page.Field{
			"available":    {Column: "(s.on_hand - s.reserved)", Kind: page.Number, Order: true},
			"product_code": {Column: "s.product_code", Kind: page.Text, Filter: true},
			"status": {
				// A product whose status is not known yet counts as sold.
				Column: "coalesce(p.status, 2)", Kind: page.Enum, Filter: true,
				Prefix: "PRODUCT_STATUS_", Values: map[string]any{"DRAFT": int16(domain.Draft), "ACTIVE": int16(domain.Active), "ARCHIVED": int16(domain.Archived)},
			},
		},
		Order: "available", Filter: "status = ACTIVE", ID: "s.product_id",
	}
}

// ListLowStock reads a page of products of which at most threshold is available. It reads
// the whole table: what is available has no index, because every order changes it.
func (s Store) ListLowStock(ctx context.Context, threshold int64, query page.Query) (page.Page[domain.Stock], error) {
	return page.Read(ctx, s.dbtx, query, page.Source{
		Name: "StockListLow", Columns: page.Columns[db.Stock]("s"), From: "stock s left join products p using (product_id)",
		Where: func(param func(any) string) []string {
			return []string{"s.on_hand - s.reserved <= " + param(threshold)}
		},
	}, func(row pgx.CollectableRow) (domain.Stock, error) {
		found, err := pgx.RowToStructByName[db.Stock](row)
		return fromDBStock(found), err
	}, func(row domain.Stock) []any {
		return query.Cursor(map[string]any{"available": row.Available()}, row.ProductID())
	})
}
