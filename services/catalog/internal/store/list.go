package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store/db"
)

// The lists are written here and not in queries/, because the caller chooses their
// conditions and order. Only columns that are named here enter the statements; values
// are parameters.

// ProductScope is what decides, beside the request, which products a list holds.
type ProductScope struct {
	// Drafts are in it.
	Drafts bool
	// DefaultCurrency is the one of prices in a filter that names no currency.
	DefaultCurrency string
}

// productSchema is what products can be filtered and ordered by. The subtrees, by
// the category at their top, are read before the statement is made.
func productSchema(subtrees map[uuid.UUID][]uuid.UUID) page.Schema {
	return page.Schema{
		Name: "products",
		Fields: map[string]page.Field{
			"code":               {Column: "p.code", Kind: page.Text, Filter: true, Order: true},
			"name":               {Column: "p.name", Kind: page.Text, Order: true},
			"price":              {Column: "p.price_major", Kind: page.Number, Filter: true, Order: true},
			"currency":           {Column: "p.price_currency", Kind: page.Text, Filter: true},
			"create_time":        {Column: "p.create_time", Kind: page.Time, Order: true},
			"available_quantity": {Kind: page.Number, Filter: true, Condition: compareAvailable},
			"status": {Column: "p.status", Kind: page.Enum, Prefix: "PRODUCT_STATUS_", Filter: true, Values: map[string]any{
				"DRAFT": string(domain.Draft), "ACTIVE": string(domain.Active), "ARCHIVED": string(domain.Archived),
			}},
			"category_id": {
				Kind: page.ID, Filter: true,
				Condition: func(op string, value any, param func(any) string) string {
					return inSubtree(op, subtrees[uuid.MustParse(value.(string))], param)
				},
			},
		},
		Order: "code", ID: "p.id", Search: page.EachWord(page.Where(textContains)),
	}
}

// textContains finds a word in a product's name and code. The expression is that of the
// index products_by_text, whose trigrams a word of three letters or more has. A shorter one
// has a trigram only together with the blank before it, so it has to begin a word; one that
// can be a whole word in a script without blanks is found anywhere.
func textContains(word string, param func(any) string) string {
	word = grammar.Fold(word)
	if len(word) < 3 { // bytes: a letter of such a script has three
		word = " " + word
	}
	return `((' ' || casefold(normalize(p.name, nfc) collate "pg_unicode_fast") || ' ' || lower(p.code collate "pg_unicode_fast")) collate "C" like ` +
		param("%"+escapeLike.Replace(word)+"%") + "::text)"
}

