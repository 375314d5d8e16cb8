package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/store/db"
)

// The list is written here and not in queries/, because the caller chooses its
// conditions and order. Only columns that are named here enter the statement; values
// are parameters.

func customerSchema() page.Schema {
	return page.Schema{
		Name: "customers",
		Fields: map[string]page.Field{
			"email":       {Kind: page.Email, Filter: true, Condition: compareEmail},
			"last_name":   {Column: "c.last_name", Kind: page.Text, Filter: true, Order: true, Condition: compareLastName},
			"erased":      {Column: "c.erased", Kind: page.Bool, Filter: true},
			"create_time": {Column: "c.create_time", Kind: page.Time, Order: true},
		},
		Order: "create_time desc", ID: "c.id", Search: searchCustomers(),
	}
}

// searchCustomers finds customers by how their e-mail address, last and first name begin.
func searchCustomers() *page.Search {
	email := page.Indexed("customers c", "c.email_key", func(text string, param func(any) string) string {
		// Erased customers have no address; the unique index leaves them out, too.
		text = grammar.EmailKey(text)
		return "(not c.erased and c.email_key >= " + param(text) + "::text and c.email_key < " + param(text+"\U0010FFFF") + "::text)"
	})
	lastName := page.Prefix("customers c", "c.last_name_key", grammar.Fold)
	// As it stands in the index customers_by_first_name.
	firstName := page.Prefix("customers c", `(casefold(normalize(c.first_name, nfc) collate "pg_unicode_fast") collate "C")`, grammar.Fold)
	return page.AnyOf(
		page.EachWord(email, lastName, firstName),
		page.AllWords(lastName), page.AllWords(firstName),
		page.TwoParts(firstName, lastName),
	)
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

// ListCustomers returns a page of customers. Errors: FILTER_INVALID, PAGE_TOKEN_INVALID,
// INVALID_FIELD.
func (s Store) ListCustomers(ctx context.Context, req page.Request) (page.Page[domain.Snapshot], error) {
	query, err := customerSchema().Parse(req)
	if err != nil {
		return page.Page[domain.Snapshot]{}, err
	}
	return page.Read(ctx, s.dbtx, query, page.Source{
		Name: "CustomerList", Columns: page.Columns[db.Customer]("c") + ", " + selectAddresses, From: "customers c",
	}, scanCustomer, func(c domain.Snapshot) []any {
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
