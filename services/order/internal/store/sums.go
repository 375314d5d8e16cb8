package store

import (
	"context"
	"fmt"

	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store/db"
)

// SumOrders sums up the orders that were placed on days, by day and currency.
func (s Store) SumOrders(ctx context.Context, days domain.Days) ([]domain.DaySum, error) {
	bounds := days.Bounds()
	rows, err := s.q.OrderSumByDay(ctx, db.OrderSumByDayParams{Begins: bounds[:days.Len()], Since: bounds[0], Until: bounds[days.Len()]})
	if err != nil {
		return nil, fmt.Errorf("sum up orders: %w", err)
	}
	sums := make([]domain.DaySum, len(rows))
	for i, row := range rows {
		sums[i] = domain.DaySum{
			Date: days.Date(int(row.Day) - 1), Orders: row.OrderCount,
			Paid: money.Money{Currency: row.Currency, Amount: row.Paid}, Revenue: money.Money{Currency: row.Currency, Amount: row.Revenue},
		}
	}
	return sums, nil
}
