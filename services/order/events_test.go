package order_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

func orderID(o *orderv1.Order) uuid.UUID { return uuid.MustParse(o.GetId()) }

func stockReserved(o *orderv1.Order) consumer.Event {
	return event(orderID(o), 1, &inventoryv1.StockReserved{OrderId: o.GetId(), Version: 1})
}

func stockRejected(o *orderv1.Order) consumer.Event {
	return event(orderID(o), 1, &inventoryv1.StockRejected{OrderId: o.GetId(), Version: 1, Shortages: []*inventoryv1.StockShortage{
		{ProductCode: "MUG", Requested: 2, Available: 1},
	}})
}

func stockCommitted(o *orderv1.Order) consumer.Event {
	return event(orderID(o), 2, &inventoryv1.StockCommitted{OrderId: o.GetId(), Version: 2})
}

func stockReleased(o *orderv1.Order) consumer.Event {
	return event(orderID(o), 2, &inventoryv1.StockReleased{OrderId: o.GetId(), Version: 2})
}

func paymentCaptured(o *orderv1.Order) consumer.Event {
	return event(uuid.MustParse(o.GetPaymentId()), 2, &paymentv1.PaymentCaptured{
		PaymentId: o.GetPaymentId(), OrderId: o.GetId(), Amount: o.GetTotal(), Version: 2,
	})
}

func paymentFailed(o *orderv1.Order) consumer.Event {
	return event(uuid.MustParse(o.GetPaymentId()), 2, &paymentv1.PaymentFailed{
		PaymentId: o.GetPaymentId(), OrderId: o.GetId(), FailureCode: "card_declined", Version: 2,
	})
}

func paymentRefunded(o *orderv1.Order, id string, cents, all int64) consumer.Event {
	return event(uuid.MustParse(o.GetPaymentId()), 3, &paymentv1.PaymentRefunded{
		RefundId: id, PaymentId: o.GetPaymentId(), OrderId: o.GetId(), Amount: moneypb.Proto(euros(cents)),
		Refunded: moneypb.Proto(euros(all)), Captured: o.GetTotal(), Reason: "broken", Version: 3,
	})
}

func mailSent(o *orderv1.Order, kind notificationv1.NotificationKind, subject string) consumer.Event {
	id := uuid.New()
	return event(id, 2, &notificationv1.NotificationSent{NotificationId: id.String(), OrderId: o.GetId(), Kind: kind, SubjectId: subject, Version: 2})
}

func mailFailed(o *orderv1.Order, kind notificationv1.NotificationKind, subject string) consumer.Event {
	id := uuid.New()
	return event(id, 2, &notificationv1.NotificationFailed{NotificationId: id.String(), OrderId: o.GetId(), Kind: kind, SubjectId: subject, Version: 2})
}

const (
	confirmationMail = notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_CONFIRMED
	cancellationMail = notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_CANCELLED
	refundMail       = notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_REFUNDED
)

// confirm has an order reserved and paid.
func (b *harness) confirm(o *orderv1.Order) {
	b.t.Helper()
	b.handle(stockReserved(o))
	b.handle(paymentCaptured(o))
}

func (b *harness) wantState(o *orderv1.Order, state, reason string, awaits ...string) *orderv1.Order {
	b.t.Helper()
	got := b.get(o)
	if strings.TrimPrefix(got.GetState().String(), "ORDER_STATE_") != state || reason != "" && strings.TrimPrefix(got.GetCancelReason().String(), "CANCEL_REASON_") != reason {
		b.t.Errorf("order is %v %v, want %s %s", got.GetState(), got.GetCancelReason(), state, reason)
	}
	if a := b.awaits(o); !slices.Equal(a, awaits) {
		b.t.Errorf("order awaits %v, want %v", a, awaits)
	}
	return got
}

