package order_test

import (
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func (b *harness) update(order *orderv1.Order, paths ...string) (*orderv1.Order, error) {
	req := &orderv1.UpdateOrderRequest{Order: order}
	if len(paths) > 0 {
		req.UpdateMask = &fieldmaskpb.FieldMask{Paths: paths}
	}
	res, err := b.client.UpdateOrder(b.t.Context(), req)
	return res.GetOrder(), err
}

// A part of the contact is corrected and the rest stays; the history shows who and
// when, and whoever mails the customer learns of the new address.
func TestAMistypedContactIsCorrectedBeforeTheOrderIsShipped(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	o := b.placed()
	b.confirm(o)
	b.published()
	b.wait(time.Minute)
	got, err := b.update(&orderv1.Order{Id: o.GetId(), Contact: &orderv1.Contact{Email: "Ada@Bücher.Example"}}, "contact.email")
	if err != nil {
		t.Fatal(err)
	}
	if c := got.GetContact(); c.GetEmail() != "Ada@xn--bcher-kva.example" || c.GetFirstName() != "Ada" || c.GetLastName() != "Lovelace" {
		t.Errorf("the contact is %v", c)
	}
	last := got.GetHistory()[len(got.GetHistory())-1]
	if last.GetStep() != orderv1.OrderStep_ORDER_STEP_UPDATED || last.GetNote() != "contact.email" || last.GetActor() != "owner" ||
		!last.GetCreateTime().AsTime().Equal(b.orders.Now()) || last.GetState() != orderv1.OrderState_ORDER_STATE_CONFIRMED {
		t.Errorf("the history is %v", last)
	}
	updated := b.wantPublished("OrderUpdated")[0].(*orderv1.OrderUpdated)
	if updated.GetNotice().GetContact().GetEmail() != "Ada@xn--bcher-kva.example" || len(updated.GetNotice().GetLines()) == 0 {
		t.Errorf("published %v", updated)
	}
	if paths := updated.GetChangedFields().GetPaths(); updated.GetUpdateId() == "" || len(paths) != 1 || paths[0] != "contact.email" {
		t.Errorf("published correction %q of %v", updated.GetUpdateId(), paths)
	}
	// The address as a whole, without a mask.
	moved := &postaladdress.PostalAddress{RegionCode: "XK", AddressLines: []string{"Rruga A 1"}}
	if got, err = b.update(&orderv1.Order{Id: o.GetId(), ShippingAddress: moved}); err != nil || got.GetShippingAddress().GetRegionCode() != "XK" {
		t.Errorf("moved to %v, %v", got.GetShippingAddress(), err)
	}
	if !proto.Equal(got, b.get(o)) {
		t.Errorf("answered %v, stored is %v", got, b.get(o))
	}
	var findings []string
	if err := b.audit(&findings); err != nil || len(findings) > 0 {
		t.Errorf("the audit finds %v, %v", findings, err)
	}
}

func TestACorrectionThatComesTooLateOrIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	o := b.placed()
	contact := &orderv1.Order{Id: o.GetId(), Contact: &orderv1.Contact{FirstName: "Ida", Email: "ida@example.com"}}
	for field, order := range map[string]*orderv1.Order{
		"order.contact.email":                {Id: o.GetId(), Contact: &orderv1.Contact{FirstName: "Ada", Email: "ada at example"}},
		"order.contact.first_name":           {Id: o.GetId(), Contact: &orderv1.Contact{FirstName: "\u200b", Email: "ada@example.com"}},
		"order.shipping_address.region_code": {Id: o.GetId(), ShippingAddress: &postaladdress.PostalAddress{RegionCode: "UK", AddressLines: []string{"1"}}},
	} {
		_, err := b.update(order)
		testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", field)
	}
	_, err := b.update(&orderv1.Order{Id: o.GetId(), Shipment: &orderv1.Shipment{TrackingCode: "1"}}, "shipment.tracking_code")
	testkit.Refused(t, err, connect.CodeFailedPrecondition, "ORDER_STATE", "order.shipment")
	_, err = b.update(&orderv1.Order{Id: uuid.NewString(), Contact: contact.GetContact()})
	testkit.Refused(t, err, connect.CodeNotFound, "ORDER_NOT_FOUND")
	stale := proto.CloneOf(contact)
	stale.Etag = "stale"
	_, err = b.update(stale, "contact")
	testkit.Refused(t, err, connect.CodeAborted, "ETAG_MISMATCH")

	b.confirm(o)
	if _, err := b.client.ShipOrder(t.Context(), &orderv1.ShipOrderRequest{Id: o.GetId(), Carrier: "DHL", TrackingCode: "1"}); err != nil {
		t.Fatal(err)
	}
	_, err = b.update(contact, "contact")
	testkit.Refused(t, err, connect.CodeFailedPrecondition, "ORDER_STATE", "order.contact")
	got, err := b.update(&orderv1.Order{Id: o.GetId(), Shipment: &orderv1.Shipment{TrackingCode: "2"}}, "shipment.trackingCode")
	if err != nil || got.GetShipment().GetTrackingCode() != "2" || got.GetShipment().GetCarrier() != "DHL" || got.GetShipment().GetShipTime() == nil {
		t.Errorf("shipped as %v, %v", got.GetShipment(), err)
	}
}

