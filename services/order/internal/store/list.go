package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// Orders says what the list of orders can be filtered and ordered by. E-mail
// addresses and names compare in any case, by their columns' collation.
func Orders() page.Schema {
	states := make(map[string]any)
	for s := domain.Placed; s <= domain.Cancelled; s++ {
		states[s.String()] = int(s)
	}
	return page.Schema{
		Fields: map[string]page.Field{
			"state":       {Column: "o.state", Kind: page.Enum, Values: states, Filter: true},
			"number":      {Column: "o.number", Kind: page.Text, Filter: true},
			"email":       {Column: "o.email", Kind: page.Text, Filter: true},
			"customer_id": {Column: "o.customer_id", Kind: page.ID, Filter: true},
			"last_name":   {Column: "o.last_name", Kind: page.Text, Filter: true},
			"create_time": {Column: "o.create_time", Kind: page.Time, Filter: true, Order: true},
		},
		Order: "create_time desc", ID: "o.id",
	}
}

// ListOrders reads a page of orders with their lines. With a customer it holds
// only theirs; uuid.Nil means everyone's. The statement is put together from the
// schema's columns, because the caller chooses filter and order.
func ListOrders(ctx context.Context, pool *pg.Pool, query page.Query, customer uuid.UUID) (orders []*domain.Order, next string, err error) {
	var args []any
	where, orderBy := query.SQL(&args)
	if customer != uuid.Nil {
		args = append(args, customer)
		where += fmt.Sprintf(" and o.customer_id = $%d", len(args))
	}
	args = append(args, query.Limit())
	rows, err := pool.Query(ctx, fmt.Sprintf("-- name: OrderList :many\nselect %s from orders o where %s order by %s limit $%d",
		orderColumns, where, orderBy, len(args)), args...)
	if err != nil {
		return nil, "", fmt.Errorf("list orders: %w", err)
	}
	if orders, err = collectOrders(rows); err != nil {
		return nil, "", fmt.Errorf("list orders: %w", err)
	}
	orders, next, err = page.Cut(query, orders, func(o *domain.Order) []any {
		return query.Cursor(map[string]any{"create_time": o.CreateTime}, o.ID)
	})
	if err != nil || len(orders) == 0 {
		return orders, next, err
	}
	return orders, next, AddLines(ctx, pool, orders)
}
