package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
)

// Stand is a payment as an audit sees it: with sums over its refunds.
type Stand struct {
	OrderID        uuid.UUID
	PaymentID      uuid.UUID
	Status         domain.PaymentStatus
	Provider       string
	CreateTime     time.Time
	OrderCancelled bool
	Captured       money.Money
	Refunded       money.Money
	// Succeeded is the sum of the refunds that succeeded.
	Succeeded money.Money
	// PendingRefunds and FailedRefunds count those.
	PendingRefunds int32
	FailedRefunds  int32
}

const stands = `
select p.order_id, p.id, p.status, p.provider, p.create_time, p.order_cancelled, p.currency, p.captured, p.refunded,
  coalesce(r.succeeded, 0)::bigint, coalesce(r.pending, 0)::int, coalesce(r.failed, 0)::int
from payments p
left join (
  select payment_id, sum(amount) filter (where status = 2) as succeeded,
    count(*) filter (where status = 1) as pending, count(*) filter (where status = 3) as failed
  from refunds group by payment_id
) r on r.payment_id = p.id
order by p.order_id`

// Stands streams every payment, sorted by order id, as of one moment. Rows are read
// as they arrive, which sqlc's generated code can't do, so that memory is bounded
// however many there are.
func Stands(ctx context.Context, pool *pg.Pool, yield func(Stand) error) error {
	err := pool.Snapshot(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, stands)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var s Stand
			var currency string
			if err := rows.Scan(&s.OrderID, &s.PaymentID, &s.Status, &s.Provider, &s.CreateTime, &s.OrderCancelled, &currency, &s.Captured.Amount,
				&s.Refunded.Amount, &s.Succeeded.Amount, &s.PendingRefunds, &s.FailedRefunds); err != nil {
				return err
			}
			s.Captured.Currency, s.Refunded.Currency, s.Succeeded.Currency = currency, currency, currency
			if err := yield(s); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	if err != nil {
		return fmt.Errorf("audit payments: %w", err)
	}
	return nil
}
