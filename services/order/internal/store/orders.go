// Package store reads and writes what order keeps. Statements that sqlc can say
// stand in queries/; here stand those that it can't: several statements in one
// round trip, filters that a caller composes, and rows read one by one.
//
// Lock order: idempotency (request_id), then orders (id), then the rest, which is
// reached only under the order's lock.
package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store/db"
)

// orderColumns is an order without its lines and its history; wayColumns lacks the
// address too, which nothing needs that happens on the order's way.
const (
	orderColumns = beforeAddress + `o.shipping_address` + behindAddress
	wayColumns   = beforeAddress + `null::jsonb` + behindAddress

	beforeAddress = `o.id, o.number, o.state, o.cancel_reason, o.cancel_note, o.version,
	o.awaiting_version, o.confirmed_version, o.cancelled_version, o.shipped_version,
	o.awaits, o.due_time, o.retry_count, o.last_published_time, o.expire_time,
	o.currency, o.subtotal_amount, o.total_amount, o.captured_amount, o.refunded_amount, o.adjustments,
	o.payment_id, o.payment_method, o.customer_id, o.first_name, o.last_name, o.email, o.phone, `

	behindAddress = `, o.erased, o.shipment_id, o.carrier, o.tracking_code, o.ship_time, o.deliver_time,
	o.create_time, o.update_time`
)

func scanOrder(row pgx.Row) (*domain.Order, error) {
	var o domain.Order
	var currency string
	var adjustments, address []byte
	var customer, shipment *uuid.UUID
	var due, expire, ship, deliver *time.Time
	err := row.Scan(&o.ID, &o.Number, &o.State, &o.CancelReason, &o.CancelNote, &o.Version,
		&o.First.AwaitingPayment, &o.First.Confirmed, &o.First.Cancelled, &o.First.Shipped,
		&o.Awaits, &due, &o.RetryCount, &o.LastPublishedTime, &expire,
		&currency, &o.Subtotal.Amount, &o.Total.Amount, &o.Captured.Amount, &o.Refunded.Amount, &adjustments,
		&o.PaymentID, &o.PaymentMethod, &customer, &o.Contact.FirstName, &o.Contact.LastName, &o.Contact.Email, &o.Contact.Phone,
		&address, &o.Erased, &shipment, &o.Shipment.Carrier, &o.Shipment.TrackingCode, &ship, &deliver,
		&o.CreateTime, &o.UpdateTime)
	if err != nil {
		return nil, err
	}
	for _, amount := range []*money.Money{&o.Subtotal, &o.Total, &o.Captured, &o.Refunded} {
		amount.Currency = currency
	}
	o.CustomerID, o.Shipment.ID = orNil(customer), orNil(shipment)
	o.DueTime, o.ExpireTime = orZero(due), orZero(expire)
	o.Shipment.ShipTime, o.Shipment.DeliverTime = orZero(ship), orZero(deliver)
	if o.Adjustments, err = fromDBAdjustments(adjustments, currency); err != nil {
		return nil, fmt.Errorf("order %s: %w", o.ID, err)
	}
	return &o, readAddress(address, &o)
}

func collectOrders(rows pgx.Rows) ([]*domain.Order, error) {
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*domain.Order, error) { return scanOrder(row) })
}

const (
	lockOrders = `-- name: OrderLockMany :many
select ` + orderColumns + ` from orders o where o.id = any($1::uuid[]) order by o.id for update`

	lockOnTheirWay = `-- name: OrderLockOnTheirWay :many
select ` + wayColumns + ` from orders o where o.id = any($1::uuid[]) order by o.id for update`

	// The index alone finds due orders; those that another sweeper holds are its own.
	lockDueOrders = `-- name: OrderLockDue :many
select ` + orderColumns + ` from orders o where o.due_time <= $1 order by o.due_time limit $2 for update skip locked`

	selectLines = `-- name: OrderLineListMany :many
select order_id, product_id, product_code, name, unit_amount, quantity
from order_lines where order_id = any($1::uuid[]) order by order_id, position`

	selectAddresses = `-- name: OrderAddressListMany :many
select id, shipping_address from orders where id = any($1::uuid[])`

	// A statement of its own behind the lock: it sees what the last holder wrote.
	selectRefunds = `-- name: OrderRefundListMany :many
select order_id, refund_id, amount, refunded_amount, reason, version, mail_awaited
from order_refunds where order_id = any($1::uuid[]) order by order_id, version`
)

