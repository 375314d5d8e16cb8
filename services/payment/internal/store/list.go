package store

import (
	"context"

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

// List reads a page of payments. It is written here because sqlc has no way to leave
// conditions out; the condition's text comes from the schema alone, values are parameters.
func (s Store) List(ctx context.Context, query page.Query) (page.Page[domain.Payment], error) {
	return page.Read(ctx, s.dbtx, query, page.Source{
		Name: "PaymentList", Columns: page.Columns[db.Payment]("payments"), From: "payments",
	}, func(row pgx.CollectableRow) (domain.Payment, error) {
		found, err := pgx.RowToStructByName[db.Payment](row)
		return fromDBPayment(found), err
	}, func(p domain.Payment) []any {
		return query.Cursor(map[string]any{"id": p.ID}, p.ID)
	})
}

// Refunds is how the list of a payment's refunds is paged: by id, oldest first.
func Refunds() page.Schema { return page.Schema{Name: "refunds", ID: "id"} }

// ListRefunds reads a page of a payment's refunds.
func (s Store) ListRefunds(ctx context.Context, paymentID uuid.UUID, query page.Query) (page.Page[domain.Refund], error) {
	return page.Read(ctx, s.dbtx, query, page.Source{
		Name: "RefundList", Columns: page.Columns[db.Refund]("refunds"), From: "refunds",
		Where: func(param func(any) string) []string { return []string{"payment_id = " + param(paymentID)} },
	}, func(row pgx.CollectableRow) (domain.Refund, error) {
		found, err := pgx.RowToStructByName[db.Refund](row)
		return fromDBRefund(found), err
	}, func(r domain.Refund) []any { return query.Cursor(nil, r.ID) })
}
