// Package page serves lists as Google's AIPs describe them: pages (AIP-158), order_by
// (AIP-132) and filter (AIP-160, conjunctions of comparisons and of words to search for).
//
// A list is ordered by columns that its Schema declares, and by a unique id last. A page
// begins after the values of the previous page's last row. So each page costs the same,
// and rows that are added or removed meanwhile neither repeat nor hide others.
//
// Schema.Parse checks a request, and Read runs its statement.
package page

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// Schema is what a list can be filtered and ordered by. Nothing else reaches SQL.
type Schema struct {
	// Name is the list's, such as "payments": no other list of the shop has it, and a token
	// of one list is none of another.
	Name string
	// Fields by the name that requests use.
	Fields map[string]Field
	// Order is the order_by of a request that has none, such as "create_time desc".
	// Empty orders by ID alone.
	Order string
	// Filter holds beside a request's filter as far as that does not name its fields, such
	// as "status = ACTIVE".
	Filter string
	// Search finds rows by the words of a filter, which stand in it without a field. A list
	// without a Search refuses them.
	Search *Search
	// ID is the column of type uuid that makes every order total.
	ID string
	// Size is the number of items when a request names none, 0 means 50; MaxSize is
	// the largest that is served, 0 means 1000.
	Size, MaxSize int
}

// Field is a column of a list.
type Field struct {
	// Column is the SQL expression. It must not be null where Order is set. Where it is
	// null, a row has no value: it fits != and no other comparison.
	Column string
	Kind   Kind
	// Values are an Enum's words and what the column holds for them; Prefix is what the
	// contract writes before each, such as "PRODUCT_STATUS_".
	Values map[string]any
	Prefix string
	// Filter and Order are where the field may be used.
	Filter, Order bool
	// Condition, when set, writes a filter's condition instead of "Column op value":
	// with param, which makes a parameter of a value and returns its placeholder. It
	// keeps rows without a value for the op "<>". Of a Name or an Email it gets the text as
	// it is written, because its column may hold another key.
	Condition func(op string, value any, param func(any) string) string
}

// EnumValues are the Values of an Enum whose column holds the numbers from first to last, by
// their words.
func EnumValues[E interface {
	~int | ~int16
	String() string
}](first, last E) map[string]any {
	values := make(map[string]any)
	for e := first; e <= last; e++ {
		values[e.String()] = int16(e)
	}
	return values
}

// Kind is what a field's literals look like.
type Kind int

// The kinds of fields.
const (
	// Text is a string in double quotes; compared as the column's collation does.
	Text Kind = iota
	// Number is a decimal number: 10, -3, 12.50.
	Number
	// Bool is true or false.
	Bool
	// Enum is a bare word of the field's Values, alone or with the field's Prefix
	// (ACTIVE or PRODUCT_STATUS_ACTIVE); only = and != apply.
	Enum
	// Time is an RFC 3339 time in double quotes.
	Time
	// ID is a UUID in double quotes; only = and != apply.
	ID
	// Name is a name in double quotes that is compared without regard to case and to
	// the blanks around it; its Column holds grammar.Fold of the name.
	Name
	// Email is an e-mail address in double quotes; its Column holds grammar.EmailKey.
	Email
)

// Request is what a list call requests. Parent is everything else that decides
// which items there are, such as a customer's id: a token is bound to it.
type Request struct {
	Size                           int32
	Token, OrderBy, Filter, Parent string
	// TotalSize asks for how many items all pages hold.
	TotalSize bool
}

// Query is a checked request.
type Query struct {
	schema Schema
	size   int
	order  []term
	filter filter
	total  bool
	sum    string // what tokens are bound to
	after  []string
}

type term struct {
	name  string
	field Field
	desc  bool
}