// LockOrders locks orders in the order of their ids and loads what is wanted of
// them, in one round trip. Orders that do not exist are left out, and addresses
// unless they or lines are wanted.
func LockOrders(ctx context.Context, tx *pg.Tx, want domain.LoadSpec) (map[uuid.UUID]*domain.Order, error) {
	b := &pgx.Batch{}
	if want.Addresses || len(want.Lines) > 0 {
		b.Queue(lockOrders, want.Orders)
	} else {
		b.Queue(lockOnTheirWay, want.Orders)
	}
	if len(want.Lines) > 0 {
		b.Queue(selectLines, want.Lines)
	}
	if len(want.Refunds) > 0 {
		b.Queue(selectRefunds, want.Refunds)
	}
	res := tx.SendBatch(ctx, b)
	defer func() { _ = res.Close() }()
	found := make(map[uuid.UUID]*domain.Order, len(want.Orders))
	rows, err := res.Query()
	if err != nil {
		return nil, fmt.Errorf("lock orders: %w", err)
	}
	orders, err := collectOrders(rows)
	if err != nil {
		return nil, fmt.Errorf("lock orders: %w", err)
	}
	for _, o := range orders {
		found[o.ID] = o
	}
	if len(want.Lines) > 0 {
		if err := readInto(res, found, readLines); err != nil {
			return nil, err
		}
	}
	if len(want.Refunds) > 0 {
		if err := readInto(res, found, readRefunds); err != nil {
			return nil, err
		}
	}
	return found, res.Close()
}

// LockDue locks at most limit orders that are to be swept at, leaving out those
// that others hold.
func LockDue(ctx context.Context, tx *pg.Tx, now time.Time, limit int) ([]*domain.Order, error) {
	// After an outage very many are due: the index is to be read in its order and
	// only as far as the limit, not to be sorted as a whole for every batch.
	if _, err := tx.Exec(ctx, `set local enable_bitmapscan = off`); err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, lockDueOrders, now, limit)
	if err != nil {
		return nil, fmt.Errorf("lock due orders: %w", err)
	}
	return collectOrders(rows)
}

// AddNotices loads lines and addresses of orders that were read without them, in
// one round trip.
func AddNotices(ctx context.Context, q pg.DBTX, orders []*domain.Order) error {
	found, ids := index(orders)
	for _, o := range orders {
		o.Lines = nil
	}
	b := &pgx.Batch{}
	b.Queue(selectLines, ids)
	b.Queue(selectAddresses, ids)
	res := q.SendBatch(ctx, b)
	defer func() { _ = res.Close() }()
	if err := readInto(res, found, readLines); err != nil {
		return err
	}
	if err := readInto(res, found, readAddresses); err != nil {
		return err
	}
	return res.Close()
}

// AddLines loads the lines of orders that were read without them.
func AddLines(ctx context.Context, q pg.Querier, orders []*domain.Order) error {
	found, ids := index(orders)
	for _, o := range orders {
		o.Lines = nil
	}
	rows, err := q.Query(ctx, selectLines, ids)
	if err != nil {
		return fmt.Errorf("read lines: %w", err)
	}
	return readLines(rows, found)
}

func index(orders []*domain.Order) (found map[uuid.UUID]*domain.Order, ids []uuid.UUID) {
	found = make(map[uuid.UUID]*domain.Order, len(orders))
	for _, o := range orders {
		found[o.ID] = o
		ids = append(ids, o.ID)
	}
	return found, ids
}

// AddParts loads lines and refunds of orders that were read without them, in one
// round trip.
func AddParts(ctx context.Context, q pg.DBTX, orders []*domain.Order) error {
	found, ids := index(orders)
	for _, o := range orders {
		o.Lines, o.Refunds = nil, nil
	}
	b := &pgx.Batch{}
	b.Queue(selectLines, ids)
	b.Queue(selectRefunds, ids)
	res := q.SendBatch(ctx, b)
	defer func() { _ = res.Close() }()
	if err := readInto(res, found, readLines); err != nil {
		return err
	}
	if err := readInto(res, found, readRefunds); err != nil {
		return err
	}
	return res.Close()
}

func readInto(res pgx.BatchResults, found map[uuid.UUID]*domain.Order, read func(pgx.Rows, map[uuid.UUID]*domain.Order) error) error {
	rows, err := res.Query()
	if err != nil {
		return fmt.Errorf("read an order's parts: %w", err)
	}
	if err := read(rows, found); err != nil {
		return fmt.Errorf("read an order's parts: %w", err)
	}
	return nil
}

func readLines(rows pgx.Rows, found map[uuid.UUID]*domain.Order) error {
	var id uuid.UUID
	var line domain.Line
	_, err := pgx.ForEachRow(rows, []any{&id, &line.ProductID, &line.Code, &line.Name, &line.UnitPrice.Amount, &line.Quantity}, func() error {
		o, ok := found[id]
		if !ok {
			return nil
		}
		line.UnitPrice.Currency = o.Currency()
		total, err := line.UnitPrice.Mul(int64(line.Quantity))
		if err != nil {
			return fmt.Errorf("order %s: %w", id, err)
		}
		line.Total = total
		o.Lines = append(o.Lines, line)
		return nil
	})
	return err
}

