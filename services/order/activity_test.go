package order_test

import (
	"log/slog"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	activityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/activity/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/order"
	"github.com/shopmesh/shopmesh/services/order/internal/events"
)

// What staff does to orders is in the activity log, an order that they place for somebody
// too; what shoppers do is in their orders' histories alone. An entry holds nothing of the
// person.
func TestWhatStaffDoesIsRecorded(t *testing.T) {
	t.Parallel()
	broker := testkit.Broker(t)
	p := &process{t: t, events: testkit.NewEvents(t, broker), log: slog.New(slog.DiscardHandler)}
	p.serve(kitapp.ContextConfig{Database: pg.Config{URL: testkit.DatabaseURL(t, order.Migrations())}, Kafka: broker, SoleWriter: true}, othersURL(t))
	log := testkit.NewEvents(t, broker, kitapp.ActivityTopic("order").Name)
	ada := uuid.NewString()
	shopper := orderv1connect.NewOrderServiceClient(testkit.Client(t, p.api, testkit.As(t, testkit.Customer(ada))))
	own, err := shopper.PlaceOrder(t.Context(), request())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shopper.CancelOrder(t.Context(), &orderv1.CancelOrderRequest{RequestId: uuid.NewString(), Id: own.GetOrder().GetId()}); err != nil {
		t.Fatal(err)
	}
	req := request()
	req.CustomerId = ada
	placed, err := p.orders.PlaceOrder(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.orders.PlaceOrder(t.Context(), req); err != nil {
		t.Fatal(err) // again
	}
	id := placed.GetOrder().GetId()
	cancel := func() error {
		_, err := p.orders.CancelOrder(t.Context(), &orderv1.CancelOrderRequest{RequestId: uuid.NewString(), Id: id})
		return err
	}
	if err := cancel(); err != nil {
		t.Fatal(err)
	}
	testkit.Refused(t, cancel(), connect.CodeFailedPrecondition, "ORDER_STATE")
	sent, err := p.orders.PlaceOrder(t.Context(), request())
	if err != nil {
		t.Fatal(err)
	}
	p.publish(events.ReservationTopic, stockReserved(sent.GetOrder()))
	p.publish(events.PaymentTopic, paymentCaptured(sent.GetOrder()))
	ship := &orderv1.ShipOrderRequest{Id: sent.GetOrder().GetId(), Carrier: "Fast Parcels", TrackingCode: "0034012345"}
	testkit.Eventually(t, "the order is confirmed", func() bool {
		got, err := p.orders.GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: ship.GetId()})
		return err == nil && got.GetOrder().GetState() == orderv1.OrderState_ORDER_STATE_CONFIRMED
	})
	if _, err := p.orders.ShipOrder(t.Context(), ship); err != nil {
		t.Fatal(err)
	}
	const service = "shopmesh.order.v1.OrderService/"
	entries := testkit.Recorded(t, log, 4)
	if got := testkit.Described(entries[0]); got != service+"PlaceOrder orders/"+id+":" {
		t.Errorf("the order is recorded as %s", got)
	}
	if got := testkit.Described(entries[1]); !strings.HasPrefix(got, service+"CancelOrder orders/"+id+": state=ORDER_STATE_PLACED→ORDER_STATE_CANCELLED") {
		t.Errorf("the cancellation is recorded as %s", got)
	}
	if got := testkit.Described(entries[3]); !strings.HasPrefix(got, service+"ShipOrder orders/"+ship.GetId()+": state=ORDER_STATE_CONFIRMED→ORDER_STATE_SHIPPED") ||
		!strings.Contains(got, " shipment.carrier=(redacted) shipment.tracking_code=(redacted)") {
		t.Errorf("the shipment is recorded as %s", got)
	}
	for _, entry := range entries {
		if by := entry.GetActor(); by.GetKind() != activityv1.ActorKind_ACTOR_KIND_OWNER || by.GetId() != testkit.Owner().ID || entry.GetTraceId() == "" {
			t.Errorf("recorded as done by %v under the trace %q", by, entry.GetTraceId())
		}
		for _, personal := range []string{"Lovelace", "St James", ship.GetCarrier(), ship.GetTrackingCode()} {
			if text := entry.String(); strings.Contains(text, personal) {
				t.Errorf("the entry holds what an erasure blanks, %q: %s", personal, text)
			}
		}
	}
	if len(entries) != 4 {
		t.Errorf("%d entries", len(entries))
	}
}
