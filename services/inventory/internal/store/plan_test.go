package store

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/testkit"
)

// Order events must cost the same however many products and orders there are.
func TestOrdersAreLockedThroughIndexes(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, os.DirFS("../../migrations"))
	ids := fmt.Sprintf("{%s,%s}", uuid.New(), uuid.New())
	for _, query := range []string{lockReservations, lockStockOfOrders} {
		args := []any{pgx.QueryExecModeSimpleProtocol, ids}
		if strings.Contains(query, "$2") {
			args = append(args, ids)
		}
		rows, err := pool.Hot().Query(t.Context(), "explain "+query, args...)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(plan, "\n"); strings.Contains(text, "Seq Scan") || !strings.Contains(text, "_pkey") {
			t.Errorf("plan:\n%s", text)
		}
	}
}