func TestAnOrderThatGoesWell(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	o := b.placed()
	b.handle(stockReserved(o))
	request := b.wantPublished("OrderAwaitingPayment")[0].(*orderv1.OrderAwaitingPayment)
	if request.GetPaymentId() != o.GetPaymentId() || !proto.Equal(request.GetTotal(), o.GetTotal()) || request.GetNumber() != o.GetNumber() || request.GetPaymentMethod() != "sandbox_ok" {
		t.Errorf("it wants %v", request)
	}
	b.handle(paymentCaptured(o))
	notice := b.wantPublished("OrderConfirmed")[0].(*orderv1.OrderConfirmed).GetNotice()
	if notice.GetVersion() != 3 || notice.GetContact().GetFirstName() != "Ada" || notice.GetLines()[0].GetName() != "A MUG" || !proto.Equal(notice.GetTotal(), o.GetTotal()) {
		t.Errorf("confirmed with %v", notice)
	}
	b.wantState(o, "CONFIRMED", "", "COMMIT", "CONFIRMATION_MAIL")
	b.handle(mailSent(o, confirmationMail, o.GetId()), stockCommitted(o))
	got := b.wantState(o, "CONFIRMED", "")
	if !proto.Equal(got.GetCaptured(), o.GetTotal()) || len(got.GetHistory()) != 3 || got.GetHistory()[1].GetActor() != "inventory" || got.GetExpireTime() != nil {
		t.Errorf("ended as %v", got)
	}
	if n := b.count(`select count(*) from orders where due_time is not null`); n != 0 {
		t.Error("the sweeper would handle it")
	}
	// All of it again changes nothing and publishes nothing.
	b.published()
	b.handle(stockReserved(o), paymentCaptured(o), stockCommitted(o), mailSent(o, confirmationMail, o.GetId()))
	b.wantPublished()
	if again := b.get(o); !proto.Equal(again, got) {
		t.Errorf("applied again, it is %v", again)
	}
}

// The rows of the table of events that end an order.
func TestOrdersThatEndWithoutASale(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	for name, row := range map[string]struct {
		inbound func(*orderv1.Order) []consumer.Event
		reason  string
		note    string
		awaits  []string
	}{
		"out of stock": {func(o *orderv1.Order) []consumer.Event { return []consumer.Event{stockRejected(o)} }, "OUT_OF_STOCK", "MUG: 1 of 2 available", []string{"RELEASE", "CANCELLATION_MAIL"}},
		"declined":     {func(o *orderv1.Order) []consumer.Event { return []consumer.Event{stockReserved(o), paymentFailed(o)} }, "PAYMENT_FAILED", "card_declined", []string{"RELEASE", "CANCELLATION_MAIL"}},
	} {
		for _, together := range []bool{true, false} {
			o := b.placed()
			inbound := append(row.inbound(o), row.inbound(o)...)
			if together {
				b.handle(inbound...)
			} else {
				for _, inbound := range inbound {
					b.handle(inbound)
				}
			}
			got := b.wantState(o, "CANCELLED", row.reason, row.awaits...)
			if last := got.GetHistory()[len(got.GetHistory())-1]; last.GetNote() != row.note {
				t.Errorf("%s: noted %q", name, last.GetNote())
			}
			published := names(b.published())
			if n := len(published); n == 0 || published[n-1] != "OrderCancelled" {
				t.Errorf("%s: published %v", name, published)
			}
			b.handle(stockReleased(o), mailFailed(o, cancellationMail, o.GetId()))
			b.wantState(o, "CANCELLED", row.reason)
		}
	}
}

