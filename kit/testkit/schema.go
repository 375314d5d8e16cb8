package testkit

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/pg"
)

// Schema fails the test unless pool's database has the tables of ddl exactly as ddl
// makes them: columns, defaults, constraints, indexes and storage settings. Other
// tables don't matter.
func Schema(tb testing.TB, pool *pg.Pool, ddl ...string) {
	tb.Helper()
	model := Database(tb, nil)
	for _, sql := range ddl {
		if _, err := model.Exec(tb.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			tb.Fatalf("model schema: %v", err)
		}
	}
	for table, want := range describe(tb, model) {
		got, ok := describe(tb, pool)[table]
		switch {
		case !ok:
			tb.Errorf("table %s is missing; its migration must be:\n%s", table, strings.Join(ddl, "\n"))
		case got != want:
			tb.Errorf("table %s differs\n got: %s\nwant: %s", table, got, want)
		}
	}
}

// describe writes down each table of the public schema.
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
		from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace`)
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