var escapeLike = strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`)

// inSubtree compares with one category by =, which lets an index give the order too.
func inSubtree(op string, subtree []uuid.UUID, param func(any) string) string {
	switch {
	case len(subtree) == 1:
		return "p.category_id " + op + " " + param(subtree[0]) + "::uuid"
	case op == "=":
		return "p.category_id = any (" + param(subtree) + "::uuid[])"
	default:
		return "p.category_id <> all (" + param(subtree) + "::uuid[])"
	}
}

// compareAvailable compares with what is available; a product without a level has 0.
// Where 0 does not fit, such products need no coalesce, and without it the planner can
// estimate from the column's statistics how few products fit.
func compareAvailable(op string, value any, param func(any) string) string {
	n, err := strconv.ParseInt(value.(string), 10, 64)
	switch {
	case err != nil:
		return "coalesce(a.available, 0) " + op + " " + param(value) + "::numeric"
	case op == ">" && n >= 0, op == ">=" && n > 0, op == "=" && n != 0:
		return "a.available " + op + " " + param(n) + "::bigint"
	default:
		return "coalesce(a.available, 0) " + op + " " + param(n) + "::bigint"
	}
}

// ListProducts returns a page of products. Errors: FILTER_INVALID, PAGE_TOKEN_INVALID,
// INVALID_FIELD.
func (s Store) ListProducts(ctx context.Context, req page.Request, scope ProductScope) (page.Page[domain.Listing], error) {
	subtrees := make(map[uuid.UUID][]uuid.UUID)
	query, err := productSchema(subtrees).Parse(req)
	if err != nil {
		return page.Page[domain.Listing]{}, err
	}
	filtered := make(map[string]bool)
	for _, comparison := range query.Comparisons() {
		filtered[comparison.Field] = true
		if comparison.Field != "category_id" {
			continue
		}
		category := uuid.MustParse(comparison.Value.(string))
		if subtrees[category], err = s.q.CategorySubtree(ctx, category); err != nil {
			return page.Page[domain.Listing]{}, fmt.Errorf("read the categories below: %w", err)
		}
	}
	return page.Read(ctx, s.dbtx, query, page.Source{
		Name: "ProductList", Columns: page.Columns[db.Product]("p") + ", coalesce(a.available, 0) as available",
		From: "products p left join availability a on a.product_id = p.id", Where: scope.where(filtered),
	}, scanListing, func(l domain.Listing) []any {
		return query.Cursor(map[string]any{
			"code": l.Code, "name": l.Name, "price": l.Price.Decimal(), "create_time": l.CreateTime,
		}, l.ID)
	})
}

// listing is a row of the list of products.
type listing struct {
	db.Product
	Available int64
}

// where are the conditions on what the request's filter does not name.
func (scope ProductScope) where(filtered map[string]bool) func(param func(any) string) []string {
	return func(param func(any) string) (conditions []string) {
		if !filtered["status"] {
			conditions = append(conditions, "p.status <> 'ARCHIVED'")
		}
		if !scope.Drafts {
			conditions = append(conditions, "p.status <> 'DRAFT'")
		}
		if filtered["price"] && !filtered["currency"] {
			conditions = append(conditions, "p.price_currency = "+param(scope.DefaultCurrency))
		}
		return conditions
	}
}

func scanListing(row pgx.CollectableRow) (domain.Listing, error) {
	found, err := pgx.RowToStructByName[listing](row)
	if err != nil {
		return domain.Listing{}, err
	}
	return fromDBListing(found.Product, found.Available)
}

func categorySchema() page.Schema {
	return page.Schema{
		Name: "categories",
		Fields: map[string]page.Field{
			"name": {Kind: page.Text, Filter: true, Order: true, Column: "c.name", Condition: compareName},
			"parent_id": {
				Kind: page.Text, Filter: true,
				Condition: func(op string, value any, param func(any) string) string {
					is := map[bool]string{true: "is not distinct from", false: "is distinct from"}[op == "="]
					return "c.parent_id " + is + " nullif(" + param(value) + "::text, '')::uuid"
				},
			},
		},
		Order: "name", ID: "c.id",
	}
}

// compareName compares without regard to case and to blanks around a name.
func compareName(op string, value any, param func(any) string) string {
	text, _ := value.(string)
	return "c.name_key " + op + " " + param(grammar.Fold(text)) + "::text"
}

// ListCategories returns a page of categories by name. Errors: FILTER_INVALID,
// PAGE_TOKEN_INVALID.
func (s Store) ListCategories(ctx context.Context, req page.Request) (page.Page[domain.CategorySnapshot], error) {
	query, err := categorySchema().Parse(req)
	if err != nil {
		return page.Page[domain.CategorySnapshot]{}, err
	}
	for _, comparison := range query.Comparisons() {
		if comparison.Field == "parent_id" && !comparesParent(comparison) {
			return page.Page[domain.CategorySnapshot]{}, fault.New(fault.Invalid, fault.ReasonFilterInvalid,
				`filter: parent_id takes = or != and a UUID, or "" for the top`).
				Field("filter", `parent_id takes = or != and a UUID, or "" for the top`)
		}
	}
	return page.Read(ctx, s.dbtx, query, page.Source{
		Name: "CategoryList", Columns: page.Columns[db.Category]("c"), From: "categories c",
	}, func(row pgx.CollectableRow) (domain.CategorySnapshot, error) {
		c, err := pgx.RowToStructByName[db.Category](row)
		return fromDBCategory(c), err
	}, func(c domain.CategorySnapshot) []any {
		return query.Cursor(map[string]any{"name": c.Name}, c.ID)
	})
}

func comparesParent(comparison page.Comparison) bool {
	text, _ := comparison.Value.(string)
	_, err := grammar.UUID(text)
	isID := err == nil
	return (comparison.Op == "=" || comparison.Op == "<>") && (text == "" || isID)
}
