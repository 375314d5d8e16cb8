package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/money"
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
	// Lost is the sum of the disputes that were lost.
	Lost money.Money
	// PendingRefunds and FailedRefunds count those.
	PendingRefunds int32
	FailedRefunds  int32
}

const stands = `
select p.order_id, p.id, p.status, p.provider, p.create_time, p.order_cancelled, p.currency, p.captured, p.refunded,
  coalesce(r.succeeded, 0)::bigint, coalesce(r.pending, 0)::int, coalesce(r.failed, 0)::int, coalesce(d.lost, 0)::bigint
from payments p
left join (
  select payment_id, sum(amount) filter (where status = 2) as succeeded,
    count(*) filter (where status = 1) as pending, count(*) filter (where status = 3) as failed
  from refunds group by payment_id
) r on r.payment_id = p.id
left join (select payment_id, sum(amount) as lost from disputes where status = 4 group by payment_id) d on d.payment_id = p.id
order by p.order_id`

// Stands streams every payment, sorted by order id. Rows are read as they arrive,
// which sqlc's generated code can't do, so that memory is bounded however many there are.
func (s Store) Stands(ctx context.Context, yield func(Stand) error) error {
	rows, err := s.dbtx.Query(ctx, stands)
	if err != nil {
		return fmt.Errorf("audit payments: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var stand Stand
		var currency string
		if err := rows.Scan(&stand.OrderID, &stand.PaymentID, &stand.Status, &stand.Provider, &stand.CreateTime, &stand.OrderCancelled, &currency,
			&stand.Captured.Amount, &stand.Refunded.Amount, &stand.Succeeded.Amount, &stand.PendingRefunds, &stand.FailedRefunds,
			&stand.Lost.Amount); err != nil {
			return fmt.Errorf("audit payments: %w", err)
		}
		stand.Captured.Currency, stand.Refunded.Currency, stand.Succeeded.Currency, stand.Lost.Currency = currency, currency, currency, currency
		if err := yield(stand); err != nil {
			return err
		}
	}
	return rows.Err()
}