// A customer corrects their own order, and never the shipment.
func TestACustomerCorrectsTheirOwnOrder(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	own, stranger := uuid.New(), uuid.New()
	req := request()
	req.CustomerId = own.String()
	res, err := b.client.PlaceOrder(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	change := &orderv1.UpdateOrderRequest{Order: &orderv1.Order{Id: res.GetOrder().GetId(), Contact: &orderv1.Contact{FirstName: "Ida", Email: "ida@example.com"}}}
	if _, err := b.as(authz.Identity{Kind: authz.Customer, ID: own.String()}).UpdateOrder(t.Context(), change); err != nil {
		t.Errorf("their own: %v", err)
	}
	_, err = b.as(authz.Identity{Kind: authz.Customer, ID: stranger.String()}).UpdateOrder(t.Context(), change)
	testkit.Refused(t, err, connect.CodeNotFound, "ORDER_NOT_FOUND")
	change.Order.Shipment, change.UpdateMask = &orderv1.Shipment{Carrier: "me"}, &fieldmaskpb.FieldMask{Paths: []string{"shipment.carrier"}}
	_, err = b.as(authz.Identity{Kind: authz.Customer, ID: own.String()}).UpdateOrder(t.Context(), change)
	testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED", "update_mask")
}

// After a lost answer a client calls again: with its request id, or with the same
// content. It gets the same answer, and nothing happens twice.
func TestShippingAgainAfterALostAnswerIsTheSameAnswer(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	o := b.placed()
	b.confirm(o)
	b.published()
	ship := &orderv1.ShipOrderRequest{Id: o.GetId(), Carrier: "DHL", TrackingCode: "1", RequestId: uuid.NewString(), Etag: b.get(o).GetEtag()}
	first, err := b.client.ShipOrder(t.Context(), ship)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := b.client.ShipOrder(t.Context(), ship); err != nil || !proto.Equal(again, first) {
		t.Errorf("under its request id: %v, %v", again, err)
	}
	bare := &orderv1.ShipOrderRequest{Id: o.GetId(), Carrier: "DHL", TrackingCode: "1"}
	if again, err := b.client.ShipOrder(t.Context(), bare); err != nil || !proto.Equal(again, first) {
		t.Errorf("with the same content: %v, %v", again, err)
	}
	bare.TrackingCode = "2"
	_, err = b.client.ShipOrder(t.Context(), bare)
	testkit.Refused(t, err, connect.CodeFailedPrecondition, "ORDER_STATE")
	other := proto.CloneOf(ship)
	other.TrackingCode = "2"
	_, err = b.client.ShipOrder(t.Context(), other)
	testkit.Refused(t, err, connect.CodeAlreadyExists, "REQUEST_ID_REUSED")
	other.RequestId = uuid.Nil.String()
	_, err = b.client.ShipOrder(t.Context(), other)
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "request_id")
	b.wantPublished("OrderShipped")

	delivered, err := b.client.MarkOrderDelivered(t.Context(), &orderv1.MarkOrderDeliveredRequest{Id: o.GetId(), RequestId: uuid.NewString()})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := b.client.MarkOrderDelivered(t.Context(), &orderv1.MarkOrderDeliveredRequest{Id: o.GetId()}); err != nil || !proto.Equal(again, delivered) {
		t.Errorf("delivered again: %v, %v", again, err)
	}
	b.wantPublished("OrderDelivered")

	o = b.placed()
	change := &orderv1.UpdateOrderRequest{RequestId: uuid.NewString(), Order: &orderv1.Order{Id: o.GetId(), Contact: &orderv1.Contact{FirstName: "Ida", Email: "ida@example.com"}}}
	updated, err := b.client.UpdateOrder(t.Context(), change)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := b.client.UpdateOrder(t.Context(), change); err != nil || !proto.Equal(again, updated) {
		t.Errorf("updated again: %v, %v", again, err)
	}
}

