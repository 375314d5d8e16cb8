package order_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"

	"connectrpc.com/connect/v2"
)

// An erasure covers what people typed: the reason of a cancellation, tracking codes,
// reasons of refunds, and the stored answers of idempotent requests. A replay after it
// answers with blanks, and another request under the id is still refused.
func TestAnErasureCoversWhatPeopleTyped(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	customer := uuid.New()
	place := func() (*orderv1.PlaceOrderRequest, *orderv1.Order) {
		req := request()
		req.CustomerId = customer.String()
		res, err := b.client.PlaceOrder(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		return req, res.GetOrder()
	}
	placeCancelled, cancelled := place()
	cancel := &orderv1.CancelOrderRequest{RequestId: uuid.NewString(), Id: cancelled.GetId(), Reason: "Ada Lovelace moved to Turin"}
	if _, err := b.client.CancelOrder(t.Context(), cancel); err != nil {
		t.Fatal(err)
	}
	_, sent := place()
	b.confirm(sent)
	ship := &orderv1.ShipOrderRequest{RequestId: uuid.NewString(), Id: sent.GetId(), Carrier: "Ada's uncle", TrackingCode: "ADA-1"}
	if _, err := b.client.ShipOrder(t.Context(), ship); err != nil {
		t.Fatal(err)
	}
	b.handle(paymentRefunded(sent, uuid.NewString(), 100, 100))
	b.handle(event(customer, 2, &customerv1.CustomerErased{CustomerId: customer.String(), Version: 2}))

	for _, column := range []string{"idempotency.request", "idempotency.response"} {
		for _, typed := range []string{"Ada", "Lovelace", "Example.com", "James", "Turin", "ADA-1"} {
			if n := b.count(`select count(*) from idempotency where position($1::bytea in `+column+`) > 0`, []byte(typed)); n > 0 {
				t.Errorf("%s still holds %q", column, typed)
			}
		}
	}
	if n := b.count(`select count(*) from orders where cancel_note <> '' or tracking_code <> '' or carrier <> ''`); n > 0 {
		t.Error("orders still hold what people typed")
	}
	if n := b.count(`select count(*) from order_history where note like '%Ada%'`) + b.count(`select count(*) from order_refunds where reason <> ''`); n > 0 {
		t.Error("history or refunds still hold what people typed")
	}

	replayed, err := b.client.PlaceOrder(t.Context(), placeCancelled)
	if err != nil || replayed.GetOrder().GetId() != cancelled.GetId() || replayed.GetOrder().GetContact() != nil || replayed.GetOrder().GetShippingAddress() != nil {
		t.Errorf("PlaceOrder again: %v, %v", replayed, err)
	}
	again, err := b.client.CancelOrder(t.Context(), cancel)
	if err != nil || again.GetOrder().GetContact() != nil || again.GetOrder().GetHistory()[1].GetNote() != "" {
		t.Errorf("CancelOrder again: %v, %v", again, err)
	}
	shipped, err := b.client.ShipOrder(t.Context(), ship)
	if err != nil || shipped.GetOrder().GetShipment().GetTrackingCode() != "" || shipped.GetOrder().GetShipment().GetId() == "" {
		t.Errorf("ShipOrder again: %v, %v", shipped, err)
	}
	other := proto.CloneOf(placeCancelled)
	other.Lines[0].Quantity = 9
	_, err = b.client.PlaceOrder(t.Context(), other)
	testkit.Refused(t, err, connect.CodeAlreadyExists, "REQUEST_ID_REUSED")
	_, err = b.update(&orderv1.Order{Id: sent.GetId(), Shipment: &orderv1.Shipment{TrackingCode: "2"}}, "shipment.tracking_code")
	testkit.Refused(t, err, connect.CodeFailedPrecondition, "CUSTOMER_ERASED")
}

// A guest is known by their e-mail address, however it was written. What somebody
// orders under it afterwards, and what customers ordered under it, is kept.
func TestAGuestIsErasedByTheirAddress(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	place := func(email string, customer uuid.UUID) *orderv1.Order {
		req := request()
		req.Contact.Email = email
		if customer != uuid.Nil {
			req.CustomerId = customer.String()
		}
		res, err := b.client.PlaceOrder(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		return res.GetOrder()
	}
	guests := []*orderv1.Order{place("Ada@Example.com", uuid.Nil), place(" ada@example.com", uuid.Nil)}
	kept := []*orderv1.Order{place("Ada@Example.com", uuid.New()), place("ida@example.com", uuid.Nil)}
	b.wait(time.Second)
	erased := event(uuid.New(), 1, &customerv1.CustomerErased{Email: "ada@example.com", Version: 1})
	erased.Time = b.orders.Now()
	b.handle(erased)
	b.wait(time.Second)
	kept = append(kept, place("Ada@Example.com", uuid.Nil))
	b.handle(erased)
	if err := b.orders.EraseLate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, o := range guests {
		if got := b.get(o); got.GetContact() != nil || got.GetShippingAddress() != nil {
			t.Errorf("still there: %v", got.GetContact())
		}
	}
	for _, o := range kept {
		if b.get(o).GetContact() == nil {
			t.Errorf("%v was blanked too", o.GetContact())
		}
	}
	b.wait(25 * time.Hour)
	if err := b.orders.EraseLate(t.Context()); err != nil || b.count(`select count(*) from erased_guests`) != 0 {
		t.Errorf("the erased address itself is kept, %v", err)
	}
}

// Whoever corrects the address of a guest's order and is erased under the new one is
// erased everywhere: OrderErased names the order, once for each, and is published again
// at a restart, because the broker may have lost it.
func TestAnErasedOrderIsPublished(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	mistyped, other := b.placed(), b.placed()
	if _, err := b.update(&orderv1.Order{Id: mistyped.GetId(), Contact: &orderv1.Contact{Email: "ada.l@example.com"}}, "contact.email"); err != nil {
		t.Fatal(err)
	}
	b.published()
	erased := event(uuid.New(), 1, &customerv1.CustomerErased{Email: "ada.l@example.com", Version: 1})
	erased.Time = b.orders.Now()
	b.handle(erased)
	first := b.wantPublished("OrderErased")[0].(*orderv1.OrderErased)
	version := b.count(`select version from orders where id = $1`, mistyped.GetId())
	if first.GetOrderId() != mistyped.GetId() || first.GetVersion() != int64(version) {
		t.Errorf("published %v; the order has version %d", first, version)
	}
	b.handle(erased)
	b.wantPublished()
	if err := b.orders.Republisher().All(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again := b.wantPublished("OrderErased")[0]; !proto.Equal(again, first) {
		t.Errorf("republished %v, want %v", again, first)
	}
	if b.get(other).GetContact() == nil {
		t.Error("the order of another address was blanked too")
	}
}
