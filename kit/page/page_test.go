package page_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func products() page.Schema {
	return page.Schema{
		Name: "products",
		Fields: map[string]page.Field{
			"code":        {Column: "p.code", Kind: page.Text, Filter: true, Order: true},
			"price":       {Column: "p.price", Kind: page.Number, Filter: true, Order: true},
			"active":      {Column: "p.active", Kind: page.Bool, Filter: true},
			"status":      {Column: "p.status", Kind: page.Enum, Values: map[string]any{"ACTIVE": 1, "ARCHIVED": 2}, Filter: true},
			"create_time": {Column: "p.create_time", Kind: page.Time, Filter: true, Order: true},
			"category_id": {Column: "p.category_id", Kind: page.ID, Filter: true},
			"secret":      {Column: "p.secret"},
		},
		Order: "create_time desc", ID: "p.id", Size: 3, MaxSize: 5,
	}
}

// What can't be served is refused with the place, the reason and what is allowed.
func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		req    page.Request
		reason fault.Reason
		text   string
	}{
		"unknown field":    {page.Request{Filter: `price > 1 AND color = "red"`}, fault.ReasonFilterInvalid, `position 15: "color" is no field`},
		"hidden field":     {page.Request{Filter: `secret = "x"`}, fault.ReasonFilterInvalid, "secret"},
		"operator":         {page.Request{Filter: `price ~ 1`}, fault.ReasonFilterInvalid, "expected one of"},
		"or":               {page.Request{Filter: `price > 1 OR price < 2`}, fault.ReasonFilterInvalid, "OR is not supported"},
		"enum":             {page.Request{Filter: `status = GONE`}, fault.ReasonFilterInvalid, "ACTIVE, ARCHIVED"},
		"enum order":       {page.Request{Filter: `status > ACTIVE`}, fault.ReasonFilterInvalid, "= and != only"},
		"open quote":       {page.Request{Filter: `code = "x`}, fault.ReasonFilterInvalid, "not closed"},
		"bare text":        {page.Request{Filter: `code = x`}, fault.ReasonFilterInvalid, "double quotes"},
		"nul":              {page.Request{Filter: "code = \"x\x00\""}, fault.ReasonFilterInvalid, "U+0000"},
		"number":           {page.Request{Filter: `price = 1e9`}, fault.ReasonFilterInvalid, "a number"},
		"time":             {page.Request{Filter: `create_time > "yesterday"`}, fault.ReasonFilterInvalid, "RFC 3339"},
		"uuid":             {page.Request{Filter: `category_id = "7"`}, fault.ReasonFilterInvalid, "UUID"},
		"injection":        {page.Request{Filter: `code = "x" OR 1=1--`}, fault.ReasonFilterInvalid, "OR is not supported"},
		"too many":         {page.Request{Filter: strings.Repeat("price > 1 AND ", 20) + "price > 1"}, fault.ReasonFilterInvalid, "more than 20"},
		"order field":      {page.Request{OrderBy: "active"}, fault.ReasonFilterInvalid, "code, create_time, price"},
		"order words":      {page.Request{OrderBy: "price down"}, fault.ReasonFilterInvalid, "price down"},
		"order injection":  {page.Request{OrderBy: "price; drop table p"}, fault.ReasonFilterInvalid, "drop"},
		"order twice":      {page.Request{OrderBy: "price, price desc"}, fault.ReasonFilterInvalid, "twice"},
		"size":             {page.Request{Size: -1}, fault.ReasonInvalidField, "page_size"},
		"garbage token":    {page.Request{Token: "%%%"}, fault.ReasonPageTokenInvalid, "not one of ours"},
		"plausible base64": {page.Request{Token: "eyJ2IjoxfQ"}, fault.ReasonPageTokenInvalid, "another filter"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := products().Parse(c.req)
			f, ok := fault.Of(err)
			if !ok || f.Reason() != c.reason || !strings.Contains(err.Error(), c.text) {
				t.Fatalf("got %v, want %s with %q", err, c.reason, c.text)
			}
		})
	}
}

