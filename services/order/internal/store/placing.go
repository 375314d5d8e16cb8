package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store/db"
)

// PlaceSpec says what has to be known to place a batch of orders.
type PlaceSpec struct {
	Keys  []idempotency.Key
	Codes []string
	// Customers are those who order; nobody's data may be erased.
	Customers []uuid.UUID
	// CappedCustomers and CappedGuests, by e-mail address, are those whose unpaid
	// orders are counted.
	CappedCustomers []uuid.UUID
	CappedGuests    []string
}

// PlaceState is what is known when a batch of orders is placed.
type PlaceState struct {
	Answered        map[idempotency.Key]idempotency.Record
	Products        map[string]domain.Product
	Erased          map[uuid.UUID]bool
	CustomersUnpaid map[uuid.UUID]int
	GuestsUnpaid    map[string]int
}

const (
	selectProducts = `-- name: ProductListForPlacing :many
select id, code, name, currency, amount, status, version from products where code = any($1::text[])`

	selectErased = `-- name: ErasedCustomerListMany :many
select customer_id from erased_customers where customer_id = any($1::uuid[])`

	countCustomersUnpaid = `-- name: OrderCountUnpaidOfCustomers :many
select customer_id, count(*) from orders where customer_id = any($1::uuid[]) and state in (1, 2) group by customer_id`

	// The address is compared in any case, so the one asked for comes back.
	countGuestsUnpaid = `-- name: OrderCountUnpaidOfGuests :many
select k.email, count(*) from unnest($1::text[]) as k(email)
join orders o on o.email = k.email where o.customer_id is null and o.state in (1, 2) group by k.email`
)

// LoadPlacing reads all that has to be known, in one round trip.
func LoadPlacing(ctx context.Context, tx *pg.Tx, want PlaceSpec) (PlaceState, error) {
	known := PlaceState{
		Products: make(map[string]domain.Product, len(want.Codes)), Erased: make(map[uuid.UUID]bool),
		CustomersUnpaid: make(map[uuid.UUID]int), GuestsUnpaid: make(map[string]int),
	}
	rest := &pgx.Batch{}
	rest.Queue(selectProducts, want.Codes).Query(func(rows pgx.Rows) error { return readProducts(rows, known.Products) })
	if len(want.Customers) > 0 {
		rest.Queue(selectErased, want.Customers).Query(func(rows pgx.Rows) error { return readErased(rows, known.Erased) })
	}
	if len(want.CappedCustomers) > 0 {
		rest.Queue(countCustomersUnpaid, want.CappedCustomers).Query(func(rows pgx.Rows) error { return readCounts(rows, known.CustomersUnpaid) })
	}
	if len(want.CappedGuests) > 0 {
		rest.Queue(countGuestsUnpaid, want.CappedGuests).Query(func(rows pgx.Rows) error { return readCounts(rows, known.GuestsUnpaid) })
	}
	trip := &roundTrip{tx: tx, rest: rest}
	var err error
	if known.Answered, err = idempotency.Lookup(ctx, trip, want.Keys); err != nil {
		return known, err
	}
	if err := trip.finish(); err != nil {
		return known, fmt.Errorf("read what an order needs: %w", err)
	}
	return known, nil
}

// roundTrip is a Querier for one query, which takes further statements along:
// their results are read by finish.
type roundTrip struct {
	tx   *pg.Tx
	rest *pgx.Batch
	sent pgx.BatchResults
}

// Query sends the query and the rest.
func (t *roundTrip) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	all := &pgx.Batch{}
	all.Queue(sql, args...)
	all.QueuedQueries = append(all.QueuedQueries, t.rest.QueuedQueries...)
	t.sent = t.tx.SendBatch(ctx, all)
	return t.sent.Query()
}

// QueryRow is not for several statements.
func (t *roundTrip) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return t.tx.QueryRow(ctx, sql, args...)
}

// Exec is queued as always.
func (t *roundTrip) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return t.tx.Exec(ctx, sql, args...)
}

// finish reads the results of the rest.
func (t *roundTrip) finish() error { return t.sent.Close() }

func readProducts(rows pgx.Rows, into map[string]domain.Product) error {
	var p db.Product
	_, err := pgx.ForEachRow(rows, []any{&p.ID, &p.Code, &p.Name, &p.Currency, &p.Amount, &p.Status, &p.Version}, func() error {
		into[p.Code] = fromDBProduct(p)
		return nil
	})
	return err
}

func readErased(rows pgx.Rows, into map[uuid.UUID]bool) error {
	var id uuid.UUID
	_, err := pgx.ForEachRow(rows, []any{&id}, func() error {
		into[id] = true
		return nil
	})
	return err
}

func readCounts[K comparable](rows pgx.Rows, into map[K]int) error {
	var key K
	var count int
	_, err := pgx.ForEachRow(rows, []any{&key, &count}, func() error {
		into[key] = count
		return nil
	})
	return err
}
