package pg_test

import (
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// files are migrations that each create a table.
func files(names ...string) fstest.MapFS {
	fs := fstest.MapFS{}
	for _, name := range names {
		_, table, _ := strings.Cut(strings.TrimSuffix(name, ".sql"), "_")
		fs[name] = &fstest.MapFile{Data: []byte("-- +goose Up\ncreate table " + table + " (id int);")}
	}
	return fs
}

func has(t *testing.T, pool *pg.Pool, table string) (there bool) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), `select to_regclass($1) is not null`, table).Scan(&there); err != nil {
		t.Fatal(err)
	}
	return there
}

// Catalog that is pointed at order's database is refused, and changes nothing there.
func TestADatabaseBelongsToOneContext(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, nil)
	for range 2 {
		if _, err := pg.Migrate(t.Context(), pool, pg.Schema{Context: "order", Migrations: files("00001_orders.sql")}); err != nil {
			t.Fatalf("order at its own database: %v", err)
		}
	}
	kit := []pg.Tables{{Name: "things", Migrations: files("00001_things.sql")}}
	_, err := pg.Migrate(t.Context(), pool, pg.Schema{Context: "catalog", Migrations: files("00001_orders.sql", "00002_products.sql"), Kit: kit})
	if err == nil || !strings.Contains(err.Error(), "belongs to order, not to catalog: give each context a database of its own") {
		t.Errorf("catalog at order's database: %v", err)
	}
	if has(t, pool, "products") || has(t, pool, "things") {
		t.Error("catalog changed order's database")
	}
}

// An old program at a database that a newer one has migrated is refused, be it the
// context's schema or the kit's that is newer, and changes nothing.
func TestAnOldProgramIsRefusedByANewerSchema(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		old, now pg.Schema
		want     string
	}{
		"the context's": {
			old:  pg.Schema{Migrations: files("00001_orders.sql"), Kit: []pg.Tables{{Name: "a", Migrations: files("00001_a1.sql", "00002_a2.sql")}}},
			now:  pg.Schema{Migrations: files("00001_orders.sql", "00002_lines.sql"), Kit: []pg.Tables{{Name: "a", Migrations: files("00001_a1.sql")}}},
			want: "the context's schema has version 2 and this program knows versions up to 1: a newer program has changed the database; start that one, or restore",
		},
		"the kit's": {
			old:  pg.Schema{Migrations: files("00001_orders.sql", "00002_a2.sql"), Kit: []pg.Tables{{Name: "a", Migrations: files("00001_a1.sql")}}},
			now:  pg.Schema{Migrations: files("00001_orders.sql"), Kit: []pg.Tables{{Name: "a", Migrations: files("00001_a1.sql", "00002_newer.sql")}}},
			want: "the schema of the kit's a has version 2 and this program knows versions up to 1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := testkit.Database(t, nil)
			if _, err := pg.Migrate(t.Context(), pool, row.now); err != nil {
				t.Fatal(err)
			}
			if _, err := pg.Migrate(t.Context(), pool, row.old); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
			if has(t, pool, "a2") {
				t.Error("what is refused was changed")
			}
		})
	}
}

// The version before starts on a database that the newer one only added to, as often as
// rollbacks need it, and no more once it has changed what the version before uses.
func TestTheVersionBeforeStartsAfterAnExpansion(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, nil)
	before := files("00001_orders.sql")
	after := files("00001_orders.sql")
	after["00002_note.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\n-- The version before keeps working: it never names the column.\nalter table orders add column note text not null default '';\n")}
	for i, program := range []fstest.MapFS{before, after, before, after} {
		version, err := pg.Migrate(t.Context(), pool, pg.Schema{Migrations: program})
		if want := min(i+1, 2); err != nil || version != int64(want) {
			t.Fatalf("start %d: version %d, %v", i+1, version, err)
		}
	}
	later := files("00001_orders.sql", "00003_lines.sql")
	later["00002_note.sql"] = after["00002_note.sql"]
	if _, err := pg.Migrate(t.Context(), pool, pg.Schema{Migrations: later}); err != nil {
		t.Fatal(err)
	}
	for _, program := range []fstest.MapFS{before, after} {
		if _, err := pg.Migrate(t.Context(), pool, pg.Schema{Migrations: program}); err == nil || !strings.Contains(err.Error(), "a newer program has changed the database") {
			t.Errorf("an older program after a change: %v", err)
		}
	}
}

// A migration that says that the version before keeps working, and takes away what that uses
// or demands what it does not write, is refused before anything is changed.
func TestAnExpansionAddsOnly(t *testing.T) {
	t.Parallel()
	const says = "-- The version before keeps working: it is said.\n"
	for statement, kept := range map[string]bool{
		says + "alter table orders drop column id;":                                      false,
		says + "alter table orders rename to others;":                                    false,
		says + "alter table orders\n  alter column id set not null;":                     false,
		says + "alter table orders alter column id type bigint;":                         false,
		says + "alter table orders add column note text not null;":                       false,
		says + "alter table orders add constraint positive check (id > 0);":              false,
		says + "create unique index orders_id on orders (id);":                           false,
		"-- The version before keeps working:\nalter table orders add column note text;": false,
		says + "alter table orders add column note text not null default '';":            true,
		says + "alter table orders add column note text, alter column id drop not null;": true,
		says + "create table notes (id int not null); create index on orders (id);":      true,
		"alter table orders rename to others;":                                           true,
	} {
		t.Run(statement, func(t *testing.T) {
			t.Parallel()
			migrations := files("00001_orders.sql")
			migrations["00002_next.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + statement + "\n-- +goose Down\ndrop table notes;\n")}
			pool := testkit.Database(t, nil)
			_, err := pg.Migrate(t.Context(), pool, pg.Schema{Migrations: migrations})
			if kept != (err == nil) {
				t.Errorf("got %v", err)
			}
			if !kept && has(t, pool, "orders") {
				t.Error("what is refused was changed")
			}
		})
	}
}

// Each migration leaves a line in the log, and a start that finds all done leaves none.
func TestMigrationsAreLogged(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, nil)
	var log strings.Builder
	schema := pg.Schema{
		Context: "order", Migrations: files("00001_orders.sql", "00002_lines.sql"), Log: slog.New(slog.NewTextHandler(&log, nil)),
		Kit: []pg.Tables{{Name: "outbox", Migrations: files("00001_outbox.sql")}},
	}
	version, err := pg.Migrate(t.Context(), pool, schema)
	if err != nil || version != 2 {
		t.Fatalf("version %d, %v", version, err)
	}
	for _, want := range []string{
		`msg="migrated the database" of="the schema of the kit's outbox" migration=00001_outbox.sql`,
		`of="the context's schema" migration=00001_orders.sql`, `of="the context's schema" migration=00002_lines.sql`,
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, log.String())
		}
	}
	log.Reset()
	if _, err := pg.Migrate(t.Context(), pool, schema); err != nil || log.Len() > 0 {
		t.Errorf("%v; logged %s", err, log.String())
	}
}
