package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
)

// Auditor reads everything, row by row. Its queries are written here because
// generated code gathers a result before it returns it.
type Auditor struct{ tx pgx.Tx }

// Audit returns the Auditor of a transaction, whose snapshot it reads.
func Audit(tx pgx.Tx) Auditor { return Auditor{tx} }

// AuditedOrder is an order's reservation and the net change that the ledger holds
// for it. State is 0 when there is no reservation.
type AuditedOrder struct {
	OrderID uuid.UUID
	State   domain.State
	Lines   []domain.Line
	Ledger  []domain.Line
}

// EachOrder reads the orders by id.
func (a Auditor) EachOrder(ctx context.Context, each func(AuditedOrder) error) error {
	rows, err := a.tx.Query(ctx, `-- name: AuditOrders :many
		select coalesce(r.order_id, l.order_id) as order_id, coalesce(r.state, 0),
		       r.product_ids, r.quantities, l.product_ids, l.deltas
		from reservations r
		full join (
		  select order_id, array_agg(product_id order by product_id) as product_ids, array_agg(delta order by product_id) as deltas
		  from (
		    select order_id, product_id, sum(delta)::bigint as delta
		    from movements where order_id is not null
		    group by order_id, product_id
		  ) net
		  group by order_id
		) l using (order_id)
		order by 1`)
	if err != nil {
		return fmt.Errorf("read reservations: %w", err)
	}
	var order uuid.UUID
	var state int16
	var reserved, moved []uuid.UUID
	var quantities []int32
	var deltas []int64
	_, err = pgx.ForEachRow(rows, []any{&order, &state, &reserved, &quantities, &moved, &deltas}, func() error {
		row := AuditedOrder{OrderID: order, State: domain.State(state)}
		for i, id := range reserved {
			row.Lines = append(row.Lines, domain.Line{ProductID: id, Quantity: int64(quantities[i])})
		}
		for i, id := range moved {
			row.Ledger = append(row.Ledger, domain.Line{ProductID: id, Quantity: deltas[i]})
		}
		return each(row)
	})
	return err
}

// LedgerBreak is the first movement of a product whose on_hand_after is not the
// sum of the deltas so far, or where that sum is negative.
type LedgerBreak struct {
	ProductID   uuid.UUID
	MovementID  int64
	OnHandAfter int64
	Running     int64
}

// EachBreak reads the breaks, at most one per product.
func (a Auditor) EachBreak(ctx context.Context, each func(LedgerBreak) error) error {
	rows, err := a.tx.Query(ctx, `-- name: AuditLedger :many
		select distinct on (product_id) product_id, id, on_hand_after, running
		from (
		  select product_id, id, on_hand_after,
		         (sum(delta) over (partition by product_id order by id rows unbounded preceding))::bigint as running
		  from movements
		) m
		where running <> on_hand_after or running < 0
		order by product_id, id`)
	if err != nil {
		return fmt.Errorf("read the ledger: %w", err)
	}
	var row LedgerBreak
	_, err = pgx.ForEachRow(rows, []any{&row.ProductID, &row.MovementID, &row.OnHandAfter, &row.Running}, func() error { return each(row) })
	return err
}

// AuditedStock is a product whose stock, ledger and reservations disagree.
type AuditedStock struct {
	ProductID        uuid.UUID
	OnHand, Reserved int64
	// LedgerSum is the sum of its movements.
	LedgerSum int64
	// ReservationSum is what orders hold: the reservations that are RESERVED.
	ReservationSum int64
}

// EachStock reads the products that disagree, by id. A product without stock
// counts as one with none.
func (a Auditor) EachStock(ctx context.Context, each func(AuditedStock) error) error {
	rows, err := a.tx.Query(ctx, `-- name: AuditStock :many
		select * from (
		  select product_id, coalesce(s.on_hand, 0) as on_hand, coalesce(s.reserved, 0) as reserved,
		         coalesce(l.total, 0) as ledger, coalesce(r.total, 0) as held
		  from stock s
		  full join (select product_id, sum(delta)::bigint as total from movements group by product_id) l using (product_id)
		  full join (
		    select product_id, sum(quantity)::bigint as total
		    from reservations, unnest(product_ids, quantities) as line(product_id, quantity)
		    where state = 1
		    group by product_id
		  ) r using (product_id)
		) p
		where on_hand <> ledger or reserved <> held or reserved < 0 or on_hand < reserved
		order by product_id`)
	if err != nil {
		return fmt.Errorf("read the stock: %w", err)
	}
	var row AuditedStock
	_, err = pgx.ForEachRow(rows, []any{&row.ProductID, &row.OnHand, &row.Reserved, &row.LedgerSum, &row.ReservationSum},
		func() error { return each(row) })
	return err
}
