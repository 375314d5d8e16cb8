package domain_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
)

func TestAReservationMovesOnlyAsItsStateAllows(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	moves := map[string]struct {
		move    func(domain.Reservation, time.Time) (domain.Reservation, error)
		from    domain.State
		to      domain.State
		version int64
	}{
		"commit":  {domain.Reservation.Commit, domain.Reserved, domain.Committed, 2},
		"release": {domain.Reservation.Release, domain.Reserved, domain.Released, 2},
		"restock": {domain.Reservation.Restock, domain.Committed, domain.Restocked, 3},
	}
	for name, c := range moves {
		for from := domain.Reserved; from <= domain.Rejected; from++ {
			before := domain.RestoreReservation(domain.ReservationSnapshot{OrderID: id(9), State: from, Version: 1})
			after, err := c.move(before, now)
			if from != c.from {
				if err == nil {
					t.Errorf("%s of a reservation that is %s led to %+v", name, from, after)
				}
				continue
			}
			if s := after.Snapshot(); err != nil || s.State != c.to || s.Version != c.version || !s.UpdateTime.Equal(now) {
				t.Errorf("%s of a reservation that is %s: %+v, %v", name, from, s, err)
			}
		}
	}
	if _, err := domain.NewReservation(confirmed(9), nil, now); err == nil {
		t.Error("something was reserved for an order without lines")
	}
}

func TestStockMovesNeverLeaveMorePromisedThanThereIs(t *testing.T) {
	t.Parallel()
	stock := domain.RestoreStock(domain.StockSnapshot{ProductID: id(1), OnHand: 5, Reserved: 2})
	for name, move := range map[string]func(domain.Stock, int64) (domain.Stock, error){
		"reserve": domain.Stock.Reserve, "release": domain.Stock.Release, "commit": domain.Stock.Commit,
	} {
		if after, err := move(stock, 4); err == nil {
			t.Errorf("%s of 4 pieces left %+v", name, after)
		}
	}
}

func TestAProductNeedsAnIDACodeAndAStatus(t *testing.T) {
	t.Parallel()
	if p, err := domain.NewProduct(id(1), "MUG", domain.Active, 0); err != nil || p.Code() != "MUG" || p.ID() != id(1) {
		t.Errorf("%+v, %v", p, err)
	}
	for name, made := range map[string]func() (domain.Product, error){
		"no id":              func() (domain.Product, error) { return domain.NewProduct(uuid.Nil, "MUG", domain.Active, 1) },
		"no code":            func() (domain.Product, error) { return domain.NewProduct(id(1), "", domain.Active, 1) },
		"no status":          func() (domain.Product, error) { return domain.NewProduct(id(1), "MUG", 0, 1) },
		"a negative version": func() (domain.Product, error) { return domain.NewProduct(id(1), "MUG", domain.Active, -1) },
	} {
		if p, err := made(); err == nil {
			t.Errorf("a product with %s: %+v", name, p)
		}
	}
}