// An error describes each field in 200 bytes (kit/rpc): what is wrong with a name has to
// be among them, however long the name is.
func TestARefusalOfALongNameStatesWhatIsWrong(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("𝖋", 300)
	for name, c := range map[string]struct {
		req  page.Request
		text string
	}{
		"filter":      {page.Request{Filter: long + " = 1"}, "is no field to filter by; fields are active"},
		"order field": {page.Request{OrderBy: long}, "allowed are code, create_time, price"},
		"order words": {page.Request{OrderBy: long + " a b"}, "is no field name with an optional \"desc\""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := products().Parse(c.req)
			f, ok := fault.Of(err)
			if !ok || len(f.Violations()) != 1 {
				t.Fatalf("got %v, want a refusal of one field", err)
			}
			if shown := fault.Cut(f.Violations()[0].Description, 200); !strings.Contains(shown, c.text) {
				t.Errorf("the first 200 bytes are %q, want %q among them", shown, c.text)
			}
		})
	}
}

type product struct {
	id      uuid.UUID
	code    string
	price   int64
	created time.Time
}

// Every page of every order together gives each row that the filter lets through
// once, in order, also where the ordered values are equal.
func TestPagesHoldEachRowOnce(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, nil)
	if _, err := pool.Exec(t.Context(), `create table p (id uuid primary key, code text not null, price bigint not null,
		active boolean not null, status int not null, create_time timestamptz not null, category_id uuid not null)`); err != nil {
		t.Fatal(err)
	}
	begin := time.Date(2026, 1, 2, 3, 4, 5, 123456000, time.UTC)
	category := uuid.New()
	var want []product
	for i := range 23 {
		p := product{uuid.New(), fmt.Sprintf(`c"%02d`, i), int64(i % 4), begin.Add(time.Duration(i/5) * time.Microsecond)}
		if _, err := pool.Exec(t.Context(), `insert into p values ($1, $2, $3, $4, $5, $6, $7)`,
			p.id, p.code, p.price, i%2 == 0, 1, p.created, category); err != nil {
			t.Fatal(err)
		}
		if p.price <= 2 {
			want = append(want, p)
		}
	}
	filter := fmt.Sprintf(`price <= 2 AND status = ACTIVE AND category_id = "%s" AND code != "c\"99" AND create_time >= "2026-01-02T03:04:05Z"`, category)
	for orderBy, order := range map[string]func(a, b product) int{
		"": func(a, b product) int {
			return cmp.Or(b.created.Compare(a.created), strings.Compare(b.id.String(), a.id.String()))
		},
		"price desc, code": func(a, b product) int { return cmp.Or(cmp.Compare(b.price, a.price), cmp.Compare(a.code, b.code)) },
		"price, create_time desc": func(a, b product) int {
			return cmp.Or(cmp.Compare(a.price, b.price), b.created.Compare(a.created), strings.Compare(b.id.String(), a.id.String()))
		},
		"code desc": func(a, b product) int { return cmp.Compare(b.code, a.code) },
	} {
		var got []product
		for token := ""; ; {
			q, err := products().Parse(page.Request{OrderBy: orderBy, Filter: filter, Token: token, Parent: "shop"})
			if err != nil {
				t.Fatal(err)
			}
			args := []any{category}
			where, by := q.SQL(&args)
			rows, err := pool.Query(t.Context(), `select id, code, price, create_time from p where category_id = $1 and `+
				where+` order by `+by+fmt.Sprintf(" limit %d", q.Limit()), args...)
			if err != nil {
				t.Fatal(err)
			}
			read, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (p product, err error) {
				err = r.Scan(&p.id, &p.code, &p.price, &p.created)
				return p, err
			})
			if err != nil {
				t.Fatal(err)
			}
			items, next, err := page.Cut(q, read, func(p product) []any {
				return q.Cursor(map[string]any{"code": p.code, "price": p.price, "create_time": p.created}, p.id)
			})
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, items...)
			if token = next; token == "" {
				break
			}
			if len(items) != 3 {
				t.Fatalf("a page of %d items, want 3", len(items))
			}
			if _, err := products().Parse(page.Request{OrderBy: orderBy, Filter: filter, Token: token, Parent: "other"}); err == nil {
				t.Fatal("a token of another parent was accepted")
			}
		}
		slices.SortFunc(want, order)
		if !slices.EqualFunc(got, want, func(a, b product) bool { return a.id == b.id }) {
			t.Errorf("order_by %q: %d rows, want %d in order", orderBy, len(got), len(want))
		}
	}
}

