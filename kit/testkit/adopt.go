package testkit

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/shopmesh/shopmesh/kit/pg"
)

// Adopt migrates a database from each version of a context's old migrations, which
// created the kit's tables themselves. It fills these tables first, and fails the test
// unless all rows are still there, new rows follow them, and the schema equals that of a
// new database.
func Adopt(t *testing.T, name string, old, now fs.FS) {
	t.Helper()
	want := describe(t, Database(t, now))
	files, err := fs.Glob(old, "*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no old migrations: %v", err)
	}
	for version := range files {
		t.Run(fmt.Sprintf("version %d", version+1), func(t *testing.T) {
			t.Parallel()
			pool := Database(t, nil)
			migrateTo(t, pool, old, int64(version+1))
			kept := fill(t, pool)
			schema := pg.Schema{Context: name, Migrations: now, Kit: kitTables(), Log: slog.New(slog.DiscardHandler)}
			for range 2 { // the second start finds everything done
				if _, err := pg.Migrate(t.Context(), pool, schema); err != nil {
					t.Fatal(err)
				}
			}
			for table, rows := range kept {
				if got := dump(t, pool, table); got != rows {
					t.Errorf("%s holds %s, before it held %s", table, got, rows)
				}
			}
			got := describe(t, pool)
			for table := range want {
				if got[table] != want[table] {
					t.Errorf("table %s differs\n  adopted: %s\nnew: %s", table, got[table], want[table])
				}
			}
			for table := range got {
				if _, ok := want[table]; !ok {
					t.Errorf("table %s is in no new database", table)
				}
			}
			goesOn(t, pool)
		})
	}
}

// migrateTo applies goose migrations as contexts did before the kit had its own.
func migrateTo(t *testing.T, pool *pg.Pool, migrations fs.FS, version int64) {
	t.Helper()
	db := stdlib.OpenDB(*pool.Config().ConnConfig)
	defer func() { _ = db.Close() }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
}

const (
	insertEvent = `insert into outbox (topic, key, version, type, source, payload, traceparent, create_time)
		values ('t', gen_random_uuid(), 1, 'x', '/s', '\x01', '', now())`
	insertDeadLetter = `insert into dead_letters (consumer_group, topic, partition, record_offset, key, event_id, event_type, version, event_time, value, traceparent, cause)
		values ('g', 't', 0, $1, gen_random_uuid(), 'e', 'x', 1, now(), '\x01', '', 'it broke')`
	insertAnswer = `insert into idempotency (request_id, rpc, caller, request, response) values (gen_random_uuid(), 'r', 'c', '\x01', '\x02')`
)

// fill writes rows into the kit's tables that are there, and returns them by table.
func fill(t *testing.T, pool *pg.Pool) map[string]string {
	t.Helper()
	run(t, pool, insertEvent)
	run(t, pool, insertEvent)
	run(t, pool, `insert into outbox_leader (holder, released) values (gen_random_uuid(), false)`)
	run(t, pool, insertDeadLetter, 7)
	kept := map[string]string{"outbox": "", "outbox_leader": "", "dead_letters": ""}
	if _, answers := describe(t, pool)["idempotency"]; answers {
		run(t, pool, insertAnswer)
		kept["idempotency"] = ""
	}
	for table := range kept {
		kept[table] = dump(t, pool, table)
	}
	return kept
}

// goesOn writes one more row into each of the kit's tables, under ids of their own.
func goesOn(t *testing.T, pool *pg.Pool) {
	t.Helper()
	run(t, pool, insertEvent)
	run(t, pool, insertDeadLetter, 8)
	run(t, pool, insertAnswer)
	var ids string
	if err := pool.QueryRow(t.Context(), `select string_agg(id::text, ',' order by id) from outbox`).Scan(&ids); err != nil || ids != "1,2,3" {
		t.Errorf("the ids of the outbox are %q, %v", ids, err)
	}
}

func run(t *testing.T, pool *pg.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%.60s: %v", sql, err)
	}
}

func dump(t *testing.T, pool *pg.Pool, table string) (rows string) {
	t.Helper()
	err := pool.QueryRow(t.Context(), `select coalesce(string_agg(r::text, E'\n' order by r::text), '') from `+table+` r`).Scan(&rows)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// describe writes down each table of the public schema: columns, defaults, constraints,
// indexes and storage settings. The tables of versions are left out.
func describe(tb testing.TB, pool *pg.Pool) map[string]string {
	tb.Helper()
	rows, err := pool.Query(context.WithoutCancel(tb.Context()), `
		select c.relname,
		  concat_ws(E'\n',
		    (select string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod),
		       case when a.attnotnull then 'not null' end, 'identity:' || a.attidentity::text, pg_get_expr(d.adbin, d.adrelid)), E'\n' order by a.attname)
		     from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
		     where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
		    (select string_agg(pg_get_constraintdef(k.oid), E'\n' order by pg_get_constraintdef(k.oid)) from pg_constraint k where k.conrelid = c.oid),
		    (select string_agg(pg_get_indexdef(i.indexrelid), E'\n' order by pg_get_indexdef(i.indexrelid)) from pg_index i where i.indrelid = c.oid),
		    (select string_agg(o, ' ' order by o) from unnest(c.reloptions) o))
		from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname not like '%\_version'`)
	if err != nil {
		tb.Fatalf("describe the schema: %v", err)
	}
	tables := map[string]string{}
	var name, text string
	if _, err := pgx.ForEachRow(rows, []any{&name, &text}, func() error {
		tables[name] = text
		return nil
	}); err != nil {
		tb.Fatalf("describe the schema: %v", err)
	}
	return tables
}
