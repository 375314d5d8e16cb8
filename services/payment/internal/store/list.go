package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store/db"
)

// Payments is what the list of payments can be filtered by. It is ordered by id,
// newest first: ids are UUIDv7.
func Payments() page.Schema {
	statuses := map[string]any{}
	for s := domain.PaymentPending; s <= domain.PaymentRefunded; s++ {
		statuses[s.String()] = int16(s)
	}
	return page.Schema{
		Fields: map[string]page.Field{
			"order_id":  {Column: "order_id", Kind: page.ID, Filter: true},
			"reference": {Column: "reference", Kind: page.Text, Filter: true},
			"status":    {Column: "status", Kind: page.Enum, Values: statuses, Filter: true},
			"id":        {Column: "id", Kind: page.ID, Order: true},
		},
		Order: "id desc",
		ID:    "id",
	}
}

const paymentColumns = `id, order_id, reference, currency, amount, captured, refunded, status, method, provider,
	provider_charge_id, failure_code, order_cancelled, attempt_count, due_time, version, traceparent, create_time, update_time`

// List reads the payments of a page, and one more when another page follows. It is
// written here because sqlc has no way to leave conditions out; the condition's
// text comes from the schema alone, values are parameters.
func List(ctx context.Context, pool *pg.Pool, query page.Query) ([]domain.Payment, error) {
	var args []any
	where, order := query.SQL(&args)
	args = append(args, query.Limit())
	rows, err := pool.Query(ctx, fmt.Sprintf("select %s from payments where %s order by %s limit $%d",
		paymentColumns, where, order, len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("list payments: %w", err)
	}
	payments, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (domain.Payment, error) {
		found, err := pgx.RowToStructByPos[db.Payment](row)
		return fromDBPayment(found), err
	})
	if err != nil {
		return nil, fmt.Errorf("list payments: %w", err)
	}
	return payments, nil
}

// Refunds is how the list of a payment's refunds is paged: by id, oldest first.
func Refunds() page.Schema { return page.Schema{ID: "id"} }

// ListRefunds reads the refunds of a page, and one more when another page follows.
func ListRefunds(ctx context.Context, pool *pg.Pool, paymentID uuid.UUID, query page.Query) ([]domain.Refund, error) {
	args := []any{paymentID}
	where, order := query.SQL(&args)
	args = append(args, query.Limit())
	rows, err := pool.Query(ctx, fmt.Sprintf(`select id, payment_id, order_id, currency, amount, status, reason, requester,
		provider_refund_id, failure_code, attempt_count, due_time, version, traceparent, create_time, update_time
		from refunds where payment_id = $1 and %s order by %s limit $%d`, where, order, len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("list refunds of %s: %w", paymentID, err)
	}
	refunds, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (domain.Refund, error) {
		found, err := pgx.RowToStructByPos[db.Refund](row)
		return fromDBRefund(found), err
	})
	if err != nil {
		return nil, fmt.Errorf("list refunds of %s: %w", paymentID, err)
	}
	return refunds, nil
}