func TestMoneyTakenForACancelledOrderIsGivenBackWhateverComesFirst(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	for _, order := range [][]int{{0, 1, 2}, {1, 0, 2}, {1, 2, 0}, {2, 1, 0}} {
		o := b.placed()
		b.handle(stockReserved(o))
		if _, err := b.client.CancelOrder(t.Context(), &orderv1.CancelOrderRequest{RequestId: uuid.NewString(), Id: o.GetId()}); err != nil {
			t.Fatal(err)
		}
		b.wantState(o, "CANCELLED", "REQUESTED", "PAYMENT", "RELEASE", "CANCELLATION_MAIL")
		refund := uuid.NewString()
		inbound := []consumer.Event{stockReleased(o), paymentCaptured(o), paymentRefunded(o, refund, 1000, 1000)}
		for _, i := range order {
			b.handle(inbound[i], inbound[i])
		}
		b.handle(mailSent(o, cancellationMail, o.GetId()))
		got := b.wantState(o, "CANCELLED", "REQUESTED", "REFUND_MAIL")
		if !proto.Equal(got.GetCaptured(), o.GetTotal()) || !proto.Equal(got.GetRefunded(), o.GetTotal()) {
			t.Errorf("in the order %v: captured %v, refunded %v", order, got.GetCaptured(), got.GetRefunded())
		}
		b.handle(mailSent(o, refundMail, refund))
		b.wantState(o, "CANCELLED", "REQUESTED")
	}
}

func TestACaptureOnACancelledOrderIsAnsweredWithTheCancellation(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	o := b.placed()
	b.handle(stockReserved(o))
	b.wait(time.Hour)
	b.sweep(1)
	first := b.publishedWithIDs()
	b.handle(paymentCaptured(o))
	again := b.publishedWithIDs()
	if len(again) != 1 || again[0].id != first[len(first)-1].id {
		t.Errorf("published %v after %v", again, first)
	}
	b.wantState(o, "CANCELLED", "EXPIRED", "RELEASE", "REFUND", "CANCELLATION_MAIL")
	b.handle(stockReserved(o)) // inventory repeats its answer
	b.wantPublished("OrderCancelled")
}

func TestARefundIsPublishedWithItsAmountsAndItsMailIsAwaited(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	o := b.placed()
	b.confirm(o)
	b.handle(stockCommitted(o), mailSent(o, confirmationMail, o.GetId()))
	b.published()
	first, second := uuid.NewString(), uuid.NewString()
	b.handle(paymentRefunded(o, first, 100, 100), paymentRefunded(o, second, 200, 300), paymentRefunded(o, first, 100, 100))
	published := b.wantPublished("OrderRefunded", "OrderRefunded")
	refund := published[1].(*orderv1.OrderRefunded)
	if refund.GetRefundId() != second || refund.GetAmount().GetUnits() != 2 || refund.GetRefunded().GetUnits() != 3 || refund.GetReason() != "broken" || len(refund.GetNotice().GetLines()) != 1 {
		t.Errorf("published %v", refund)
	}
	b.handle(mailSent(o, refundMail, first))
	b.wantState(o, "CONFIRMED", "", "REFUND_MAIL")
	b.wait(time.Minute)
	b.sweep(1)
	if again := b.wantPublished("OrderRefunded")[0].(*orderv1.OrderRefunded); !proto.Equal(again, refund) {
		t.Errorf("published again as %v", again)
	}
	b.handle(mailSent(o, refundMail, second))
	got := b.wantState(o, "CONFIRMED", "")
	if got.GetRefunded().GetUnits() != 3 || len(got.GetHistory()) != 3 {
		t.Errorf("ended as %v", got)
	}
}

func TestManyOrdersInOneBatchEachGetTheirOwn(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	var batch []consumer.Event
	var orders []*orderv1.Order
	for i := range 30 {
		o := b.placed()
		orders = append(orders, o)
		switch i % 3 {
		case 0:
			batch = append(batch, stockReserved(o), paymentCaptured(o), stockCommitted(o))
		case 1:
			batch = append(batch, stockRejected(o))
		case 2:
			batch = append([]consumer.Event{stockReserved(o)}, batch...)
		}
	}
	b.handle(batch...)
	for i, o := range orders {
		switch i % 3 {
		case 0:
			b.wantState(o, "CONFIRMED", "", "CONFIRMATION_MAIL")
		case 1:
			b.wantState(o, "CANCELLED", "OUT_OF_STOCK", "RELEASE", "CANCELLATION_MAIL")
		case 2:
			b.wantState(o, "AWAITING_PAYMENT", "", "PAYMENT")
		}
	}
}

