package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store/db"
)

// Stored is a product as the database has it.
type Stored struct {
	domain.Listing
	// LevelVersion is the version of Available; -1 when no level is known.
	LevelVersion int64
}

// InsertProduct stores a new product. Errors: ProductFault's, when the transaction
// ends.
func (s Store) InsertProduct(ctx context.Context, p domain.Product) error {
	row, err := toDBNewProduct(p.Snapshot())
	if err != nil {
		return err
	}
	return s.q.ProductInsert(ctx, row)
}

// UpdateProduct stores a changed product. Errors: ProductFault's, when the
// transaction ends.
func (s Store) UpdateProduct(ctx context.Context, p domain.Product) error {
	row, err := toDBProduct(p.Snapshot())
	if err != nil {
		return err
	}
	return s.q.ProductUpdate(ctx, row)
}

// ProductFault turns what the database refused about a product into a fault; other
// errors stay as they are.
func ProductFault(err error, p domain.Product) error {
	switch pg.Violated(err) {
	case "products_code_taken":
		return domain.ErrProductCodeTaken(p.Snapshot().Code).Because(err)
	case "products_category_id_fkey":
		return domain.ErrProductCategoryNotFound(p.Snapshot().CategoryID).Because(err)
	default:
		return err
	}
}

// LockProduct locks a product and reads it. Errors: PRODUCT_NOT_FOUND.
func (s Store) LockProduct(ctx context.Context, id uuid.UUID) (product domain.Product, available int64, err error) {
	row, err := s.q.ProductGetForUpdate(ctx, id)
	if pg.IsNoRows(err) {
		return domain.Product{}, 0, domain.ErrProductNotFound(id.String())
	}
	if err != nil {
		return domain.Product{}, 0, fmt.Errorf("lock product: %w", err)
	}
	listing, err := fromDBListing(row.Product, row.Available)
	return domain.RestoreProduct(listing.ProductSnapshot), row.Available, err
}

// ProductByID reads a product. Errors: PRODUCT_NOT_FOUND.
func (s Store) ProductByID(ctx context.Context, id uuid.UUID) (Stored, error) {
	row, err := s.q.ProductGetByID(ctx, id)
	return stored(id.String(), row.Product, row.Available, row.LevelVersion, err)
}

// ProductByCode reads a product. Errors: PRODUCT_NOT_FOUND.
func (s Store) ProductByCode(ctx context.Context, code string) (Stored, error) {
	row, err := s.q.ProductGetByCode(ctx, code)
	return stored(code, row.Product, row.Available, row.LevelVersion, err)
}

func stored(name string, row db.Product, available, level int64, err error) (Stored, error) {
	if pg.IsNoRows(err) {
		return Stored{}, domain.ErrProductNotFound(name)
	}
	if err != nil {
		return Stored{}, fmt.Errorf("read product: %w", err)
	}
	listing, err := fromDBListing(row, available)
	return Stored{listing, level}, err
}

// Products reads those of the ids and codes that are there, each once, by code.
func (s Store) Products(ctx context.Context, ids []uuid.UUID, codes []string) ([]Stored, error) {
	rows, err := s.q.ProductBatchGet(ctx, db.ProductBatchGetParams{Ids: ids, Codes: codes})
	if err != nil {
		return nil, fmt.Errorf("read products: %w", err)
	}
	all := make([]Stored, len(rows))
	for i, row := range rows {
		listing, err := fromDBListing(row.Product, row.Available)
		if err != nil {
			return nil, err
		}
		all[i] = Stored{listing, row.LevelVersion}
	}
	return all, nil
}

// NewestChange returns when the last product changed; the epoch when there is none.
func (s Store) NewestChange(ctx context.Context) (time.Time, error) {
	return s.q.ProductNewestChange(ctx)
}

// LockChangedSince locks and reads the next products that changed since a time,
// along their ids.
func (s Store) LockChangedSince(ctx context.Context, since time.Time, after uuid.UUID) ([]domain.Product, error) {
	rows, err := s.q.ProductLockChangedSince(ctx, db.ProductLockChangedSinceParams{Since: since, AfterID: after})
	if err != nil {
		return nil, err
	}
	products := make([]domain.Product, len(rows))
	for i, row := range rows {
		listing, err := fromDBListing(row, 0)
		if err != nil {
			return nil, err
		}
		products[i] = domain.RestoreProduct(listing.ProductSnapshot)
	}
	return products, nil
}

// RaiseLevels stores levels that are newer than those known; each product once.
func (s Store) RaiseLevels(ctx context.Context, levels []domain.Level) error {
	return s.q.AvailabilityUpsertMany(ctx, toDBLevels(levels))
}
