package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store/db"
)

// LockTree locks the tree of categories against every other change.
func (s Store) LockTree(ctx context.Context) error { return s.q.CategoryLockTree(ctx) }

// Category reads a category. Errors: CATEGORY_NOT_FOUND.
func (s Store) Category(ctx context.Context, id uuid.UUID) (domain.Category, error) {
	row, err := s.q.CategoryGet(ctx, id)
	if pg.IsNoRows(err) {
		return domain.Category{}, domain.ErrCategoryNotFound(id)
	}
	if err != nil {
		return domain.Category{}, fmt.Errorf("read category: %w", err)
	}
	return domain.RestoreCategory(fromDBCategory(row)), nil
}

// PlaceBelow finds where a category below parent would stand.
func (s Store) PlaceBelow(ctx context.Context, parent uuid.UUID) (domain.Place, error) {
	if parent == uuid.Nil {
		return nil, nil
	}
	path, err := s.q.CategoryPath(ctx, parent)
	if err != nil {
		return nil, fmt.Errorf("read the categories above: %w", err)
	}
	return path, nil
}

// Height returns how many levels a category and all below it span.
func (s Store) Height(ctx context.Context, id uuid.UUID) (int, error) {
	height, err := s.q.CategoryHeight(ctx, id)
	if err != nil {
		return 0, fmt.Errorf("read the categories below: %w", err)
	}
	return int(height), nil
}

// InsertCategory stores a new category. Errors: CATEGORY_NAME_TAKEN, when the
// transaction ends.
func (s Store) InsertCategory(ctx context.Context, c domain.Category) error {
	return s.q.CategoryInsert(ctx, toDBNewCategory(c.Snapshot()))
}

// UpdateCategory stores a changed category.
func (s Store) UpdateCategory(ctx context.Context, c domain.Category) error {
	return s.q.CategoryUpdate(ctx, toDBCategory(c.Snapshot()))
}

// DeleteCategory removes a category. The foreign keys refuse it while something is in
// it.
func (s Store) DeleteCategory(ctx context.Context, id uuid.UUID) error {
	return s.q.CategoryDelete(ctx, id)
}

// Contents returns what a category holds, up to domain.MaxContents of each kind.
func (s Store) Contents(ctx context.Context, id uuid.UUID) (domain.Contents, error) {
	contents := domain.Contents{Archived: map[string]bool{}}
	products, err := s.q.CategoryProducts(ctx, db.CategoryProductsParams{ID: id, AtMost: domain.MaxContents})
	if err != nil {
		return contents, fmt.Errorf("read the products of a category: %w", err)
	}
	for _, product := range products {
		contents.Products = append(contents.Products, product.Code)
		contents.Archived[product.Code] = product.Status == string(domain.Archived)
	}
	if contents.Categories, err = s.q.CategoryChildren(ctx, db.CategoryChildrenParams{ID: id, AtMost: domain.MaxContents}); err != nil {
		return contents, fmt.Errorf("read the subcategories of a category: %w", err)
	}
	return contents, nil
}

// CategoryFault turns what the database refused about a category into a fault; other
// errors stay as they are.
func CategoryFault(err error, c domain.Category) error {
	if pg.Violated(err) == "categories_name_taken" {
		return domain.ErrCategoryNameTaken(c.Snapshot().Name).Because(err)
	}
	return err
}

// NotEmpty reports whether a deletion failed because something is in the category.
func NotEmpty(err error) bool {
	violated := pg.Violated(err)
	return violated == "categories_parent_id_fkey" || violated == "products_category_id_fkey"
}