func TestMoneyThatFitsNoOrderNeverVanishes(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	o := b.placed()
	b.handle(stockReserved(o))
	stranger := proto.CloneOf(o)
	stranger.Id = uuid.NewString()
	other := proto.CloneOf(o)
	other.PaymentId = uuid.NewString()
	less := proto.CloneOf(o)
	less.Total = moneypb.Proto(euros(1))
	for name, e := range map[string]consumer.Event{
		"an unknown order": paymentCaptured(stranger), "another payment": paymentCaptured(other), "another amount": paymentCaptured(less),
	} {
		if err := b.tryHandle(e); err == nil {
			t.Errorf("%s: applied", name)
		}
	}
	b.handle(stockReserved(stranger), stockCommitted(stranger), mailSent(stranger, confirmationMail, stranger.GetId()))
	b.wantState(o, "AWAITING_PAYMENT", "", "PAYMENT")
	if err := b.tryHandle(consumer.Event{Key: uuid.New(), Type: "shopmesh.unknown.v9.Thing", Payload: []byte("?")}); err != nil {
		t.Errorf("an unknown type: %v", err)
	}
}

func TestAnErasedCustomersDataIsBlankedAndNewOrdersAreRefused(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	customer := uuid.New()
	place := func() (*orderv1.PlaceOrderResponse, error) {
		req := request()
		req.CustomerId = customer.String()
		return b.client.PlaceOrder(t.Context(), req)
	}
	res, err := place()
	if err != nil {
		t.Fatal(err)
	}
	o := res.GetOrder()
	b.confirm(o)
	b.published()
	erased := event(customer, 2, &customerv1.CustomerErased{CustomerId: customer.String(), Version: 2})
	b.handle(stockCommitted(o), erased, erased)
	b.handle(erased)
	got := b.wantState(o, "CONFIRMED", "")
	if got.GetContact() != nil || got.GetShippingAddress() != nil || got.GetCustomerId() == "" || got.GetEtag() == o.GetEtag() {
		t.Errorf("still there: %v", got)
	}
	if n := b.count(`select count(*) from orders where concat(first_name, last_name collate "C", last_name_key, email, phone, shipping_address) <> '{}'`); n != 0 {
		t.Error("personal data is left")
	}
	_, err = place()
	testkit.Refused(t, err, connect.CodeFailedPrecondition, "CUSTOMER_ERASED", "customer_id")

	// One that was placed at the same time is found later.
	late := b.placed()
	if _, err := b.pool.Exec(t.Context(), `update orders set customer_id = $2 where id = $1`, late.GetId(), customer); err != nil {
		t.Fatal(err)
	}
	if err := b.orders.EraseLate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b.get(late).GetContact() != nil {
		t.Error("the late order kept its contact")
	}
}

// An account in whose name thousands of orders were placed is erased part by part,
// so that no batch of events outlasts its time and is tried for ever.
func TestAnErasureOfVeryManyOrdersIsCompletedLater(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	customer, pattern := uuid.New(), b.placed()
	if _, err := b.pool.Exec(t.Context(), `
		insert into orders
		select (jsonb_populate_record(o, jsonb_build_object('id', gen_random_uuid(), 'customer_id', $2::uuid, 'number', '0000-' || lpad(i::text, 4, '0')))).*
		from orders o, generate_series(1, 5600) i where o.id = $1`, pattern.GetId(), customer); err != nil {
		t.Fatal(err)
	}
	left := func() int {
		return b.count(`select count(*) from orders where customer_id = $1 and not erased`, customer)
	}
	b.handle(event(customer, 2, &customerv1.CustomerErased{CustomerId: customer.String(), Version: 2}))
	if n := left(); n != 600 {
		t.Errorf("%d orders are left for later, want 600", n)
	}
	if err := b.orders.EraseLate(t.Context()); err != nil || left() != 0 {
		t.Errorf("%d orders are left, %v", left(), err)
	}
}

