package order_test

import (
	"fmt"
	"slices"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func (b *harness) shipAll(rows ...*orderv1.ShipOrderRequest) []*orderv1.ShipOrderOutcome {
	b.t.Helper()
	res, err := b.client.BatchShipOrders(b.t.Context(), &orderv1.BatchShipOrdersRequest{Requests: rows})
	if err != nil {
		b.t.Fatal(err)
	}
	if len(res.GetOutcomes()) != len(rows) {
		b.t.Fatalf("%d outcomes for %d rows", len(res.GetOutcomes()), len(rows))
	}
	return res.GetOutcomes()
}

// What is reported of myparcelnl/woocommerce#408 and reactioncommerce/reaction#2837: of 50
// orders with three that can't be sent 47 are sent, three are named with their reasons, and
// the batch sent again sends nothing more and mails nobody twice.
func TestFiftyOrdersAreSentAndThreeAreNamed(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.uncap()
	b.sell("MUG", 500)
	rows := make([]*orderv1.ShipOrderRequest, 50)
	orders := make([]*orderv1.Order, 50)
	for i := range rows {
		orders[i] = b.placed()
		if i != 11 {
			b.confirm(orders[i])
		}
		rows[i] = &orderv1.ShipOrderRequest{Id: orders[i].GetId(), Carrier: "DHL", TrackingCode: fmt.Sprint("RX", i)}
	}
	b.handle(paymentRefunded(orders[12], uuid.NewString(), 1000, 1000))
	rows[13].Id = uuid.NewString()
	rows[14].RequestId = uuid.NewString()
	b.published()
	first := b.shipAll(rows...)
	for i, outcome := range first {
		sent := outcome.GetOrder()
		if !slices.Contains([]int{11, 12, 13}, i) && (sent.GetState() != orderv1.OrderState_ORDER_STATE_SHIPPED || sent.GetShipment().GetTrackingCode() != fmt.Sprint("RX", i)) {
			t.Errorf("row %d: %v", i, outcome)
		}
	}
	for i, want := range map[int]string{11: "FAILED_PRECONDITION ORDER_STATE", 12: "FAILED_PRECONDITION ORDER_REFUNDED", 13: "NOT_FOUND ORDER_NOT_FOUND"} {
		refusal := first[i].GetRefusal()
		if got := fmt.Sprintf("%s %s", refusal.GetCode(), refusal.GetReason()); got != want || refusal.GetMessage() == "" {
			t.Errorf("row %d: %v, want %s", i, refusal, want)
		}
	}
	if state := first[11].GetRefusal().GetMetadata()["state"]; state != "PLACED" {
		t.Errorf("the first refusal names the state %q", state)
	}
	if sent := len(b.published()); sent != 47 {
		t.Errorf("%d events, want one for each order that was sent", sent)
	}
	again := b.shipAll(rows...)
	if !slices.EqualFunc(again, first, func(a, b *orderv1.ShipOrderOutcome) bool { return proto.Equal(a, b) }) {
		t.Errorf("sent again it answers %v, first %v", again, first)
	}
	b.wantPublished()
	// The cause of a refusal is gone: that row is done, and no other.
	b.confirm(orders[11])
	b.published()
	if got := b.shipAll(rows...)[11].GetOrder().GetState(); got != orderv1.OrderState_ORDER_STATE_SHIPPED {
		t.Errorf("once it is paid it is %s", got)
	}
	b.wantPublished("OrderShipped")
}

func TestABadBatchOfOrdersIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	o := b.placed()
	b.confirm(o)
	good := &orderv1.ShipOrderRequest{Id: o.GetId(), Carrier: "DHL"}
	tooMany := make([]*orderv1.ShipOrderRequest, 51)
	for i := range tooMany {
		tooMany[i] = &orderv1.ShipOrderRequest{Id: uuid.NewString()}
	}
	for name, row := range map[string]struct {
		rows  []*orderv1.ShipOrderRequest
		field string
	}{
		"no row":      {nil, "requests"},
		"too many":    {tooMany, "requests"},
		"an id twice": {[]*orderv1.ShipOrderRequest{good, good}, "requests[1].id"},
		"a broken id": {[]*orderv1.ShipOrderRequest{good, {Id: "7"}}, "requests[1].id"},
	} {
		_, err := b.client.BatchShipOrders(t.Context(), &orderv1.BatchShipOrdersRequest{Requests: row.rows})
		t.Run(name, func(t *testing.T) { testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", row.field) })
	}
	if got := b.get(o).GetState(); got != orderv1.OrderState_ORDER_STATE_CONFIRMED {
		t.Errorf("a refused batch left the order %s", got)
	}
}
