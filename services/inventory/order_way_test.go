package inventory_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/testkit"
	kittrace "github.com/shopmesh/shopmesh/kit/trace"
)

const (
	orderTopic       = "shopmesh.order.order.v1"
	productTopic     = "shopmesh.catalog.product.v1"
	customerTopic    = "shopmesh.customer.customer.v1"
	reservationTopic = "shopmesh.inventory.reservation.v1"
	stockTopic       = "shopmesh.inventory.stock.v1"
)

// neighbours stand in for catalog and order beside an inventory.
type neighbours struct {
	*harness

	events *testkit.Events
}

func withNeighbours(t *testing.T) *neighbours {
	t.Helper()
	h := newHarness(t, staff())
	return &neighbours{harness: h, events: testkit.NewEvents(t, h.broker, reservationTopic, stockTopic)}
}

func (n *neighbours) publish(topic string, key uuid.UUID, version int64, m proto.Message, span trace.SpanContext) {
	n.events.Publish(outbox.Event{Topic: topic, Key: key, Version: version, Message: m, Traceparent: kittrace.Format(span)})
}

func (n *neighbours) productChanged(t *testing.T, code string) uuid.UUID {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	n.publish(productTopic, id, 1, &catalogv1.ProductChanged{Product: &catalogv1.Product{Id: id.String(), Code: code}, Version: 1}, trace.SpanContext{})
	return id
}

func (n *neighbours) orderPlaced(t *testing.T, order, product uuid.UUID, quantity int32, span trace.SpanContext) {
	t.Helper()
	n.publish(orderTopic, order, 1, &orderv1.OrderPlaced{
		OrderId: order.String(), Version: 1, ExpireTime: timestamppb.New(time.Now().Add(15 * time.Minute)),
		Lines: []*orderv1.ReservationLine{{ProductId: product.String(), ProductCode: "MUG", Quantity: quantity}},
	}, span)
}

func notice(order uuid.UUID) *orderv1.OrderNotice {
	return &orderv1.OrderNotice{OrderId: order.String()}
}

func span(n byte) trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{0: 1, 15: n}, SpanID: trace.SpanID{7: n}, TraceFlags: trace.FlagsSampled})
}

// The whole way over the real broker protocol: a product becomes known, is stocked,
// reserved, sold and given back; each answer continues its order's trace.
func TestAnOrderGoesItsWayThroughTheBroker(t *testing.T) {
	t.Parallel()
	n := withNeighbours(t)
	mug := n.productChanged(t, "MUG")
	var level inventoryv1.StockLevelChanged
	if n.events.Next(stockTopic, mug, &level); level.GetVersion() != 1 {
		t.Fatalf("level %v", &level)
	}
	n.adjust(t, "MUG", 5)
	n.events.Next(stockTopic, mug, &inventoryv1.StockLevelChanged{})

	first, second, never := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	n.orderPlaced(t, first, mug, 4, span(1))
	reserved := n.events.Next(reservationTopic, first, &inventoryv1.StockReserved{})
	if reserved.ID != first.String()+"/1/shopmesh.inventory.v1.StockReserved" || reserved.Span.TraceID() != span(1).TraceID() {
		t.Errorf("reserved %+v", reserved)
	}
	n.orderPlaced(t, second, mug, 2, span(2))
	var rejected inventoryv1.StockRejected
	n.events.Next(reservationTopic, second, &rejected)
	if len(rejected.GetShortages()) != 1 || rejected.GetShortages()[0].GetAvailable() != 1 {
		t.Errorf("rejected %v", &rejected)
	}
	n.publish(orderTopic, first, 3, &orderv1.OrderConfirmed{Notice: notice(first)}, span(1))
	n.events.Next(reservationTopic, first, &inventoryv1.StockCommitted{})
	n.publish(orderTopic, first, 4, &orderv1.OrderCancelled{Notice: notice(first)}, span(1))
	if released := n.events.Next(reservationTopic, first, &inventoryv1.StockReleased{}); !strings.Contains(released.ID, "/3/") {
		t.Errorf("released %+v", released)
	}
	// A cancellation that overtook its order leaves a tombstone, which refuses it.
	n.publish(orderTopic, never, 2, &orderv1.OrderCancelled{Notice: notice(never)}, span(3))
	n.events.Next(reservationTopic, never, &inventoryv1.StockReleased{})
	n.orderPlaced(t, never, mug, 1, span(3))
	n.events.Next(reservationTopic, never, &inventoryv1.StockReleased{})

	movements, err := n.ListMovements(t.Context(), &inventoryv1.ListMovementsRequest{Filter: `order_id = "` + first.String() + `"`})
	if err != nil || len(movements.GetMovements()) != 2 {
		t.Fatalf("movements %v, %v", movements, err)
	}
	for i, want := range []inventoryv1.StockMovementKind{
		inventoryv1.StockMovementKind_STOCK_MOVEMENT_KIND_RESTOCK, inventoryv1.StockMovementKind_STOCK_MOVEMENT_KIND_SALE,
	} {
		m := movements.GetMovements()[i]
		if m.GetKind() != want || m.GetTraceId() != span(1).TraceID().String() || m.GetOrderId() != first.String() {
			t.Errorf("movement %v, want a %v", m, want)
		}
	}
	records := n.audit(t)
	states := map[string]string{}
	for _, record := range records {
		if r := record.GetReservation(); r != nil {
			states[r.GetOrderId()] = r.GetState()
		}
		if record.GetFinding() != nil {
			t.Errorf("finding %v", record.GetFinding())
		}
	}
	if len(states) != 3 || states[first.String()] != "RESTOCKED" || states[second.String()] != "REJECTED" || states[never.String()] != "RELEASED" {
		t.Errorf("reservations %v", states)
	}
}