// Parse checks a request. Its faults name what is wrong and what is allowed:
// INVALID_FIELD for the size, FILTER_INVALID for filter and order_by,
// PAGE_TOKEN_INVALID.
func (s Schema) Parse(r Request) (Query, error) {
	q := Query{schema: s, size: int(r.Size), total: r.TotalSize}
	if s.Name == "" {
		return q, errors.New("page: a list's schema has no name")
	}
	if r.Size < 0 {
		return q, fault.New(fault.Invalid, fault.ReasonInvalidField, "page_size is %d, it can't be negative", r.Size).
			Field("page_size", "must not be negative")
	}
	if q.size == 0 {
		q.size = orDefault(s.Size, 50)
	}
	q.size = min(q.size, orDefault(s.MaxSize, 1000))
	var err error
	if q.order, err = s.parseOrder(r.OrderBy); err != nil {
		return q, err
	}
	if q.filter, err = s.parseFilter(r.Filter); err != nil {
		return q, err
	}
	if q.filter, err = s.withDefault(q.filter); err != nil {
		return q, err
	}
	h := fnv.New128a()
	for _, part := range []string{s.list(), r.OrderBy, r.Filter, r.Parent} {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	q.sum = base64.RawURLEncoding.EncodeToString(h.Sum(nil))
	if r.Token != "" {
		if q.after, err = q.readToken(r.Token); err != nil {
			return q, err
		}
	}
	return q, nil
}

// withDefault adds the comparisons of the schema's own filter whose fields a request's does
// not name.
func (s Schema) withDefault(f filter) (filter, error) {
	own, err := s.parseFilter(s.Filter)
	if err != nil {
		return filter{}, err
	}
	given := f.comparisons
	for _, c := range own.comparisons {
		if !slices.ContainsFunc(given, func(g comparison) bool { return g.name == c.name }) {
			f.comparisons = append(f.comparisons, c)
		}
	}
	return f, nil
}

// list distinguishes one list from another, so that a token of one is none of the other,
// though both may be requested with the same filter and have columns of the same names. The
// columns are in it so that a token does not outlive a change of what the list is ordered by.
func (s Schema) list() string {
	columns := []string{s.Name, s.ID, s.Order}
	for name, field := range s.Fields {
		if field.Order {
			columns = append(columns, name+"="+field.Column)
		}
	}
	slices.Sort(columns[3:])
	return strings.Join(columns, ";")
}

func orDefault(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}

func (s Schema) parseOrder(orderBy string) ([]term, error) {
	if strings.TrimSpace(orderBy) == "" {
		orderBy = s.Order
	}
	if orderBy == "" {
		return nil, nil
	}
	var terms []term
	for _, part := range strings.Split(orderBy, ",") {
		words := strings.Fields(part)
		t := term{}
		switch {
		case len(words) == 2 && (words[1] == "desc" || words[1] == "asc"):
			t.desc = words[1] == "desc"
		case len(words) != 1:
			return nil, s.badOrder(shown(strings.TrimSpace(part)) + " is no field name with an optional \"desc\"")
		}
		t.name = words[0]
		var ok bool
		if t.field, ok = s.Fields[t.name]; !ok || !t.field.Order {
			return nil, s.badOrder("can't order by " + shown(t.name))
		}
		if slices.ContainsFunc(terms, func(o term) bool { return o.name == t.name }) {
			return nil, s.badOrder(shown(t.name) + " appears twice")
		}
		terms = append(terms, t)
	}
	return terms, nil
}

func (s Schema) badOrder(what string) error {
	text := what + "; allowed are " + s.names(func(f Field) bool { return f.Order })
	return fault.New(fault.Invalid, fault.ReasonFilterInvalid, "order_by: %s", text).Field("order_by", text)
}

// shown quotes a name that a client sent, and shortens it: an error describes a field in
// few bytes, and what is wrong with the name has to fit as well.
func shown(name string) string { return strconv.Quote(fault.Cut(name, 40)) }

func (s Schema) names(fits func(Field) bool) string {
	var names []string
	for name, f := range s.Fields {
		if fits(f) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// Comparison is one of the filter's, for conditions that depend on it.
type Comparison struct {
	// Field is the name that the request used.
	Field string
	// Op is SQL's: =, <>, <, <=, > or >=.
	Op string
	// Value is what the field's kind reads: text, except for a Bool, and for an Enum
	// what the column holds; see Field.Condition, too.
	Value any
}

// Comparisons returns the filter's comparisons, in its order.
func (q Query) Comparisons() []Comparison {
	all := make([]Comparison, len(q.filter.comparisons))
	for i, c := range q.filter.comparisons {
		all[i] = Comparison{c.name, c.op, c.value}
	}
	return all
}

// Limit is how many rows to read: one more than the page holds shows whether
// another follows.
func (q Query) Limit() int { return q.size + 1 }

// SQL returns a condition and an order. The condition's parameters are appended to
// args and numbered after those that are there; it is "true" when there is none.
// Both texts hold the schema's columns and parameters, and nothing from a request.
func (q Query) SQL(args *[]any) (where, orderBy string) {
	param := parameters(args)
	where = q.where(param)
	if q.after != nil {
		where += " and " + q.continuation(param)
	}
	var order []string
	for _, t := range q.order {
		order = append(order, t.field.Column+direction(t.desc))
	}
	order = append(order, q.schema.ID+direction(q.idDesc()))
	return where, strings.Join(order, ", ")
}

// where is the condition of the filter.
func (q Query) where(param func(any) string) string {
	conditions := []string{"true"}
	for _, c := range q.filter.comparisons {
		conditions = append(conditions, c.condition(param))
	}
	if len(q.filter.words) > 0 {
		conditions = append(conditions, q.schema.Search.condition(q.filter.words, param))
	}
	return strings.Join(conditions, " and ")
}

// idDesc has the id run like the field before it, so that one index can serve both.
func (q Query) idDesc() bool { return len(q.order) > 0 && q.order[len(q.order)-1].desc }

func direction(desc bool) string {
	if desc {
		return " desc"
	}
	return ""
}

// continuation is the condition that a row comes after the last one: its first
// fields equal, the next beyond. A bound on the first field comes with it, which an
// index can use.
func (q Query) continuation(param func(any) string) string {
	var alternatives []string
	var equal, bound string
	for i := range q.after {
		column, kind, desc := q.schema.ID, ID, q.idDesc()
		if i < len(q.order) {
			column, kind, desc = q.order[i].field.Column, q.order[i].field.Kind, q.order[i].desc
		}
		op := ">"
		if desc {
			op = "<"
		}
		value := param(q.after[i]) + "::text" + kind.cast()
		if i == 0 && len(q.order) > 0 {
			bound = column + " " + op + "= " + value + " and "
		}
		alternatives = append(alternatives, "("+equal+column+" "+op+" "+value+")")
		equal += column + " = " + value + " and "
	}
	return bound + "(" + strings.Join(alternatives, " or ") + ")"
}

func (k Kind) cast() string {
	switch k {
	case Number:
		return "::numeric"
	case Bool:
		return "::boolean"
	case Time:
		return "::timestamptz"
	case ID:
		return "::uuid"
	default:
		return ""
	}
}

// Cursor chooses the values that Cut needs: those of the fields that the list is
// ordered by, out of values by field name, and the id.
func (q Query) Cursor(values map[string]any, id uuid.UUID) []any {
	cursor := make([]any, 0, len(q.order)+1)
	for _, t := range q.order {
		cursor = append(cursor, values[t.name])
	}
	return append(cursor, id)
}

// Cut takes the rows that Limit read down to a page and makes the token of the next
// one, empty on the last. cursor returns Query.Cursor of a row.
func Cut[T any](q Query, rows []T, cursor func(T) []any) (page []T, next string, err error) {
	if len(rows) <= q.size {
		return rows, "", nil
	}
	page = rows[:q.size]
	if next, err = q.token(cursor(page[q.size-1])); err != nil {
		return nil, "", err
	}
	return page, next, nil
}

// token is a page's end: version 1, what it is bound to, the last row's values.
type token struct {
	Version int      `json:"v"`
	Sum     string   `json:"s"`
	After   []string `json:"a"`
}

func (q Query) token(cursor []any) (string, error) {
	if len(cursor) != len(q.order)+1 {
		return "", fmt.Errorf("page: cursor has %d values, the order has %d", len(cursor), len(q.order)+1)
	}
	t := token{Version: 1, Sum: q.sum}
	for _, v := range cursor {
		switch v := v.(type) {
		case nil:
			return "", fmt.Errorf("page: a value of the order is missing in the cursor")
		case time.Time:
			t.After = append(t.After, v.UTC().Format(time.RFC3339Nano))
		default:
			t.After = append(t.After, fmt.Sprint(v))
		}
	}
	body, err := json.Marshal(t)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(body), nil
}

func (q Query) readToken(text string) ([]string, error) {
	bad := func(why string) error {
		return fault.New(fault.Invalid, fault.ReasonPageTokenInvalid,
			"page_token %s; repeat the request that the token came from, or begin without one", why).Field("page_token", why)
	}
	body, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, bad("is not one of ours")
	}
	var t token
	if err := json.Unmarshal(body, &t); err != nil || t.Version != 1 {
		return nil, bad("is not one of ours")
	}
	if t.Sum != q.sum {
		return nil, bad("belongs to another list, or to a request with another filter, order_by or parent")
	}
	if len(t.After) != len(q.order)+1 {
		return nil, bad("is not one of ours")
	}
	for i, v := range t.After {
		kind := ID
		if i < len(q.order) {
			kind = q.order[i].field.Kind
		}
		// A forged value must fail here, not in the database.
		if strings.ContainsRune(v, 0) || !kind.plausible(v) {
			return nil, bad("is not one of ours")
		}
	}
	return t.After, nil
}
