package order_test

import (
	"os"
	"testing"

	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/order"
)

// A database that the old migrations made, which created the kit's tables themselves,
// keeps its events, dead letters and answers, and is like a new one afterwards.
func TestAnOldDatabaseIsAdopted(t *testing.T) {
	t.Parallel()
	testkit.Adopt(t, order.Name, os.DirFS("testdata/old_migrations"), order.Migrations())
}
