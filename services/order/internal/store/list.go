package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store/db"
)

// OrderSchema states what the list of orders can be filtered and ordered by. Numbers,
// e-mail addresses and names are found however they are written. An order is overdue that was
// confirmed before confirmedBefore and is not shipped.
func OrderSchema(confirmedBefore time.Time) page.Schema {
	return page.Schema{
		Name: "orders",
		Fields: map[string]page.Field{
			"state": {
				Kind: page.Enum, Values: page.EnumValues(domain.Placed, domain.Cancelled), Prefix: "ORDER_STATE_", Filter: true, Condition: compareState,
			},
			"overdue":     {Kind: page.Bool, Filter: true, Condition: isOverdue(confirmedBefore)},
			"disputed":    {Kind: page.Bool, Filter: true, Condition: isDisputed},
			"number":      {Kind: page.Text, Filter: true, Condition: normalized("o.number", domain.NormalizeNumber)},
			"email":       {Column: "o.email", Kind: page.Email, Filter: true},
			"customer_id": {Column: "o.customer_id", Kind: page.ID, Filter: true},
			"last_name":   {Column: "o.last_name_key", Kind: page.Name, Filter: true},
			"refunded":    {Column: inMajorUnit("o.refunded_amount"), Kind: page.Number, Filter: true},
			"balance":     {Column: inMajorUnit(balance), Kind: page.Number, Filter: true},
			"create_time": {Column: "o.create_time", Kind: page.Time, Filter: true, Order: true},
		},
		Order: "create_time desc", ID: "o.id", Search: searchOrders(),
	}
}

// searchOrders finds orders by how their number, e-mail address and last name begin, and by
// a first and a last name, which the index orders_name has together.
func searchOrders() *page.Search {
	lastName := page.Prefix("orders o", "o.last_name_key", grammar.Fold)
	firstName := page.Prefix("orders o", `(casefold(normalize(o.first_name, nfc) collate "pg_unicode_fast") collate "C")`, grammar.Fold)
	return page.AnyOf(
		page.EachWord(page.Indexed("orders o", "o.number", numberBegins), page.Indexed("orders o", "o.email", emailBegins), lastName),
		page.AllWords(lastName),
		page.TwoParts(lastName, firstName),
	)
}

// numberBegins compares with the least and the greatest number that begins so, whatever the
// collation of the database is.
func numberBegins(text string, param func(any) string) string {
	least, greatest, ok := domain.NumberRange(text)
	if !ok {
		return "false"
	}
	return "(o.number between " + param(least) + "::text and " + param(greatest) + "::text)"
}

// emailBegins is a range in the collation any_case, of which the index is: CLDR has U+FFFF
// sort behind every text that begins with what stands before it.
func emailBegins(text string, param func(any) string) string {
	text = grammar.EmailKey(text)
	return "(o.email >= " + param(text) + "::text and o.email <= " + param(text+"\uFFFF") + "::text)"
}

// balance is the domain's Snapshot.Balance: what was captured and neither refunded nor taken
// back by a bank in a dispute that was lost.
var balance = fmt.Sprintf(`greatest(0, o.captured_amount - o.refunded_amount - (
  select coalesce(sum((d ->> 'amount')::bigint), 0) from jsonb_array_elements(o.disputes) d where (d ->> 'status')::int = %d))`, domain.DisputeLost)

// compareState says of orders that are open what the index orders_open says of its rows.
func compareState(op string, value any, param func(any) string) string {
	condition := "o.state " + op + " " + param(value)
	if state, _ := value.(int16); op == "=" && domain.State(state) <= domain.Confirmed {
		condition += " and " + open
	}
	return condition
}

// open is the predicate of the index orders_open. In terms of the state, it would keep
// PostgreSQL from changing the state of an order without touching the index.
const open = "o.shipment_id is null and o.cancelled_version = 0"

// isOverdue reads when an order was confirmed from its history. It was placed before that,
// which the index can tell.
func isOverdue(confirmedBefore time.Time) func(string, any, func(any) string) string {
	return func(op string, value any, param func(any) string) string {
		before := param(confirmedBefore)
		condition := fmt.Sprintf(`(o.state = %d and %s and o.create_time < %s
  and (select h.create_time from order_history h where h.order_id = o.id and h.version = o.confirmed_version) < %s)`,
			domain.Confirmed, open, before, before)
		return asked(op, value, condition)
	}
}

// isDisputed is true while a bank demands money back and has not decided. It says what the
// index orders_disputed says of its rows.
func isDisputed(op string, value any, _ func(any) string) string {
	return asked(op, value, fmt.Sprintf(`(o.disputes <> '[]' and (o.disputes @> '[{"status": %d}]' or o.disputes @> '[{"status": %d}]'))`,
		domain.DisputeNeedsResponse, domain.DisputeUnderReview))
}

// asked is a condition that a comparison with true or false asks for, or its contrary.
func asked(op string, value any, condition string) string {
	if (op == "=") == value.(bool) {
		return condition
	}
	return "not " + condition
}

// normalized compares a column with a value in the form that is stored.
func normalized(column string, form func(string) string) func(string, any, func(any) string) string {
	return func(op string, value any, param func(any) string) string {
		text, _ := value.(string)
		return column + " " + op + " " + param(form(text))
	}
}

// inMajorUnit is an amount in the unit that prices are written in: 12.50 for EUR.
func inMajorUnit(amount string) string {
	return amount + `::numeric / case when o.currency in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 1000
  when o.currency in ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') then 1
  when o.currency in ('CLF', 'UYW') then 10000 else 100 end`
}

// ListOrders reads a page of orders with their lines. With a customer it holds
// only theirs; uuid.Nil means everyone's. The statement is put together, because the
// caller chooses filter and order.
func (s Store) ListOrders(ctx context.Context, query page.Query, customer uuid.UUID) (page.Page[*domain.Order], error) {
	found, err := s.listRows(ctx, query, customer)
	if err != nil {
		return page.Page[*domain.Order]{}, err
	}
	orders, err := loadParts(ctx, s, found.Items, func(o db.Order) db.Order { return o })
	return page.With(found, orders), err
}

// ListOrdersAlone reads a page of everyone's orders with their addresses, and without lines
// and refunds.
func (s Store) ListOrdersAlone(ctx context.Context, query page.Query) (page.Page[*domain.Order], error) {
	found, err := s.listRows(ctx, query, uuid.Nil)
	if err != nil {
		return page.Page[*domain.Order]{}, err
	}
	orders := make([]*domain.Order, len(found.Items))
	for i, row := range found.Items {
		snapshot, err := fromDBOrder(row)
		if err != nil {
			return page.Page[*domain.Order]{}, err
		}
		if snapshot.Address, err = fromDBAddress(row.ShippingAddress); err != nil {
			return page.Page[*domain.Order]{}, err
		}
		orders[i] = domain.Restore(snapshot)
	}
	return page.With(found, orders), nil
}

func (s Store) listRows(ctx context.Context, query page.Query, customer uuid.UUID) (page.Page[db.Order], error) {
	source := page.Source{Name: "OrderList", Columns: page.Columns[db.Order]("o"), From: "orders o"}
	if customer != uuid.Nil {
		source.Where = func(param func(any) string) []string { return []string{"o.customer_id = " + param(customer)} }
	}
	return page.Read(ctx, s.dbtx, query, source, pgx.RowToStructByName[db.Order], func(o db.Order) []any {
		return query.Cursor(map[string]any{"create_time": o.CreateTime}, o.ID)
	})
}