func readAddresses(rows pgx.Rows, found map[uuid.UUID]*domain.Order) error {
	var id uuid.UUID
	var address []byte
	_, err := pgx.ForEachRow(rows, []any{&id, &address}, func() error {
		if o, ok := found[id]; ok {
			return readAddress(address, o)
		}
		return nil
	})
	return err
}

func readAddress(text []byte, o *domain.Order) error {
	if len(text) <= len("{}") {
		return nil
	}
	if err := json.Unmarshal(text, &o.Address); err != nil {
		return fmt.Errorf("address of order %s: %w", o.ID, err)
	}
	return nil
}

func readRefunds(rows pgx.Rows, found map[uuid.UUID]*domain.Order) error {
	var id uuid.UUID
	var refund domain.Refund
	_, err := pgx.ForEachRow(rows, []any{
		&id, &refund.ID, &refund.Amount.Amount, &refund.Refunded.Amount, &refund.Reason, &refund.Version, &refund.MailAwaited,
	}, func() error {
		if o, ok := found[id]; ok {
			refund.Amount.Currency, refund.Refunded.Currency = o.Currency(), o.Currency()
			o.Refunds = append(o.Refunds, refund)
		}
		return nil
	})
	return err
}

// GetOrder reads an order with its lines and history; nil when there is none.
func GetOrder(ctx context.Context, q pg.DBTX, id uuid.UUID) (*domain.Order, []domain.Entry, error) {
	b := &pgx.Batch{}
	b.Queue(`-- name: OrderGet :one
select `+orderColumns+` from orders o where o.id = $1`, id)
	b.Queue(selectLines, []uuid.UUID{id})
	b.Queue(selectHistory, id)
	res := q.SendBatch(ctx, b)
	defer func() { _ = res.Close() }()
	rows, err := res.Query()
	if err != nil {
		return nil, nil, fmt.Errorf("read order %s: %w", id, err)
	}
	orders, err := collectOrders(rows)
	if err != nil || len(orders) == 0 {
		return nil, nil, err
	}
	o := orders[0]
	if err := readInto(res, map[uuid.UUID]*domain.Order{id: o}, readLines); err != nil {
		return nil, nil, err
	}
	if rows, err = res.Query(); err != nil {
		return nil, nil, fmt.Errorf("read the history of order %s: %w", id, err)
	}
	history, err := pgx.CollectRows(rows, scanEntry)
	if err != nil {
		return nil, nil, fmt.Errorf("read the history of order %s: %w", id, err)
	}
	return o, history, res.Close()
}

const selectHistory = `-- name: OrderHistoryOf :many
select version, state, cancel_reason, note, actor, trace_id, create_time from order_history where order_id = $1 order by version`

func scanEntry(row pgx.CollectableRow) (domain.Entry, error) {
	var e domain.Entry
	err := row.Scan(&e.Version, &e.State, &e.CancelReason, &e.Note, &e.Actor, &e.TraceID, &e.Time)
	return e, err
}

// LockOrdersOfCustomer locks up to limit orders of a customer that still hold
// personal data.
func LockOrdersOfCustomer(ctx context.Context, tx *pg.Tx, customer uuid.UUID, limit int) ([]*domain.Order, error) {
	rows, err := tx.Query(ctx, `-- name: OrderLockOfCustomer :many
select `+orderColumns+` from orders o where o.customer_id = $1 and not o.erased order by o.id limit $2 for update`, customer, limit)
	if err != nil {
		return nil, fmt.Errorf("lock the orders of a customer: %w", err)
	}
	return collectOrders(rows)
}

// History reads an order's history, oldest first.
func History(ctx context.Context, q pg.Querier, id uuid.UUID) ([]domain.Entry, error) {
	rows, err := q.Query(ctx, selectHistory, id)
	if err != nil {
		return nil, fmt.Errorf("read the history of order %s: %w", id, err)
	}
	return pgx.CollectRows(rows, scanEntry)
}

// NextDue is when the sweeper has to look next; zero when there is nothing to look
// for.
func NextDue(ctx context.Context, q pg.Querier) (time.Time, error) {
	due, err := db.New(q).OrderOldestDue(ctx)
	if pg.IsNoRows(err) {
		return time.Time{}, nil
	}
	return due, err
}

// ErasedWithOrders names customers whose erasure is not settled and who still have an
// order with personal data.
func ErasedWithOrders(ctx context.Context, q pg.Querier) ([]uuid.UUID, error) {
	return db.New(q).ErasedCustomerListWithOrders(ctx)
}

// CompleteErasures notes of up to a thousand customers who were erased before a time that
// nothing is left of them, where that is so.
func CompleteErasures(ctx context.Context, q pg.Querier, before time.Time) error {
	customers, err := db.New(q).ErasedCustomerListWithoutOrders(ctx, before)
	if err != nil || len(customers) == 0 {
		return err
	}
	return db.New(q).ErasedCustomerComplete(ctx, customers)
}
