package page_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func people() page.Schema {
	return page.Schema{
		Name: "people",
		Fields: map[string]page.Field{
			"name":      {Column: "p.name_key", Kind: page.Name, Filter: true},
			"email":     {Column: "p.email_key", Kind: page.Email, Filter: true},
			"state":     {Column: "p.state", Kind: page.Enum, Values: map[string]any{"NEW": "NEW", "VERY_OLD": "VERY_OLD"}, Prefix: "PERSON_STATE_", Filter: true},
			"parent_id": {Column: "p.parent_id", Kind: page.ID, Filter: true},
			"seen_time": {Column: "p.seen_time", Kind: page.Time, Filter: true},
		},
		ID: "p.id",
	}
}

// Look-ups forgive how a value is written, and rows without a value differ from all.
func TestAFilterForgivesHowAValueIsWritten(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, nil)
	if _, err := pool.Exec(t.Context(), `create table p (id uuid primary key, who text not null, name_key text not null, email_key text not null,
		state text, parent_id uuid, seen_time timestamptz)`); err != nil {
		t.Fatal(err)
	}
	parent := uuid.New()
	for _, row := range [][]any{
		{"ada", "Ada Straße", "Ada@Example.com", "NEW", parent, "2026-01-02T03:04:05.5Z"},
		{"eva", " eva", "eva@bücher.example", "VERY_OLD", nil, "2026-01-02T03:04:06Z"},
		{"nobody", "", "", nil, nil, nil},
	} {
		if _, err := pool.Exec(t.Context(), `insert into p values ($1, $2, $3, $4, $5, $6, $7)`, uuid.New(), row[0],
			grammar.Fold(row[1].(string)), grammar.EmailKey(row[2].(string)), row[3], row[4], row[5]); err != nil {
			t.Fatal(err)
		}
	}
	for filter, want := range map[string]string{
		`name = "ADA STRASSE"`: "ada", `name = "  ada straße "`: "ada", `name != "ada straße"`: "eva nobody", `name = "ada"`: "",
		`email = "ADA@example.COM "`: "ada", `email = "eva@xn--bcher-kva.example"`: "eva", `email != "ada@example.com"`: "eva nobody",
		`state = NEW`: "ada", `state = PERSON_STATE_NEW`: "ada", `state = PERSON_STATE_VERY_OLD`: "eva", `state != NEW`: "eva nobody",
		`state != PERSON_STATE_VERY_OLD`:                         "ada nobody",
		`parent_id = "` + strings.ToUpper(parent.String()) + `"`: "ada", `parent_id != "` + parent.String() + `"`: "eva nobody",
		`seen_time = "2026-01-02T04:04:05.5+01:00"`: "ada", `seen_time != "2026-01-02T03:04:06Z"`: "ada nobody", `seen_time > "2026-01-02T03:04:05Z"`: "ada eva",
	} {
		query, err := people().Parse(page.Request{Filter: filter})
		if err != nil {
			t.Fatalf("%s: %v", filter, err)
		}
		var args []any
		where, order := query.SQL(&args)
		rows, err := pool.Query(t.Context(), fmt.Sprintf("select who from p where %s order by %s", where, order), args...)
		if err != nil {
			t.Fatalf("%s: %v", filter, err)
		}
		got, err := pgx.CollectRows(rows, pgx.RowTo[string])
		slices.Sort(got)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, want %q (%v)", filter, got, want, err)
		}
	}
}

// What PostgreSQL would refuse is refused before, as the caller's mistake.
func TestATimeThatIsNoneIsTheCallersMistake(t *testing.T) {
	t.Parallel()
	for _, given := range []string{"2026-01-02T03:04:05+16:00", "2026-01-02T03:04:00,5Z", "2026-13-02T03:04:05Z", "0000-01-02T03:04:05Z"} {
		_, err := people().Parse(page.Request{Filter: `seen_time > "` + given + `"`})
		if fault.ReasonOf(err) != fault.ReasonFilterInvalid {
			t.Errorf("%s: %v", given, err)
		}
	}
	for _, filter := range []string{`state = NEWER`, `state = STATE_`, `state = STATE_NEW`, `state = FOO_STATE_NEW`, `state = PERSON_STATE_`, `state = PERSON_NEW`, `name > "a"`, `email < "a"`} {
		if _, err := people().Parse(page.Request{Filter: filter}); fault.ReasonOf(err) != fault.ReasonFilterInvalid {
			t.Errorf("%s: %v", filter, err)
		}
	}
}

// A token goes on with the list that it came from, and with no other one.
func TestATokenIsBoundToItsList(t *testing.T) {
	t.Parallel()
	ordered := func(list, id, column string) page.Schema {
		return page.Schema{Name: list, Fields: map[string]page.Field{"name": {Column: column, Kind: page.Text, Order: true}}, Order: "name", ID: id, Size: 1}
	}
	query, err := ordered("a", "a.id", "a.name").Parse(page.Request{})
	if err != nil {
		t.Fatal(err)
	}
	_, token, err := page.Cut(query, []string{"x", "y"}, func(name string) []any { return []any{name, uuid.New()} })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ordered("a", "a.id", "a.name").Parse(page.Request{Token: token}); err != nil {
		t.Fatal(err)
	}
	for _, other := range []page.Schema{
		ordered("b", "a.id", "a.name"), ordered("a", "b.id", "a.name"), ordered("a", "a.id", "b.name"),
	} {
		if _, err := other.Parse(page.Request{Token: token}); fault.ReasonOf(err) != fault.ReasonPageTokenInvalid {
			t.Fatalf("another list took it: %v", err)
		}
	}
}

// A list without a name would take the tokens of other lists.
func TestAListHasAName(t *testing.T) {
	t.Parallel()
	if _, err := (page.Schema{ID: "id"}).Parse(page.Request{}); err == nil {
		t.Fatal("a schema without a name was taken")
	}
}

// A condition gets an address as it is written, and an address has no order for it either.
func TestAConditionGetsAnAddressAsItIsWritten(t *testing.T) {
	t.Parallel()
	var got any
	schema := page.Schema{Name: "people", ID: "id", Fields: map[string]page.Field{"email": {
		Kind: page.Email, Filter: true, Condition: func(_ string, value any, _ func(any) string) string { got = value; return "true" },
	}}}
	query, err := schema.Parse(page.Request{Filter: `email = " Ada@Example.com"`})
	if err != nil {
		t.Fatal(err)
	}
	var args []any
	if query.SQL(&args); got != " Ada@Example.com" {
		t.Errorf("it got %q", got)
	}
	if _, err := schema.Parse(page.Request{Filter: `email < "a"`}); fault.ReasonOf(err) != fault.ReasonFilterInvalid {
		t.Errorf("by order: %v", err)
	}
}
