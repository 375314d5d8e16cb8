package page

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// MaxTotalSize is how far the rows of a list are counted. A total size of one more means
// that there are more.
const MaxTotalSize = 10_000

// Source is where a list has its rows from. Its texts are SQL, and nothing of a request is
// in them.
type Source struct {
	// Name is the statement's, such as "OrderList".
	Name string
	// Columns are selected, as Columns returns them and others. They are of the tables in
	// From: "orders o".
	Columns, From string
	// Where are conditions beside those of the request, all of which hold. param makes a
	// parameter of a value. Nil for none.
	Where func(param func(any) string) []string
}

// Page is what a list answers.
type Page[T any] struct {
	Items []T
	// Next is the token of the next page, empty on the last.
	Next string
	// TotalSize is how many items all pages hold, MaxTotalSize + 1 for more than
	// MaxTotalSize; nil when the request did not ask for it.
	TotalSize *int32
}

// With returns a page of other items: what was made of its own, one of each.
func With[T, U any](p Page[T], items []U) Page[U] {
	return Page[U]{Items: items, Next: p.Next, TotalSize: p.TotalSize}
}

// Querier runs statements: a pool or a transaction.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Read reads a page, and counts the list when the request asks for it. cursor returns
// Query.Cursor of an item.
func Read[T any](ctx context.Context, db Querier, q Query, source Source, scan pgx.RowToFunc[T], cursor func(T) []any) (Page[T], error) {
	found, err := read(ctx, db, q, source, scan)
	if err != nil {
		return Page[T]{}, fmt.Errorf("list %s: %w", q.schema.Name, err)
	}
	var page Page[T]
	if page.Items, page.Next, err = Cut(q, found, cursor); err != nil {
		return Page[T]{}, err
	}
	switch {
	case !q.total:
	case q.after == nil && page.Next == "": // it is the whole list
		page.TotalSize = new(int32(len(page.Items)))
	default:
		if page.TotalSize, err = q.count(ctx, db, source); err != nil {
			return Page[T]{}, fmt.Errorf("count %s: %w", q.schema.Name, err)
		}
	}
	return page, nil
}

func read[T any](ctx context.Context, db Querier, q Query, source Source, scan pgx.RowToFunc[T]) ([]T, error) {
	narrow, err := q.narrow(ctx, db, source)
	if err != nil {
		return nil, err
	}
	var params []any
	where, order := q.SQL(&params)
	columns, from := source.Columns, source.From+" where "+source.and(where, &params)
	if narrow {
		// With "offset 0" the planner reads all of them and sorts, and does not walk the list.
		alias := q.schema.alias()
		columns, from = alias+".*", "(select "+columns+" from "+from+" offset 0) "+alias
	}
	rows, err := query(ctx, db, fmt.Sprintf("-- name: %s :many\nselect %s from %s order by %s limit %d", source.Name, columns, from, order, q.Limit()), params)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan)
}

// narrow reports whether the words of a filter find so few rows that all of them can be read.
func (q Query) narrow(ctx context.Context, db Querier, source Source) (bool, error) {
	if len(q.filter.words) == 0 || q.schema.Search.rows == nil {
		return false, nil
	}
	var params []any
	expression := q.schema.Search.rows(q.filter.words, parameters(&params))
	rows, err := query(ctx, db, fmt.Sprintf("-- name: %sFound :one\nselect %s", source.Name, expression), params)
	if err != nil {
		return false, err
	}
	n, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[int64])
	return n <= few, err
}

// count counts the rows of all pages, as far as MaxTotalSize.
func (q Query) count(ctx context.Context, db Querier, source Source) (*int32, error) {
	var params []any
	where := q.where(parameters(&params))
	rows, err := query(ctx, db, fmt.Sprintf("-- name: %sCount :one\nselect count(*)::int from (select from %s where %s limit %d) counted",
		source.Name, source.From, source.and(where, &params), MaxTotalSize+1), params)
	if err != nil {
		return nil, err
	}
	n, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[int32])
	return &n, err
}

// query runs a statement that is planned for its values: a plan that fits every filter would
// be a scan.
func query(ctx context.Context, db Querier, sql string, params []any) (pgx.Rows, error) {
	return db.Query(ctx, sql, append([]any{pgx.QueryExecModeCacheDescribe}, params...)...)
}

func (s Source) and(where string, params *[]any) string {
	conditions := []string{where}
	if s.Where != nil {
		conditions = append(conditions, s.Where(parameters(params))...)
	}
	return strings.Join(conditions, " and ")
}

// parameters appends values to args and returns their placeholders.
func parameters(args *[]any) func(any) string {
	return func(v any) string {
		*args = append(*args, v)
		return fmt.Sprintf("$%d", len(*args))
	}
}

// alias is the one of the list's table: "o" of "o.id". An order's columns have it too.
func (s Schema) alias() string {
	alias, _, _ := strings.Cut(s.ID, ".")
	return alias
}
