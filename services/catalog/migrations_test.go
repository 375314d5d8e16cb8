package catalog_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/catalog"
)

// Siblings whose names differed by case alone keep both, under names that differ.
func TestSiblingsThatShareANameAreDistinguishedByTheMigration(t *testing.T) {
	t.Parallel()
	const first = "00001_catalog.sql"
	text, err := fs.ReadFile(catalog.Migrations(), first)
	if err != nil {
		t.Fatal(err)
	}
	pool := testkit.Database(t, fstest.MapFS{first: {Data: text}})
	if _, err := pool.Exec(t.Context(), `insert into categories (id, parent_id, name, description, version, create_time, update_time) values
		('00000000-0000-7000-8000-000000000001', null, 'Tea', '', 1, '2026-01-01Z', '2026-01-01Z'),
		('00000000-0000-7000-8000-000000000002', null, ' tea ', '', 1, '2026-01-02Z', '2026-01-02Z'),
		('00000000-0000-7000-8000-000000000003', '00000000-0000-7000-8000-000000000001', 'TEA', '', 1, '2026-01-03Z', '2026-01-03Z'),
		('00000000-0000-7000-8000-000000000004', null, 'Straße', '', 1, '2026-01-04Z', '2026-01-04Z')`); err != nil {
		t.Fatal(err)
	}
	if _, err := pg.Migrate(t.Context(), pool, pg.Schema{Context: catalog.Name, Migrations: catalog.Migrations(), Log: testkit.Log(t)}); err != nil {
		t.Fatal(err)
	}
	rows, err := pool.Query(t.Context(), `select name || '|' || name_key from categories order by id`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"Tea|tea", " tea  (00000000-0000-7000-8000-000000000002)|tea (00000000-0000-7000-8000-000000000002)", "TEA|tea", "Straße|strasse",
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("category %d is %q, want %q", i+1, got[i], want[i])
		}
	}
}
