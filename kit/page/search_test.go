package page_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// searchable has a Search that shows the words that it gets.
func searchable(got *[]string) page.Schema {
	schema := products()
	schema.Search = page.EachWord(page.Where(func(word string, _ func(any) string) string {
		*got = append(*got, word)
		return "true"
	}))
	return schema
}

// What stands without a field is a word; AND and blanks join it with the rest.
func TestWordsStandWithoutAField(t *testing.T) {
	t.Parallel()
	for filter, want := range map[string]string{
		`ada`: "ada", ` ada  lovelace `: "ada|lovelace", `ada AND lovelace`: "ada|lovelace", `"van der Berg" Ada`: "van der Berg|Ada",
		`ada@example.com`: "ada@example.com", `#7K3M-Q2XD`: "#7K3M-Q2XD", `a/b ..`: "a/b|..", `ANDY ORT`: "ANDY|ORT", `"OR"`: "OR", `"code"`: "code",
		`"say \"hi\" \\"`: `say "hi" \`, `ÄÖ 青い`: "ÄÖ|青い", `secret`: "secret", `" x "`: "x", `"-x"`: "-x", `x-y`: "x-y", `100%_`: "100%_",
		`ada status = ACTIVE lovelace`: "ada|lovelace", `price > 1 ada`: "ada", `ada price>1 AND "x"`: "ada|x", `status = ACTIVE price > 1`: "",
	} {
		var got []string
		query, err := searchable(&got).Parse(page.Request{Filter: filter})
		if err != nil {
			t.Errorf("%s: %v", filter, err)
			continue
		}
		var args []any
		if query.SQL(&args); strings.Join(got, "|") != want {
			t.Errorf("%s: got %q, want %s", filter, got, want)
		}
	}
}

// What may be a comparison that is mistyped is not searched for, and neither is what AIP-160
// gives a meaning that is not supported.
func TestWhatIsNoWord(t *testing.T) {
	t.Parallel()
	for filter, text := range map[string]string{
		`code`: "expected one of = != < <= > >= after code", `code ~ "x"`: "position 6: expected one of", `price 12`: "after price",
		`colour = "red"`: `"colour" is no field`, `ada OR eva`: "OR is not supported", `NOT ada`: "NOT can't stand here", `ada NOT eva`: "NOT is not supported",
		`AND ada`: "AND can't stand here", `ada AND`: "after AND comes", `ada AND AND eva`: "AND can't stand here", `-ada`: `'-' can't stand here`,
		`(ada)`: `'(' can't stand here`, `email:ada`: `':' can't stand here`, `ada*`: `'*' can't stand here`, `o'neil`: `in double quotes it is part of a word`,
		`"ada`: "not closed", `""`: "can't be blank", `" "`: "can't be blank", `ada"eva"`: "can't stand here", `"ada""eva"`: "expected AND or the end",
		"a\x00b": "U+0000", "\"a\x00b\"": "U+0000", "a\xffb": "U+0000", strings.Repeat("x ", 21): "more than 20 comparisons and words", `= 1`: "is no field",
		`price > 1ada`: "takes a number",
	} {
		var got []string
		_, err := searchable(&got).Parse(page.Request{Filter: filter})
		if fault.ReasonOf(err) != fault.ReasonFilterInvalid || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v, want %q", filter, err, text)
		}
	}
	for _, filter := range []string{`ada`, `"ada"`, `price > 1 ada`, `price > 1 status = ACTIVE`} {
		if _, err := products().Parse(page.Request{Filter: filter}); fault.ReasonOf(err) != fault.ReasonFilterInvalid {
			t.Errorf("a list without a search: %s: %v", filter, err)
		}
	}
}

// Each word begins something; several may be one name, or a first and a last one.
func TestWordsFindWhatBeginsLikeThem(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, nil)
	if _, err := pool.Exec(t.Context(), `create table p (id uuid primary key, who text, first text collate "C", last text collate "C", email text collate "C", old boolean not null default false)`); err != nil {
		t.Fatal(err)
	}
	for _, row := range [][3]string{
		{"Ada", "Lovelace", "ada@example.com"},
		{"Anna Maria", "van der Berg", "anna@example.com"},
		{"Anna", "Maria", "am_1%@example.com"},
		{"Łukasz", "Straße", ""},
		{"Zoe", "𝖋x", ""},
	} {
		if _, err := pool.Exec(t.Context(), `insert into p values ($1, $2, $3, $4, $5)`, uuid.New(), row[0]+" "+row[1],
			grammar.Fold(row[0]), grammar.Fold(row[1]), grammar.EmailKey(row[2])); err != nil {
			t.Fatal(err)
		}
	}
	first, last := page.Prefix("p", "p.first", grammar.Fold), page.Prefix("p", "p.last", grammar.Fold)
	search := page.AnyOf(page.EachWord(page.Prefix("p", "p.email", grammar.EmailKey), last), page.AllWords(last), page.TwoParts(last, first))
	schema := page.Schema{Name: "people", ID: "p.id", Search: search}
	for filter, want := range map[string]string{
		`LOVE`: "Ada Lovelace", `ada`: "Ada Lovelace", `ada@Example.com`: "Ada Lovelace", `ada@ love`: "Ada Lovelace", `love ada`: "Ada Lovelace",
		`ad lo`: "Ada Lovelace", `da`: "", `ada berg`: "", `ada ada`: "Ada Lovelace", `ada eva`: "",
		`"van der"`: "Anna Maria van der Berg", `van der berg`: "Anna Maria van der Berg", `anna maria van der b`: "Anna Maria van der Berg",
		`van der berg anna`: "Anna Maria van der Berg", `anna maria`: "Anna Maria", `am_`: "Anna Maria", `am_1%`: "Anna Maria", `a_`: "", `%`: "",
		`STRASSE`: "Łukasz Straße", `łu stra`: "Łukasz Straße", `𝖋`: "Zoe 𝖋x", `"' or true --"`: "",
	} {
		query, err := schema.Parse(page.Request{Filter: filter})
		if err != nil {
			t.Errorf("%s: %v", filter, err)
			continue
		}
		found, err := page.Read(t.Context(), pool, query, page.Source{
			Name: "PeopleList", Columns: "p.id, p.who", From: "p",
			Where: func(param func(any) string) []string { return []string{"p.old = " + param(false)} },
		}, scanPerson, func(p person) []any { return query.Cursor(nil, p.ID) })
		var got []string
		for _, p := range found.Items {
			got = append(got, p.Who)
		}
		slices.Sort(got)
		if err != nil || strings.Join(got, ", ") != want {
			t.Errorf("%s: got %q, want %q (%v)", filter, got, want, err)
		}
	}
}

