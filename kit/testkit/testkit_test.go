package testkit_test

import (
	"testing"
	"testing/fstest"

	"github.com/shopmesh/shopmesh/kit/testkit"
)

func migrations() fstest.MapFS {
	return fstest.MapFS{"00001_thing.sql": {Data: []byte("-- +goose Up\ncreate table thing (id int);")}}
}

// Two tests that migrate alike don't see each other's rows.
func TestDatabasesAreApart(t *testing.T) {
	t.Parallel()
	a, b := testkit.Database(t, migrations()), testkit.Database(t, migrations())
	if _, err := a.Exec(t.Context(), `create table only_here (id int)`); err != nil {
		t.Fatal(err)
	}
	var there bool
	if err := b.QueryRow(t.Context(), `select to_regclass('only_here') is not null`).Scan(&there); err != nil || there {
		t.Fatalf("table of another test is there: %v, error %v", there, err)
	}
}
