package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/store/db"
)

// Both reads are sent in one round trip, which generated code can't do. The second
// therefore finds the products of the first's reservations by a query of its own.
const (
	lockReservations = `-- name: ReservationLockMany :many
select order_id, state, product_ids, quantities, version, expire_time, shortages::text, create_time, update_time
from reservations where order_id = any($1::uuid[])
order by order_id
for update`

	lockStockOfOrders = `-- name: StockLockOfOrders :many
select product_id, product_code, on_hand, reserved, version, update_time from stock
where product_id = any (array(
  select unnest($2::uuid[])
  union
  select unnest(product_ids) from reservations where order_id = any($1::uuid[])
))
order by product_id
for update`
)

// LoadOrders locks and reads the reservations of orders, and the stock of every
// product that is named or that one of those reservations holds. Lines of
// reservations come without product codes.
func (s Store) LoadOrders(ctx context.Context, orderIDs, productIDs []uuid.UUID) (loaded domain.Loaded, err error) {
	b := &pgx.Batch{}
	b.Queue(lockReservations, orderIDs)
	b.Queue(lockStockOfOrders, orderIDs, productIDs)
	results := s.dbtx.SendBatch(ctx, b)
	defer func() {
		if cerr := results.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("load orders: %w", cerr)
		}
	}()
	if loaded.Reservations, err = readReservations(results); err != nil {
		return loaded, fmt.Errorf("load reservations: %w", err)
	}
	if loaded.Stock, err = readStock(results); err != nil {
		return loaded, fmt.Errorf("load stock: %w", err)
	}
	return loaded, nil
}

func readReservations(results pgx.BatchResults) (map[uuid.UUID]domain.Reservation, error) {
	rows, err := results.Query()
	if err != nil {
		return nil, err
	}
	found := map[uuid.UUID]domain.Reservation{}
	var row reservationRow
	_, err = pgx.ForEachRow(rows, []any{
		&row.OrderID, &row.state, &row.productIDs, &row.quantities, &row.Version,
		&row.ExpireTime, &row.shortages, &row.CreateTime, &row.UpdateTime,
	}, func() error {
		r, err := fromDBReservation(row)
		found[row.OrderID] = r
		return err
	})
	return found, err
}

func readStock(results pgx.BatchResults) (map[uuid.UUID]domain.Stock, error) {
	rows, err := results.Query()
	if err != nil {
		return nil, err
	}
	found := map[uuid.UUID]domain.Stock{}
	var row db.Stock
	_, err = pgx.ForEachRow(rows, []any{
		&row.ProductID, &row.ProductCode, &row.OnHand, &row.Reserved, &row.Version, &row.UpdateTime,
	}, func() error {
		found[row.ProductID] = fromDBStock(row)
		return nil
	})
	return found, err
}

// WriteDecision stores what a batch of order events decided, on the rows that
// LoadOrders locked. A reservation that another transaction made meanwhile fails
// it with 40001, so that it is run again from its reads.
func (s Store) WriteDecision(ctx context.Context, d domain.Decision, now time.Time) error {
	if len(d.Stock) > 0 {
		if err := s.UpdateStock(ctx, now, after(d.Stock)...); err != nil {
			return err
		}
	}
	if len(d.New) > 0 {
		params, err := toDBReservations(d.New)
		if err != nil {
			return err
		}
		params.Now = now
		if err := s.q.ReservationInsertMany(ctx, params); err != nil {
			return err
		}
	}
	if len(d.Changed) > 0 {
		params := db.ReservationUpdateManyParams{UpdateTime: now}
		for _, changed := range d.Changed {
			r := changed.Snapshot()
			params.OrderIds = append(params.OrderIds, r.OrderID)
			params.States = append(params.States, int16(r.State))
			params.Versions = append(params.Versions, r.Version)
		}
		if err := s.q.ReservationUpdateMany(ctx, params); err != nil {
			return err
		}
	}
	if len(d.Movements) > 0 {
		return s.InsertMovements(ctx, now, d.Movements...)
	}
	return nil
}

func after(changes []domain.StockChange) []domain.Stock {
	stocks := make([]domain.Stock, len(changes))
	for i, c := range changes {
		stocks[i] = c.After
	}
	return stocks
}

// ListExpired returns up to limit reservations that are RESERVED and expired by
// until, oldest first, after the one given. It scans all reservations that expire
// in between: begin at a recent time.
func (s Store) ListExpired(ctx context.Context, afterTime time.Time, afterOrder uuid.UUID, until time.Time, limit int) ([]domain.Expired, error) {
	rows, err := s.q.ReservationListExpired(ctx, db.ReservationListExpiredParams{
		AfterExpireTime: afterTime, AfterOrderID: afterOrder, Until: until, MaxRows: int32(limit),
	})
	if err != nil {
		return nil, fmt.Errorf("list expired reservations: %w", err)
	}
	expired := make([]domain.Expired, len(rows))
	for i, row := range rows {
		expired[i] = domain.Expired{OrderID: row.OrderID, Version: row.Version, ExpireTime: row.ExpireTime, MadeTime: row.UpdateTime}
	}
	return expired, nil
}
