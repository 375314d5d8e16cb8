package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store/db"
)

// OrderSchema states what the list of orders can be filtered and ordered by. Numbers,
// e-mail addresses and names are found however they are written.
func OrderSchema() page.Schema {
	return page.Schema{
		Name: "orders",
		Fields: map[string]page.Field{
			"state":       {Column: "o.state", Kind: page.Enum, Values: page.EnumValues(domain.Placed, domain.Cancelled), Prefix: "ORDER_STATE_", Filter: true},
			"number":      {Kind: page.Text, Filter: true, Condition: normalized("o.number", domain.NormalizeNumber)},
			"email":       {Column: "o.email", Kind: page.Email, Filter: true},
			"customer_id": {Column: "o.customer_id", Kind: page.ID, Filter: true},
			"last_name":   {Column: "o.last_name_key", Kind: page.Name, Filter: true},
			"refunded":    {Column: inMajorUnit("o.refunded_amount"), Kind: page.Number, Filter: true},
			"balance":     {Column: inMajorUnit(balance), Kind: page.Number, Filter: true},
			"create_time": {Column: "o.create_time", Kind: page.Time, Filter: true, Order: true},
		},
		Order: "create_time desc", ID: "o.id",
	}
}

// balance is the domain's Snapshot.Balance: what was captured and neither refunded nor taken
// back by a bank in a dispute that was lost.
var balance = fmt.Sprintf(`greatest(0, o.captured_amount - o.refunded_amount - (
  select coalesce(sum((d ->> 'amount')::bigint), 0) from jsonb_array_elements(o.disputes) d where (d ->> 'status')::int = %d))`, domain.DisputeLost)

// normalized compares a column with a value in the form that is stored.
func normalized(column string, form func(string) string) func(string, any, func(any) string) string {
	return func(op string, value any, param func(any) string) string {
		text, _ := value.(string)
		return column + " " + op + " " + param(form(text))
	}
}

// inMajorUnit is an amount in the unit that prices are written in: 12.50 for EUR.
func inMajorUnit(amount string) string {
	return amount + `::numeric / case when o.currency in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 1000
  when o.currency in ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') then 1
  when o.currency in ('CLF', 'UYW') then 10000 else 100 end`
}

// ListOrders reads a page of orders with their lines. With a customer it holds
// only theirs; uuid.Nil means everyone's. The statement is put together, because the
// caller chooses filter and order.
func (s Store) ListOrders(ctx context.Context, query page.Query, customer uuid.UUID) (orders []*domain.Order, next string, err error) {
	var args []any
	where, orderBy := query.SQL(&args)
	if customer != uuid.Nil {
		args = append(args, customer)
		where += fmt.Sprintf(" and o.customer_id = $%d", len(args))
	}
	args = append(args, query.Limit())
	rows, err := s.dbtx.Query(ctx, fmt.Sprintf("-- name: OrderList :many\nselect %s from orders o where %s order by %s limit $%d",
		page.Columns[db.Order]("o"), where, orderBy, len(args)), args...)
	if err != nil {
		return nil, "", fmt.Errorf("list orders: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[db.Order])
	if err != nil {
		return nil, "", fmt.Errorf("list orders: %w", err)
	}
	found, next, err = page.Cut(query, found, func(o db.Order) []any {
		return query.Cursor(map[string]any{"create_time": o.CreateTime}, o.ID)
	})
	if err != nil {
		return nil, "", err
	}
	orders, err = loadParts(ctx, s, found, func(o db.Order) db.Order { return o })
	return orders, next, err
}