// Whatever a filter or token holds, it is refused or it is valid SQL.
func FuzzParse(f *testing.F) {
	f.Add(`code = "a\"b" AND price >= 10.00`, "price desc", "")
	f.Add("status != ACTIVE", "", "eyJ2IjoxfQ")
	f.Add(`red "blue mug" status = ACTIVE AND -x`, "", "")
	schema := products()
	schema.Search = page.EachWord(page.Prefix("p", "p.code", strings.ToLower))
	f.Fuzz(func(t *testing.T, filter, orderBy, token string) {
		q, err := schema.Parse(page.Request{Filter: filter, OrderBy: orderBy, Token: token})
		if err != nil {
			if _, ok := fault.Of(err); !ok {
				t.Fatalf("no fault: %v", err)
			}
			return
		}
		var args []any
		where, by := q.SQL(&args)
		if strings.Count(where, "$") < len(args) || strings.Trim(where+by, "abcdefghijklmnopqrstuvwxyz_.$0123456789<>=(), :") != "" {
			t.Fatalf("where %q, order %q, args %v", where, by, args)
		}
	})
}

// A field may write its own condition, and a list can see what it is filtered by.
func TestAFieldWritesItsOwnCondition(t *testing.T) {
	t.Parallel()
	schema := products()
	schema.Fields["tree"] = page.Field{Kind: page.ID, Filter: true, Condition: func(op string, value any, param func(any) string) string {
		return "p.path " + op + " any (" + param([]any{value}) + ")"
	}}
	id := uuid.NewString()
	query, err := schema.Parse(page.Request{Filter: `price > 1 AND tree != "` + id + `" AND status = ACTIVE`})
	if err != nil {
		t.Fatal(err)
	}
	want := []page.Comparison{{Field: "price", Op: ">", Value: "1"}, {Field: "tree", Op: "<>", Value: id}, {Field: "status", Op: "=", Value: 1}}
	if got := query.Comparisons(); !slices.Equal(got, want) {
		t.Fatalf("comparisons are %v, want %v", got, want)
	}
	var args []any
	where, _ := query.SQL(&args)
	if !strings.Contains(where, "p.path <> any ($2)") || len(args) != 3 {
		t.Fatalf("condition %s with %v", where, args)
	}
}

// A list's own filter holds unless the request names its field, and takes nothing of what
// a request may compare.
func TestAListHasAFilterOfItsOwn(t *testing.T) {
	t.Parallel()
	schema := page.Schema{
		Name: "products",
		Fields: map[string]page.Field{
			"status": {Column: "status", Kind: page.Enum, Values: map[string]any{"ACTIVE": 1, "ARCHIVED": 2}, Filter: true},
			"price":  {Column: "price", Kind: page.Number, Filter: true},
		},
		Filter: "status = ACTIVE", ID: "id",
	}
	twenty := "price > 1" + strings.Repeat(" AND price > 1", 19)
	for filter, want := range map[string]int{"": 1, "price > 1": 2, "status = ARCHIVED": 1, "status != ACTIVE AND price > 1": 2, twenty: 21} {
		query, err := schema.Parse(page.Request{Filter: filter})
		if err != nil || len(query.Comparisons()) != want {
			t.Errorf("%q: %v, %v; want %d comparisons", filter, query.Comparisons(), err, want)
		}
	}
}
