package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store/db"
)

// Categories are the use cases about the tree of categories. Whatever changes the
// tree first locks it whole: it is small and seldom changes, and a move is judged
// by the way to the top, which nobody else may change meanwhile.
type Categories struct {
	// Pool is the catalog's database.
	Pool *pg.Pool
	// Now is the time, in whole microseconds as the database keeps it.
	Now func() time.Time
	// NewID returns a UUIDv7.
	NewID func() uuid.UUID
}

// place finds where a category below parent would stand.
func place(ctx context.Context, queries *db.Queries, parent uuid.UUID) (domain.Place, error) {
	if parent == uuid.Nil {
		return nil, nil
	}
	path, err := queries.CategoryPath(ctx, parent)
	if err != nil {
		return nil, fmt.Errorf("read the categories above: %w", err)
	}
	return path, nil
}

// load reads a category. Errors: CATEGORY_NOT_FOUND.
func load(ctx context.Context, queries *db.Queries, id uuid.UUID) (domain.Category, error) {
	row, err := queries.CategoryGet(ctx, id)
	if pg.IsNoRows(err) {
		return domain.Category{}, domain.CategoryNotFound(id)
	}
	if err != nil {
		return domain.Category{}, fmt.Errorf("read category: %w", err)
	}
	return store.Category(row), nil
}

// categoryFault says what the database refused about a category.
func categoryFault(err error, category domain.Category) error {
	switch pg.Violated(err) {
	case "categories_name_taken":
		return domain.CategoryNameTaken(category.Name).Because(err)
	case "categories_parent_id_fkey", "products_category_id_fkey":
		// Parents were read under the lock: only a deletion can meet these.
		return domain.CategoryNotEmpty(category.ID).Because(err)
	default:
		return err
	}
}
