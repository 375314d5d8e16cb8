package page_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// A newer program adds columns to a table while an older one still lists it.
func TestAListOutlivesAColumnThatIsAddedToItsTable(t *testing.T) {
	t.Parallel()
	type mug struct {
		MugID int64  `db:"mug_id"`
		Name  string `db:"name"`
		Image []byte `db:"image"`
	}
	pool := testkit.Database(t, nil)
	for _, statement := range []string{
		`create table mugs (name text not null, mug_id bigint not null, image bytea not null)`,
		`insert into mugs values ('blue', 7, '\x01')`,
		`alter table mugs add column colour text not null default 'blue'`,
	} {
		if _, err := pool.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := pool.Query(t.Context(), "select "+page.Columns[mug]("m")+" from mugs m")
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[mug])
	if err != nil || got.MugID != 7 || got.Name != "blue" || len(got.Image) != 1 {
		t.Fatalf("got %v, %v", got, err)
	}
	rows, err = pool.Query(t.Context(), "select "+page.Columns[mug]("m", "image")+" from mugs m")
	if err != nil {
		t.Fatal(err)
	}
	got, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByNameLax[mug])
	if err != nil || got.MugID != 7 || got.Name != "blue" || got.Image != nil {
		t.Fatalf("without the image: got %v, %v", got, err)
	}
}