type person struct {
	ID  uuid.UUID
	Who string
}

func scanPerson(row pgx.CollectableRow) (person, error) { return pgx.RowToStructByName[person](row) }

// A search that finds few rows and one that finds many give the same pages, and a total is
// exact as far as it is counted.
func TestPagesOfASearchHoldEachRowOnce(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, nil)
	for _, statement := range []string{
		`create table p (id uuid primary key, who text collate "C" not null)`,
		`insert into p select gen_random_uuid(), case when n <= 10000 then 'm' else 'f' end || case when n % 10 = 0 then 'x' else 'y' end || n from generate_series(1, 10042) n`,
		`create index on p (who)`,
	} {
		if _, err := pool.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	who := page.Prefix("p", "p.who", strings.ToLower)
	search := page.AnyOf(page.EachWord(who), page.TwoParts(who, who))
	schema := page.Schema{
		Name: "people", Fields: map[string]page.Field{"who": {Column: "p.who", Kind: page.Text, Order: true, Filter: true}}, Order: "who desc", ID: "p.id", Search: search,
	}
	for filter, want := range map[string]int32{``: 10_001, `m`: 10_000, `m AND who > "mx"`: 10_000, `mx`: 1000, `f`: 42, `f fx`: 4, `f m`: 0, `z`: 0, `who = "fx10010"`: 1} {
		seen := make(map[uuid.UUID]bool)
		last := "~"
		for token, first := "", true; token != "" || first; first = false {
			query, err := schema.Parse(page.Request{Size: 999, Filter: filter, Token: token, TotalSize: true})
			if err != nil {
				t.Fatal(err)
			}
			found, err := page.Read(t.Context(), pool, query, page.Source{Name: "PeopleList", Columns: "p.id, p.who", From: "p"},
				scanPerson, func(p person) []any { return query.Cursor(map[string]any{"who": p.Who}, p.ID) })
			if err != nil {
				t.Fatalf("%s: %v", filter, err)
			}
			if found.TotalSize == nil || *found.TotalSize != want {
				t.Errorf("%s: a total of %v, want %d", filter, found.TotalSize, want)
			}
			for _, p := range found.Items {
				if seen[p.ID] || p.Who > last {
					t.Errorf("%s: %s comes twice or in the wrong order", filter, p.Who)
				}
				seen[p.ID], last = true, p.Who
			}
			token = found.Next
		}
		if rows := map[bool]int{true: 10_042, false: int(want)}[filter == ""]; len(seen) != rows {
			t.Errorf("%s: %d rows, want %d", filter, len(seen), rows)
		}
	}
	query, err := schema.Parse(page.Request{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := page.Read(t.Context(), pool, query, page.Source{Name: "PeopleList", Columns: "p.id, p.who", From: "p"},
		scanPerson, func(p person) []any { return query.Cursor(map[string]any{"who": p.Who}, p.ID) })
	if err != nil || found.TotalSize != nil {
		t.Errorf("not asked for: %v, %v", found.TotalSize, err)
	}
}

// A list that its first page holds as a whole is told without counting it. Others are counted.
func TestAListOnOnePageIsNotCounted(t *testing.T) {
	t.Parallel()
	statements := &testkit.Statements{}
	pool := testkit.Open(t, pg.Config{URL: testkit.DatabaseURL(t, nil), Tracer: statements})
	for _, statement := range []string{
		`create table p (id uuid primary key, who text collate "C" not null)`,
		`insert into p select gen_random_uuid(), 'm' || n from generate_series(1, 3) n`,
	} {
		if _, err := pool.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	schema := page.Schema{Name: "people", Fields: map[string]page.Field{"who": {Column: "p.who", Kind: page.Text, Order: true}}, Order: "who", ID: "p.id"}
	read := func(request page.Request, total int32) string {
		t.Helper()
		query, err := schema.Parse(request)
		if err != nil {
			t.Fatal(err)
		}
		statements.Begin()
		found, err := page.Read(t.Context(), pool, query, page.Source{Name: "PeopleList", Columns: "p.id, p.who", From: "p"},
			scanPerson, func(p person) []any { return query.Cursor(map[string]any{"who": p.Who}, p.ID) })
		ran := statements.End()
		if err != nil || found.TotalSize == nil || *found.TotalSize != total {
			t.Fatalf("%+v: a total of %v, want %d (%v)", request, found.TotalSize, total, err)
		}
		if counted := strings.Contains(ran, "PeopleListCount"); counted != (request.Size < 3) {
			t.Errorf("%+v ran %s", request, ran)
		}
		return found.Next
	}
	read(page.Request{Size: 3, TotalSize: true}, 3)
	next := read(page.Request{Size: 2, TotalSize: true}, 3)
	read(page.Request{Size: 2, Token: next, TotalSize: true}, 3)
}