// What is no order, or contradicts its key, is set aside with its cause; other
// orders go on.
func TestAnEventThatMakesNoSenseIsSetAsideAndOthersGoOn(t *testing.T) {
	t.Parallel()
	n := withNeighbours(t)
	mug := n.productChanged(t, "MUG")
	n.events.Next(stockTopic, mug, &inventoryv1.StockLevelChanged{})
	n.adjust(t, "MUG", 5)
	other, empty, good := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	n.publish(orderTopic, other, 1, &orderv1.OrderCancelled{Notice: notice(good)}, span(1))
	n.publish(orderTopic, empty, 1, &orderv1.OrderPlaced{OrderId: empty.String()}, span(2))
	n.publish(orderTopic, good, 9, &orderv1.OrderDelivered{OrderId: good.String()}, span(3))
	n.orderPlaced(t, good, mug, 1, span(3))
	n.events.Next(reservationTopic, good, &inventoryv1.StockReserved{})
	causes := map[string]string{other.String(): "keyed by", empty.String(): "no lines"}
	var deadLetters []*operationsv1.DeadLetter
	n.handled.Wait(t, "both events are set aside", func() bool {
		res, err := n.operations.ListDeadLetters(t.Context(), &operationsv1.ListDeadLettersRequest{})
		deadLetters = res.GetDeadLetters()
		return err == nil && len(deadLetters) == len(causes)
	})
	for _, dead := range deadLetters {
		if want, ok := causes[dead.GetKey()]; !ok || !strings.Contains(dead.GetCause(), want) {
			t.Errorf("the dead letter of %s has the cause %q, want %q", dead.GetKey(), dead.GetCause(), want)
		}
	}
}

func (w *harness) audit(t *testing.T) []*operationsv1.AuditRecord {
	t.Helper()
	stream, err := w.operations.Audit(t.Context(), &operationsv1.AuditRequest{Context: "inventory"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stream.Close() }()
	var records []*operationsv1.AuditRecord
	for {
		res, err := stream.Receive()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			return records
		}
		records = append(records, res.GetRecord())
	}
}

func TestTheAuditStatesReservationsInOrderAndFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newHarness(t, staff())
	ctx := t.Context()
	fine, wrong, lost := w.catalog.put("FINE"), w.catalog.put("WRONG"), w.catalog.put("LOST")
	for _, code := range []string{"FINE", "WRONG", "LOST"} {
		w.adjust(t, code, 10)
	}
	for _, record := range w.audit(t) {
		if record.GetFinding() != nil {
			t.Fatalf("finding in a sound stock: %v", record.GetFinding())
		}
	}
	orders := []uuid.UUID{{0: 1}, {0: 2}, {0: 3}}
	for _, sql := range []string{
		// One sale that the ledger and the reservation agree on.
		`insert into reservations values ('` + orders[1].String() + `', 2, array['` + fine.String() + `']::uuid[], array[3], 2, now(), null, now(), now())`,
		`insert into movements (product_id, kind, delta, on_hand_after, order_id, reason, actor, trace_id, create_time)
		 values ('` + fine.String() + `', 2, -3, 7, '` + orders[1].String() + `', '', 'order', '', now())`,
		`update stock set on_hand = 7 where product_code = 'FINE'`,
		// A reservation that stock does not know, an order that nobody reserved for, and a stock changed by hand.
		`insert into reservations values ('` + orders[0].String() + `', 1, array['` + wrong.String() + `']::uuid[], array[2], 1, now(), null, now(), now())`,
		`insert into movements (product_id, kind, delta, on_hand_after, order_id, reason, actor, trace_id, create_time)
		 values ('` + lost.String() + `', 2, -11, 5, '` + orders[2].String() + `', '', 'order', '', now())`,
	} {
		if _, err := w.pool.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	var stated []string
	found := map[string]int{}
	for _, record := range w.audit(t) {
		if r := record.GetReservation(); r != nil {
			stated = append(stated, r.GetOrderId())
			if r.GetOrderId() == orders[1].String() && (len(r.GetLedger()) != 1 || r.GetLedger()[0].GetQuantity() != -3 || r.GetLines()[0].GetQuantity() != 3) {
				t.Errorf("the sale: %v", r)
			}
		}
		if f := record.GetFinding(); f != nil {
			if f.GetContext() != "inventory" || f.GetMessage() == "" {
				t.Errorf("finding %v", f)
			}
			found[f.GetKind()+" "+f.GetSubject()]++
		}
	}
	if len(stated) != 2 || stated[0] != orders[0].String() || stated[1] != orders[1].String() {
		t.Errorf("stated %v", stated)
	}
	want := []string{
		"RESERVED_MISMATCH " + wrong.String(),
		"LEDGER_MISMATCH " + orders[2].String(),
		"OVERSOLD " + lost.String(),
		"LEDGER_MISMATCH " + lost.String(),
	}
	for _, key := range want {
		if found[key] != 1 {
			t.Errorf("%s was found %d times", key, found[key])
		}
	}
	if len(found) != len(want) {
		t.Errorf("found %v", found)
	}
}

func TestTheStatusShowsAReadyContext(t *testing.T) {
	t.Parallel()
	w := newHarness(t, staff())
	testkit.Eventually(t, "inventory is ready", func() bool {
		res, err := w.operations.GetStatus(t.Context(), &operationsv1.GetStatusRequest{Context: "inventory"})
		return err == nil && len(res.GetContexts()) == 1 && res.GetContexts()[0].GetReady()
	})
}
