package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/store/db"
)

// The list is written here and not in queries/, because the caller chooses its
// conditions and order. Only columns that are named here enter the statement; values
// are parameters. It is planned for its values each time (CacheDescribe): a plan that
// fits every filter would be a scan.

func customerSchema() page.Schema {
	return page.Schema{
		Name: "customers",
		Fields: map[string]page.Field{
			"email":       {Kind: page.Email, Filter: true, Condition: compareEmail},
			"last_name":   {Column: "c.last_name", Kind: page.Text, Filter: true, Order: true, Condition: compareLastName},
			"erased":      {Column: "c.erased", Kind: page.Bool, Filter: true},
			"create_time": {Column: "c.create_time", Kind: page.Time, Order: true},
		},
		Order: "create_time desc", ID: "c.id",
	}
}

// compareLastName compares without regard to case and to blanks around a name.
func compareLastName(op string, value any, param func(any) string) string {
	text, _ := value.(string)
	return "c.last_name_key " + op + " " + param(grammar.Fold(text)) + "::text"
}

// compareEmail compares as grammar.EmailKey does. Erased customers have no e-mail
// address; leaving them out lets the unique index find the one who has it.
func compareEmail(op string, value any, param func(any) string) string {
	text, _ := value.(string)
	if op == "<>" {
		// Rows without a value differ from every value.
		return "(c.erased or c.email_key <> " + param(grammar.EmailKey(text)) + "::text)"
	}
	return "(not c.erased and c.email_key " + op + " " + param(grammar.EmailKey(text)) + "::text)"
}

// listed is a row of the list.
type listed struct {
	db.Customer
	Addresses []byte
}

// selectAddresses reads a customer's addresses as one JSON array.
const selectAddresses = `coalesce((
    select jsonb_agg(jsonb_build_object('id', a.id, 'label', a.label, 'postal_address', a.postal_address) order by a.position)
    from addresses a where a.customer_id = c.id
  ), '[]') as addresses`

// ListCustomers returns a page of customers and the token of the next one. Errors:
// FILTER_INVALID, PAGE_TOKEN_INVALID, INVALID_FIELD.
func (s Store) ListCustomers(ctx context.Context, req page.Request) ([]domain.Snapshot, string, error) {
	query, err := customerSchema().Parse(req)
	if err != nil {
		return nil, "", err
	}
	var params []any
	where, order := query.SQL(&params)
	sql := fmt.Sprintf("select %s, %s from customers c where %s order by %s limit %d", page.Columns[db.Customer]("c"), selectAddresses, where, order, query.Limit())
	rows, err := s.dbtx.Query(ctx, sql, append([]any{pgx.QueryExecModeCacheDescribe}, params...)...)
	if err != nil {
		return nil, "", fmt.Errorf("list customers: %w", err)
	}
	customers, err := pgx.CollectRows(rows, scanCustomer)
	if err != nil {
		return nil, "", fmt.Errorf("list customers: %w", err)
	}
	return page.Cut(query, customers, func(c domain.Snapshot) []any {
		return query.Cursor(map[string]any{"last_name": c.LastName, "create_time": c.CreateTime}, c.ID)
	})
}

func scanCustomer(row pgx.CollectableRow) (domain.Snapshot, error) {
	found, err := pgx.RowToStructByName[listed](row)
	if err != nil {
		return domain.Snapshot{}, err
	}
	customer, err := fromDBCustomer(found.Customer, found.Addresses, domain.SignInAddress{})
	return customer.Snapshot(), err
}
