package sandbox

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
)

const balances = `
select c.order_id, c.payment_id, c.currency, count(*)::int, sum(c.amount)::bigint, coalesce(sum(r.given), 0)::bigint
from charges c
left join (
  select charge_id, sum(amount) as given from refunds where outcome = 1 group by charge_id
) r on r.charge_id = c.id
where c.outcome = 1
group by c.order_id, c.payment_id, c.currency
order by c.order_id, c.payment_id`

// Balances streams the balance of every payment with a successful charge, sorted by
// order id, as of one time. Rows are read as they arrive, so that memory is
// bounded however long the ledger is.
func (s *Sandbox) Balances(ctx context.Context, yield func(provider.Balance) error) error {
	err := s.pool.Snapshot(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, balances)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var b provider.Balance
			if err := rows.Scan(&b.OrderID, &b.PaymentID, &b.Charged.Currency, &b.Charges, &b.Charged.Amount, &b.Refunded.Amount); err != nil {
				return err
			}
			b.Refunded.Currency = b.Charged.Currency
			if err := yield(b); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	if err != nil {
		return fmt.Errorf("sandbox: balances: %w", err)
	}
	return nil
}