// An erasure that was interrupted, for however long, is completed; it is done with when
// nothing of it can be found any more.
func TestAnErasureThatWasInterruptedForLongIsCompleted(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	customer, left := uuid.New(), b.placed()
	b.handle(event(customer, 2, &customerv1.CustomerErased{CustomerId: customer.String(), Version: 2}))
	if _, err := b.pool.Exec(t.Context(), `update orders set customer_id = $2 where id = $1`, left.GetId(), customer); err != nil {
		t.Fatal(err)
	}
	open := func() int { return b.count(`select count(*) from erased_customers where not complete`) }
	b.now.Add((8 * 24 * time.Hour).Microseconds())
	if err := b.orders.EraseLate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b.get(left).GetContact() != nil || open() != 0 {
		t.Errorf("after a week the order still has %v; %d erasures are not complete", b.get(left).GetContact(), open())
	}
	young := uuid.New()
	b.handle(event(young, 2, &customerv1.CustomerErased{CustomerId: young.String(), Version: 2}))
	if err := b.orders.EraseLate(t.Context()); err != nil || open() != 1 {
		t.Errorf("an order may come yet that was placed at the time of an erasure, and %d are not complete, %v", open(), err)
	}
}

// audit gathers the kinds of findings.
func (b *harness) audit(findings *[]string) error {
	*findings = nil
	last := ""
	return b.orders.Audit(context.WithoutCancel(b.t.Context()), func(o *domain.Order, found []domain.Finding) error {
		if o.ID().String() <= last {
			b.t.Errorf("%s comes after %s", o.ID(), last)
		}
		last = o.ID().String()
		for _, f := range found {
			*findings = append(*findings, f.Kind)
		}
		return nil
	})
}

// Mails name where an order goes: every event that leads to one holds the address,
// also when it is published again.
func TestEventsHoldTheDeliveryAddress(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	want := func(o *orderv1.Order, names ...string) {
		t.Helper()
		for _, message := range b.wantPublished(names...) {
			notice := message.(interface{ GetNotice() *orderv1.OrderNotice }).GetNotice()
			if !proto.Equal(notice.GetShippingAddress(), o.GetShippingAddress()) || len(notice.GetShippingAddress().GetAddressLines()) == 0 {
				t.Errorf("%T goes to %v", message, notice.GetShippingAddress())
			}
		}
	}
	o := b.placed()
	b.handle(stockReserved(o))
	b.published()
	b.handle(paymentCaptured(o))
	want(o, "OrderConfirmed")
	b.handle(stockReserved(o)) // inventory repeats its answer
	want(o, "OrderConfirmed")
	b.handle(paymentRefunded(o, uuid.NewString(), 100, 100))
	want(o, "OrderRefunded")
	if _, err := b.client.ShipOrder(t.Context(), &orderv1.ShipOrderRequest{Id: o.GetId()}); err != nil {
		t.Fatal(err)
	}
	want(o, "OrderShipped")

	rejected := b.placed()
	b.handle(stockRejected(rejected))
	want(rejected, "OrderCancelled")
	b.wait(time.Minute)
	if _, err := b.orders.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	republished := b.published()
	for _, message := range republished {
		if notice := message.(interface{ GetNotice() *orderv1.OrderNotice }).GetNotice(); len(notice.GetShippingAddress().GetAddressLines()) == 0 {
			t.Errorf("republished, %T goes to %v", message, notice.GetShippingAddress())
		}
	}
	if len(republished) < 3 {
		t.Errorf("republished %v", names(republished))
	}
}
