package inventory_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// Who adjusts stock is in the activity log with the levels before and after. That a product
// is looked up first is not.
func TestAdjustmentsAreRecorded(t *testing.T) {
	t.Parallel()
	w := newHarness(t, staff())
	log := testkit.NewEvents(t, w.broker, kitapp.ActivityTopic("inventory").Name)
	id := w.catalog.put("MUG")
	for _, delta := range []int64{10, -3} {
		if _, err := w.AdjustStock(t.Context(), &inventoryv1.AdjustStockRequest{RequestId: uuid.NewString(), ProductCode: "MUG", Delta: delta, Reason: "counted"}); err != nil {
			t.Fatal(err)
		}
	}
	entries := testkit.Recorded(t, log, 2)
	for i, want := range []string{"on_hand=→10", "on_hand=10→7"} {
		got := testkit.Described(entries[i])
		if !strings.HasPrefix(got, "shopmesh.inventory.v1.InventoryService/AdjustStock stock/"+id.String()+":") || !strings.Contains(got, want) {
			t.Errorf("entry %d is %s", i+1, got)
		}
		if by := entries[i].GetActor().GetId(); by != "anna" {
			t.Errorf("entry %d is by %s", i+1, by)
		}
	}
	if len(entries) != 2 {
		t.Errorf("%d entries", len(entries))
	}
}
