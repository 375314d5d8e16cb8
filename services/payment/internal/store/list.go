package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store/db"
)

// Payments is what the list of payments can be filtered by. It is ordered by id,
// newest first: ids are UUIDv7.
func Payments() page.Schema {
	return page.Schema{
		Name: "payments",
		Fields: map[string]page.Field{
			"order_id":    {Column: "order_id", Kind: page.ID, Filter: true},
			"customer_id": {Column: "customer_id", Kind: page.ID, Filter: true},
			"reference":   {Column: "reference", Kind: page.Text, Filter: true},
			"status":      {Column: "status", Kind: page.Enum, Values: page.EnumValues(domain.PaymentPending, domain.PaymentRefunded), Prefix: "PAYMENT_STATUS_", Filter: true},
			"id":          {Column: "id", Kind: page.ID, Order: true},
		},
		Order: "id desc",
		ID:    "id",
	}
}

// List reads the payments of a page, and one more when another page follows. It is
// written here because sqlc has no way to leave conditions out; the condition's
// text comes from the schema alone, values are parameters.
func (s Store) List(ctx context.Context, query page.Query) ([]domain.Payment, error) {
	var args []any
	where, order := query.SQL(&args)
	args = append(args, query.Limit())
	rows, err := s.dbtx.Query(ctx, fmt.Sprintf("select %s from payments where %s order by %s limit $%d",
		page.Columns[db.Payment]("payments"), where, order, len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("list payments: %w", err)
	}
	payments, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (domain.Payment, error) {
		found, err := pgx.RowToStructByName[db.Payment](row)
		return fromDBPayment(found), err
	})
	if err != nil {
		return nil, fmt.Errorf("list payments: %w", err)
	}
	return payments, nil
}

// Refunds is how the list of a payment's refunds is paged: by id, oldest first.
func Refunds() page.Schema { return page.Schema{Name: "refunds", ID: "id"} }

// ListRefunds reads the refunds of a page, and one more when another page follows.
func (s Store) ListRefunds(ctx context.Context, paymentID uuid.UUID, query page.Query) ([]domain.Refund, error) {
	args := []any{paymentID}
	where, order := query.SQL(&args)
	args = append(args, query.Limit())
	rows, err := s.dbtx.Query(ctx, fmt.Sprintf(`select %s from refunds where payment_id = $1 and %s order by %s limit $%d`,
		page.Columns[db.Refund]("refunds"), where, order, len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("list refunds of %s: %w", paymentID, err)
	}
	refunds, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (domain.Refund, error) {
		found, err := pgx.RowToStructByName[db.Refund](row)
		return fromDBRefund(found), err
	})
	if err != nil {
		return nil, fmt.Errorf("list refunds of %s: %w", paymentID, err)
	}
	return refunds, nil
}
