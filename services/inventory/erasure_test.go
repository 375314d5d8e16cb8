package inventory_test

import (
	"bytes"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// What staff typed about a person goes with the person; the ledger's numbers stay, and
// the request that brought the reason keeps its answer.
func TestErasingAPersonBlanksTheReasonsThatNameThem(t *testing.T) {
	t.Parallel()
	n := withNeighbours(t)
	n.catalog.put("MUG")
	customer := uuid.Must(uuid.NewV7())
	first := &inventoryv1.AdjustStockRequest{
		RequestId: uuid.NewString(), ProductCode: "MUG", Delta: 7, Reason: "returned by Ada.Guest@Example.COM, broken",
	}
	answer, err := n.AdjustStock(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	for delta, reason := range map[int64]string{2: "customer " + customer.String() + " gave two back", 3: "counted"} {
		if _, err := n.AdjustStock(t.Context(), &inventoryv1.AdjustStockRequest{
			RequestId: uuid.NewString(), ProductCode: "MUG", Delta: delta, Reason: reason,
		}); err != nil {
			t.Fatal(err)
		}
	}
	n.events.Publish(
		outbox.Event{Topic: customerTopic, Key: customer, Version: 2, Message: &customerv1.CustomerErased{CustomerId: customer.String(), Version: 2}},
		outbox.Event{
			Topic: customerTopic, Key: uuid.NewSHA1(uuid.NameSpaceURL, []byte("mailto:ada.guest@example.com")), Version: 1,
			Message: &customerv1.CustomerErased{Email: "ada.guest@example.com", Version: 1},
		},
	)
	want := map[int64]string{7: "", 2: "", 3: "counted"}
	n.handled.Wait(t, "the reasons are blank", func() bool {
		res, err := n.ListMovements(t.Context(), &inventoryv1.ListMovementsRequest{})
		if err != nil || len(res.GetMovements()) != len(want) {
			return false
		}
		for _, m := range res.GetMovements() {
			if m.GetReason() != want[m.GetDelta()] {
				return false
			}
		}
		return true
	})
	again, err := n.AdjustStock(t.Context(), first)
	if err != nil || again.GetStock().GetOnHand() != answer.GetStock().GetOnHand() {
		t.Errorf("the same request again: %v, %v; want the first answer %v", again, err, answer)
	}
	first.Reason = "for another reason"
	_, err = n.AdjustStock(t.Context(), first)
	testkit.Refused(t, err, connect.CodeAlreadyExists, "REQUEST_ID_REUSED")
	for _, record := range n.audit(t) {
		if record.GetFinding() != nil {
			t.Errorf("finding %v", record.GetFinding())
		}
	}
}

// The stored request is compared by a digest of the reason: there is nothing to erase.
func TestAStoredRequestHoldsNoReason(t *testing.T) {
	t.Parallel()
	h := newHarness(t, staff())
	h.catalog.put("MUG")
	h.adjust(t, "MUG", 1)
	var stored []byte
	if err := h.pool.QueryRow(t.Context(), `select request from idempotency where rpc = 'AdjustStock'`).Scan(&stored); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(stored, []byte("MUG")) || bytes.Contains(stored, []byte("delivery")) {
		t.Errorf("the stored request is %q", stored)
	}
}