// Goods and money agree: what was refunded in full is found, and sent on demand only.
func TestARefundedOrderIsListedAndNotShippedByChance(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	full, part, none := b.placed(), b.placed(), b.placed()
	for _, o := range []*orderv1.Order{full, part, none} {
		b.confirm(o)
	}
	b.handle(paymentRefunded(full, uuid.NewString(), 1000, 1000), paymentRefunded(part, uuid.NewString(), 250, 250))
	for filter, want := range map[string][]*orderv1.Order{
		"refunded > 0": {part, full}, "balance = 0": {full}, "refunded > 0 AND balance > 0": {part},
		"refunded = 2.50": {part}, "balance = 7.50": {part}, "refunded = 0": {none}, "state = ORDER_STATE_CONFIRMED AND balance >= 10": {none},
	} {
		b.wantListed(filter, want...)
	}
	_, err := b.client.ShipOrder(t.Context(), &orderv1.ShipOrderRequest{Id: full.GetId()})
	testkit.Refused(t, err, connect.CodeFailedPrecondition, "ORDER_REFUNDED", "ship_refunded")
	if _, err := b.client.ShipOrder(t.Context(), &orderv1.ShipOrderRequest{Id: full.GetId(), ShipRefunded: true}); err != nil {
		t.Error(err)
	}
	if got := b.get(part); got.GetBalance().GetUnits() != 7 || got.GetBalance().GetNanos() != 500_000_000 {
		t.Errorf("the balance is %v", got.GetBalance())
	}
}

func (b *harness) wantListed(filter string, want ...*orderv1.Order) {
	b.t.Helper()
	res, err := b.client.ListOrders(b.t.Context(), &orderv1.ListOrdersRequest{Filter: filter})
	if err != nil {
		b.t.Fatalf("%s: %v", filter, err)
	}
	var got, wanted []string
	for _, o := range res.GetOrders() {
		got = append(got, o.GetNumber())
	}
	for _, o := range want {
		wanted = append(wanted, o.GetNumber())
	}
	if len(got) != len(wanted) {
		b.t.Errorf("%s lists %v, want %v", filter, got, wanted)
		return
	}
	for _, number := range wanted {
		if !strings.Contains(strings.Join(got, " "), number) {
			b.t.Errorf("%s lists %v, want %v", filter, got, wanted)
		}
	}
}

// People are found however they and their orders are written.
func TestOrdersAreFoundHoweverPeopleWrite(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	o := b.placed()
	number := o.GetNumber()
	for _, filter := range []string{
		`number = "` + number + `"`, `number = "` + strings.ToLower(number) + `"`, `number = "#` + number + `"`,
		`number = " ` + strings.ToLower(strings.ReplaceAll(number, "-", "")) + ` "`,
		`email = "ADA@example.COM"`, `email = "  ada@example.com "`, `last_name = " lovelace "`, "last_name = \"LOVELACE\u00a0\"",
		`state = PLACED`, `state = ORDER_STATE_PLACED`,
	} {
		b.wantListed(filter, o)
	}
	b.wantListed(`number = "0000-0000"`)
	b.wantListed(`last_name = "lovelac"`)
}
