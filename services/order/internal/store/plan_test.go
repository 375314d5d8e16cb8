package store

import (
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/order/internal/store/db"
)

// Sums cost what the orders of their days do, however many there are of other days.
func TestSumsAreReadThroughTheIndexOfTimes(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, os.DirFS("../../migrations"))
	rows, err := pool.Query(t.Context(), "explain "+db.OrderSumByDay, pgx.QueryExecModeSimpleProtocol,
		"{2026-11-29,2026-11-30}", "2026-11-29", "2026-12-01")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(plan, "\n"); strings.Contains(text, "Seq Scan") || !strings.Contains(text, "orders_create_time") {
		t.Errorf("plan:\n%s", text)
	}
}
