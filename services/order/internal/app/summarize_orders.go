package app

import (
	"context"

	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// Summarize returns what was sold on the days from first to last of the shop's time zone, by
// day and currency, and these days; see domain.NewDays for those by default. Errors:
// INVALID_FIELD.
func (s *Orders) Summarize(ctx context.Context, first, last string) (domain.Days, []domain.DaySum, error) {
	days, err := domain.NewDays(first, last, s.Zone.Now(), s.Now())
	if err != nil {
		return domain.Days{}, nil, err
	}
	sums, err := store.On(s.Pool).SumOrders(ctx, days)
	return days, sums, err
}
