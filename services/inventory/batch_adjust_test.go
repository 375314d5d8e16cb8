package inventory_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// adding is a row that adds pieces.
func adding(code string, delta int64) *inventoryv1.AdjustStockRequest {
	return &inventoryv1.AdjustStockRequest{RequestId: uuid.NewString(), ProductCode: code, Delta: delta, Reason: "delivery"}
}

func (w *harness) adjustAll(t *testing.T, rows ...*inventoryv1.AdjustStockRequest) []*inventoryv1.AdjustStockOutcome {
	t.Helper()
	res, err := w.BatchAdjustStock(t.Context(), &inventoryv1.BatchAdjustStockRequest{Requests: rows})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.GetOutcomes()) != len(rows) {
		t.Fatalf("%d outcomes for %d rows", len(res.GetOutcomes()), len(rows))
	}
	return res.GetOutcomes()
}

func sameOutcomes(a, b []*inventoryv1.AdjustStockOutcome) bool {
	return slices.EqualFunc(a, b, func(a, b *inventoryv1.AdjustStockOutcome) bool { return proto.Equal(a, b) })
}

// A delivery of 50 rows with three that can't be: 47 are booked in, three are named with their
// reasons, and the delivery sent again books nothing twice, also when stock moved meanwhile.
func TestADeliveryIsBookedRowByRowAndOnce(t *testing.T) {
	t.Parallel()
	w := newHarness(t, staff())
	rows := make([]*inventoryv1.AdjustStockRequest, 50)
	for i := range rows {
		code := fmt.Sprint("MUG-", i)
		w.catalog.put(code)
		rows[i] = adding(code, 5)
	}
	rows[3].ProductCode = "NOTHING"
	rows[30].Delta = -1
	rows[31].Reason = "\u200b"
	first := w.adjustAll(t, rows...)
	for i, outcome := range first {
		if i != 3 && i != 30 && i != 31 && outcome.GetStock().GetOnHand() != 5 {
			t.Errorf("row %d: %v", i, outcome)
		}
	}
	for i, want := range map[int]string{3: "NOT_FOUND PRODUCT_NOT_FOUND", 30: "FAILED_PRECONDITION STOCK_INSUFFICIENT", 31: "INVALID_ARGUMENT INVALID_FIELD"} {
		refusal := first[i].GetRefusal()
		if got := fmt.Sprintf("%s %s", refusal.GetCode(), refusal.GetReason()); got != want || refusal.GetMessage() == "" {
			t.Errorf("row %d: %v, want %s", i, refusal, want)
		}
	}
	if field := first[31].GetRefusal().GetViolations()[0].GetField(); field != "reason" || first[30].GetRefusal().GetMetadata()["on_hand"] != "0" {
		t.Errorf("the refusals are %v and %v", first[30], first[31])
	}
	w.adjust(t, "MUG-1", -2)
	if again := w.adjustAll(t, rows...); !sameOutcomes(again, first) {
		t.Errorf("sent again it answers %v, first %v", again, first)
	}
	// A row is the same request alone as in any batch.
	alone, err := w.AdjustStock(t.Context(), rows[1])
	if err != nil || !proto.Equal(alone.GetStock(), first[1].GetStock()) {
		t.Errorf("alone it answers %v, %v, in the batch %v", alone, err, first[1])
	}
	listed, err := w.ListMovements(t.Context(), &inventoryv1.ListMovementsRequest{PageSize: 1000})
	if err != nil || len(listed.GetMovements()) != 48 {
		t.Errorf("%d movements, %v, want 47 and one", len(listed.GetMovements()), err)
	}
	// The cause of a refusal is gone: the row is done under the request_id that it has.
	w.catalog.put("NOTHING")
	if stock := w.adjustAll(t, rows[3])[0].GetStock(); stock.GetOnHand() != 5 {
		t.Errorf("once there is such a product: %v", stock)
	}
}

// One product can be in a delivery twice, because each row is a request of its own.
func TestTwoRowsOfOneProductAreBothBooked(t *testing.T) {
	t.Parallel()
	w := newHarness(t, staff())
	w.catalog.put("MUG")
	outcomes := w.adjustAll(t, adding("MUG", 5), adding("MUG", -5), adding("MUG", 2))
	var onHand []int64
	for _, outcome := range outcomes {
		onHand = append(onHand, outcome.GetStock().GetOnHand())
	}
	if !slices.Equal(onHand, []int64{5, 0, 2}) {
		t.Errorf("on hand %v", onHand)
	}
}

func TestABadDeliveryIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	w := newHarness(t, staff())
	w.catalog.put("MUG")
	good := adding("MUG", 5)
	twice := adding("MUG", 6)
	twice.RequestId = good.GetRequestId()
	tooMany := make([]*inventoryv1.AdjustStockRequest, 51)
	for i := range tooMany {
		tooMany[i] = adding("MUG", 1)
	}
	long := adding("MUG", 1)
	long.Reason = strings.Repeat("x", 501)
	for name, row := range map[string]struct {
		rows  []*inventoryv1.AdjustStockRequest
		field string
	}{
		"no row":             {nil, "requests"},
		"too many":           {tooMany, "requests"},
		"a request_id twice": {[]*inventoryv1.AdjustStockRequest{good, twice}, "requests[1].request_id"},
		"nothing to add":     {[]*inventoryv1.AdjustStockRequest{good, adding("MUG", 0)}, "requests[1].delta"},
		"a long reason":      {[]*inventoryv1.AdjustStockRequest{good, long}, "requests[1].reason"},
	} {
		_, err := w.BatchAdjustStock(t.Context(), &inventoryv1.BatchAdjustStockRequest{Requests: row.rows})
		t.Run(name, func(t *testing.T) { testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", row.field) })
	}
	stock, err := w.GetStock(t.Context(), &inventoryv1.GetStockRequest{ProductCode: "MUG"})
	if err != nil || stock.GetStock().GetOnHand() != 0 {
		t.Errorf("a refused delivery booked %v, %v", stock, err)
	}
}
