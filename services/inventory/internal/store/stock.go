package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/store/db"
)

// StockByID reads the stock of a product; false when there is none.
func (s Store) StockByID(ctx context.Context, id uuid.UUID) (domain.Stock, bool, error) {
	return found(s.q.StockGetByID(ctx, id))
}

// StockByCode reads the stock of a product; false when there is none.
func (s Store) StockByCode(ctx context.Context, code string) (domain.Stock, bool, error) {
	return found(s.q.StockGetByCode(ctx, code))
}

// LockStockByCode is StockByCode that locks the row.
func (s Store) LockStockByCode(ctx context.Context, code string) (domain.Stock, bool, error) {
	return found(s.q.StockLockByCode(ctx, code))
}

func found(row db.Stock, err error) (domain.Stock, bool, error) {
	if pg.IsNoRows(err) {
		return domain.Stock{}, false, nil
	}
	if err != nil {
		return domain.Stock{}, false, fmt.Errorf("read stock: %w", err)
	}
	return fromDBStock(row), true, nil
}

// StockOf reads the stock of products by id and by code, each once, by code.
func (s Store) StockOf(ctx context.Context, ids []uuid.UUID, codes []string) ([]domain.Stock, error) {
	rows, err := s.q.StockGetMany(ctx, db.StockGetManyParams{ProductIds: ids, ProductCodes: codes})
	if err != nil {
		return nil, fmt.Errorf("read stock: %w", err)
	}
	return fromDBStocks(rows), nil
}

// LockStock locks and reads the stock of products, by id.
func (s Store) LockStock(ctx context.Context, ids []uuid.UUID) ([]domain.Stock, error) {
	rows, err := s.q.StockLockMany(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("lock stock: %w", err)
	}
	return fromDBStocks(rows), nil
}

// LockChangedStock locks and reads up to limit rows that changed after a time, by
// product id, after the one given.
func (s Store) LockChangedStock(ctx context.Context, since time.Time, afterID uuid.UUID, limit int) ([]domain.Stock, error) {
	rows, err := s.q.StockLockChangedSince(ctx, db.StockLockChangedSinceParams{
		Since: since, AfterProductID: afterID, MaxRows: int32(limit),
	})
	if err != nil {
		return nil, fmt.Errorf("lock changed stock: %w", err)
	}
	return fromDBStocks(rows), nil
}

// NewestStockChange is when stock changed last; the epoch when there is none.
func (s Store) NewestStockChange(ctx context.Context) (time.Time, error) {
	newest, err := s.q.StockNewestChange(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("read the newest change of stock: %w", err)
	}
	return newest, nil
}

// InsertStock makes empty stock for the products that have none, and returns it.
// Ids must not repeat.
func (s Store) InsertStock(ctx context.Context, products []domain.Product, now time.Time) ([]domain.Stock, error) {
	params := db.StockInsertManyParams{UpdateTime: now}
	for _, p := range products {
		params.ProductIds = append(params.ProductIds, p.ID())
		params.ProductCodes = append(params.ProductCodes, p.Code())
	}
	rows, err := s.q.StockInsertMany(ctx, params)
	if err != nil {
		return nil, fmt.Errorf("make stock: %w", err)
	}
	return fromDBStocks(rows), nil
}

// UpdateStock queues the update of rows that the transaction has locked.
func (s Store) UpdateStock(ctx context.Context, now time.Time, stocks ...domain.Stock) error {
	params := db.StockUpdateManyParams{UpdateTime: now}
	for _, stock := range stocks {
		row := stock.Snapshot()
		params.ProductIds = append(params.ProductIds, row.ProductID)
		params.OnHands = append(params.OnHands, row.OnHand)
		params.Reserveds = append(params.Reserveds, row.Reserved)
		params.Versions = append(params.Versions, row.Version)
	}
	return s.q.StockUpdateMany(ctx, params)
}

// BlankReasons queues the blanking of reasons that mention one of the texts, which are
// in lower case.
func (s Store) BlankReasons(ctx context.Context, texts []string) error {
	return s.q.MovementBlankReasons(ctx, texts)
}

// InsertMovements queues new lines of the ledger, in order.
func (s Store) InsertMovements(ctx context.Context, now time.Time, movements ...domain.Movement) error {
	params := toDBMovements(movements)
	params.CreateTime = now
	return s.q.MovementInsertMany(ctx, params)
}
