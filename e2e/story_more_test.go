package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// Of 200 orders at once for a product with 30 in stock exactly 30 are confirmed.
func lastPieces(t *testing.T, s *shop) {
	mug := s.sell(euros(5, 0), 30)
	ids := make([]string, 200)
	var group errgroup.Group
	for i := range ids {
		req := request("sandbox_ok", of(mug.GetCode(), 1))
		group.Go(func() error {
			res, err := s.placeSoon(t.Context(), req)
			ids[i] = res.GetOrder().GetId()
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, id := range ids {
		s.watch(id, confirmed, cancelled)
		res, err := s.order.GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: id})
		if err != nil {
			t.Fatal(err)
		}
		count[res.GetOrder().GetState().String()+"/"+res.GetOrder().GetCancelReason().String()]++
	}
	want := map[string]int{
		"ORDER_STATE_CONFIRMED/CANCEL_REASON_UNSPECIFIED":  30,
		"ORDER_STATE_CANCELLED/CANCEL_REASON_OUT_OF_STOCK": 170,
	}
	if fmt.Sprint(count) != fmt.Sprint(want) {
		t.Errorf("ended as %v, want %v", count, want)
	}
	eventually(t, func(context.Context) error {
		if got := s.stockOf(mug.GetCode()); got.GetOnHand() != 0 || got.GetReserved() != 0 {
			return errorf("stock is %v, want nothing left over", got)
		}
		return nil
	})
}

// The same request, sent many times at once and again later, is one order.
func repeatedRequest(t *testing.T, s *shop) {
	mug := s.sell(euros(5, 0), 30)
	req := request("sandbox_ok", of(mug.GetCode(), 2))
	answers := make([]*orderv1.PlaceOrderResponse, 20)
	var group errgroup.Group
	for i := range answers {
		group.Go(func() (err error) {
			answers[i], err = s.placeSoon(t.Context(), req)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	s.reached(answers[0].GetOrder().GetId(), confirmed)
	again, err := s.order.PlaceOrder(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range slices.Concat(answers, []*orderv1.PlaceOrderResponse{again}) {
		if !proto.Equal(a, answers[0]) {
			t.Fatalf("the same request was answered %v and %v", answers[0], a)
		}
	}
	s.oneMail(req.GetContact().GetEmail())

	other := proto.CloneOf(req)
	other.Lines[0].Quantity = 3
	_, err = s.order.PlaceOrder(t.Context(), other)
	wantReason(t, err, "REQUEST_ID_REUSED")
}

// Cancelling after the payment gives the money and the pieces back.
func cancelAfterPayment(t *testing.T, s *shop) {
	mug := s.sell(euros(16, 50), 10)
	req := request("sandbox_ok", of(mug.GetCode(), 4))
	order := s.reached(s.place(req).GetId(), confirmed)
	_, err := s.order.CancelOrder(t.Context(), &orderv1.CancelOrderRequest{RequestId: uuid.NewString(), Id: order.GetId(), Reason: "changed my mind"})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, func(ctx context.Context) error {
		res, err := s.order.GetOrder(ctx, &orderv1.GetOrderRequest{Id: order.GetId()})
		if err != nil {
			return err
		}
		o := res.GetOrder()
		if o.GetState() != cancelled || !proto.Equal(o.GetRefunded(), euros(66, 0)) {
			return errorf("order is %v, refunded %v", o.GetState(), o.GetRefunded())
		}
		if got := s.stockOf(mug.GetCode()); got.GetOnHand() != 10 || got.GetReserved() != 0 {
			return errorf("stock is %v, want 10", got)
		}
		if n := len(s.mails(req.GetContact().GetEmail())); n != 3 {
			return errorf("%d mails, want confirmation, cancellation and refund", n)
		}
		return nil
	})
}

// Only what was paid is shipped, only what was shipped is delivered, and what
// was delivered is not cancelled.
func shipAndDeliver(t *testing.T, s *shop) {
	mug := s.sell(euros(16, 50), 10)
	req := request("sandbox_ok", of(mug.GetCode(), 1))
	order := s.reached(s.place(req).GetId(), confirmed)
	_, err := s.order.MarkOrderDelivered(t.Context(), &orderv1.MarkOrderDeliveredRequest{Id: order.GetId()})
	wantReason(t, err, "ORDER_STATE")
	if _, err := s.order.ShipOrder(t.Context(), &orderv1.ShipOrderRequest{Id: order.GetId(), Carrier: "Post", TrackingCode: "RX 12"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.order.MarkOrderDelivered(t.Context(), &orderv1.MarkOrderDeliveredRequest{Id: order.GetId()}); err != nil {
		t.Fatal(err)
	}
	want := []orderv1.OrderState{placed, awaiting, confirmed, shipped, delivered}
	if got := s.watch(order.GetId()); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the history is %v, want %v", got, want)
	}
	_, err = s.order.CancelOrder(t.Context(), &orderv1.CancelOrderRequest{RequestId: uuid.NewString(), Id: order.GetId()})
	wantReason(t, err, "ORDER_STATE")
	eventually(t, func(context.Context) error {
		for _, m := range s.mails(req.GetContact().GetEmail()) {
			if strings.Contains(m.Text, "RX 12") {
				return nil
			}
		}
		return errorf("no mail has the tracking code")
	})
}

// A refund gives money back in part, then the rest, never more; stock stays.
func refundOnly(t *testing.T, s *shop) {
	mug := s.sell(euros(10, 0), 10)
	order := s.reached(s.place(request("sandbox_ok", of(mug.GetCode(), 2))).GetId(), confirmed)
	refund := func(amount *money.Money) error {
		_, err := s.payment.RefundPayment(t.Context(), &paymentv1.RefundPaymentRequest{
			RequestId: uuid.NewString(), PaymentId: order.GetPaymentId(), Amount: amount, Reason: "scratched",
		})
		return err
	}
	if err := refund(euros(5, 0)); err != nil {
		t.Fatal(err)
	}
	wantReason(t, refund(euros(15, 1)), "REFUND_TOO_LARGE")
	wantReason(t, refund(&money.Money{CurrencyCode: "USD", Units: 1}), "CURRENCY_MISMATCH")
	if err := refund(nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, func(ctx context.Context) error {
		res, err := s.order.GetOrder(ctx, &orderv1.GetOrderRequest{Id: order.GetId()})
		if err != nil {
			return err
		}
		if o := res.GetOrder(); o.GetState() != confirmed || !proto.Equal(o.GetRefunded(), euros(20, 0)) {
			return errorf("order is %v, refunded %v", o.GetState(), o.GetRefunded())
		}
		if got := s.stockOf(mug.GetCode()); got.GetOnHand() != 8 {
			return errorf("stock is %v, want 8", got)
		}
		return nil
	})
}

// No wait is needed between creating a product, stocking it and selling it.
func soldAtOnce(t *testing.T, s *shop) {
	for range 20 {
		mug := s.sell(euros(1, 0), 1)
		s.place(request("sandbox_ok", of(mug.GetCode(), 1)))
	}
}

// The timeline names the steps of every context, with their traces.
func timeline(t *testing.T, s *shop) {
	mug := s.sell(euros(10, 0), 10)
	req := request("sandbox_ok", of(mug.GetCode(), 2))
	order := s.reached(s.place(req).GetId(), confirmed)
	s.oneMail(req.GetContact().GetEmail())
	eventually(t, func(ctx context.Context) error {
		res, err := s.order.GetOrderTimeline(ctx, &orderv1.GetOrderTimelineRequest{Id: order.GetId()})
		if err != nil {
			return err
		}
		entries := map[string]int{}
		for _, e := range res.GetEntries() {
			entries[e.GetContext()]++
		}
		if len(res.GetMissing()) > 0 || entries["order"] < 3 || entries["inventory"] < 1 || entries["payment"] < 1 || entries["notification"] < 1 {
			return errorf("the timeline has %v, missing %v", entries, res.GetMissing())
		}
		return nil
	})
}

// A basket of 100 lines with odd prices adds up exactly.
func largeBasket(t *testing.T, s *shop) {
	first := s.sell(euros(0, 1), 1)
	var lines []*orderv1.OrderLineRequest
	var cents int64
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(8)
	for i := range 100 {
		code, price, quantity := unique("LINE"), int64(7*i+3), int32(i%7+1)
		cents += price * int64(quantity)
		group.Go(func() error {
			_, err := s.product.CreateProduct(t.Context(), &catalogv1.CreateProductRequest{Product: &catalogv1.Product{
				Code: code, Name: "Line " + code, CategoryId: first.GetCategoryId(), Price: euros(price/100, int32(price%100)),
			}})
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			lines = append(lines, of(code, quantity))
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		s.adjust(l.GetProductCode(), 10)
	}
	order := s.place(request("sandbox_ok", lines...))
	if want := euros(cents/100, int32(cents%100)); !proto.Equal(order.GetTotal(), want) {
		t.Errorf("total is %v, want %v", order.GetTotal(), want)
	}
	s.reached(order.GetId(), confirmed)
}

// Erasing a customer blanks the person in orders and mails too.
func erasure(t *testing.T, s *shop) {
	email := unique("erase") + "@example.com"
	c, err := s.customer.CreateCustomer(t.Context(), &customerv1.CreateCustomerRequest{Customer: &customerv1.Customer{
		FirstName: "Grace", LastName: "Hopper", Email: email,
	}})
	if err != nil {
		t.Fatal(err)
	}
	mug := s.sell(euros(10, 0), 10)
	req := request("sandbox_ok", of(mug.GetCode(), 1))
	req.CustomerId, req.Contact.Email = c.GetCustomer().GetId(), email
	order := s.reached(s.place(req).GetId(), confirmed)
	s.oneMail(email)
	id := c.GetCustomer().GetId()
	_, err = s.customer.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Id: id})
	refused := testkit.Refused(t, err, connect.CodeFailedPrecondition, "CUSTOMER_HAS_OPEN_ORDERS")
	if refused.Metadata["order_numbers"] != order.GetNumber() || !strings.Contains(refused.Message, order.GetNumber()) {
		t.Errorf("the refusal names %q, want order %s: %s", refused.Metadata, order.GetNumber(), refused.Message)
	}
	exported, err := s.customer.ExportCustomer(t.Context(), &customerv1.ExportCustomerRequest{Id: id})
	if err != nil {
		t.Fatal(err)
	}
	for _, held := range []string{"Hopper", order.GetId(), order.GetPaymentId(), "Order " + order.GetNumber() + " confirmed"} {
		if !strings.Contains(string(exported.GetContent()), held) {
			t.Errorf("the export does not hold %q: %s", held, exported.GetContent())
		}
	}
	if _, err := s.customer.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Id: id, EvenOpenOrders: true}); err != nil {
		t.Fatal(err)
	}
	s.forgotten(t, order)
	req.RequestId = uuid.NewString()
	_, err = s.order.PlaceOrder(t.Context(), req)
	wantReason(t, err, "CUSTOMER_ERASED")
}

// A guest has no account: an e-mail address, however it is written, finds what every
// context holds about the person, also what was written to the address before somebody
// corrected it.
func guestErasure(t *testing.T, s *shop) {
	email := unique("guest") + "@example.com"
	mug := s.sell(euros(10, 0), 10)
	req := request("sandbox_ok", of(mug.GetCode(), 1))
	mistyped := "mistyped." + email
	req.Contact.Email = mistyped
	order := s.reached(s.place(req).GetId(), confirmed)
	s.oneMail(mistyped)
	if _, err := s.order.UpdateOrder(t.Context(), &orderv1.UpdateOrderRequest{
		RequestId: uuid.NewString(), Order: &orderv1.Order{Id: order.GetId(), Contact: &orderv1.Contact{Email: email}},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"contact.email"}},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.payment.RefundPayment(t.Context(), &paymentv1.RefundPaymentRequest{
		RequestId: uuid.NewString(), PaymentId: order.GetPaymentId(), Amount: euros(1, 0), Reason: "Ada Lovelace was ill",
	}); err != nil {
		t.Fatal(err)
	}
	req.RequestId, req.Contact.Email = uuid.NewString(), email
	cancelled := s.reached(s.place(req).GetId(), confirmed)
	if _, err := s.order.CancelOrder(t.Context(), &orderv1.CancelOrderRequest{RequestId: uuid.NewString(), Id: cancelled.GetId(), Reason: "Ada moved house"}); err != nil {
		t.Fatal(err)
	}
	written := strings.ToUpper(email)
	exported, err := s.customer.ExportCustomer(t.Context(), &customerv1.ExportCustomerRequest{Email: written})
	if err != nil {
		t.Fatal(err)
	}
	for _, held := range []string{order.GetId(), "Ada Lovelace was ill", cancelled.GetId(), "Ada moved house", "Thank you for your order"} {
		if !strings.Contains(string(exported.GetContent()), held) {
			t.Errorf("the export does not hold %q: %s", held, exported.GetContent())
		}
	}
	_, err = s.customer.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Email: written})
	refused := testkit.Refused(t, err, connect.CodeFailedPrecondition, "CUSTOMER_HAS_OPEN_ORDERS")
	if refused.Metadata["order_numbers"] != order.GetNumber() {
		t.Errorf("the refusal names %q, want order %s", refused.Metadata, order.GetNumber())
	}
	if _, err := s.customer.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Email: written, EvenOpenOrders: true}); err != nil {
		t.Fatal(err)
	}
	s.forgotten(t, order)
}

// forgotten waits until no context knows who ordered.
func (s *shop) forgotten(t *testing.T, order *orderv1.Order) {
	t.Helper()
	eventually(t, func(ctx context.Context) error {
		o, err := s.order.GetOrder(ctx, &orderv1.GetOrderRequest{Id: order.GetId()})
		if err != nil {
			return err
		}
		if o.GetOrder().GetContact().GetEmail() != "" || len(o.GetOrder().GetShippingAddress().GetAddressLines()) > 0 {
			return errorf("the order still knows the person")
		}
		m, err := s.mail.ListNotifications(ctx, &notificationv1.ListNotificationsRequest{Filter: fmt.Sprintf("order_id = %q", order.GetId())})
		if err != nil {
			return err
		}
		for _, n := range m.GetNotifications() {
			if n.GetRecipient() != "" {
				return errorf("mail %v still knows the person", n.GetKind())
			}
		}
		r, err := s.payment.ListRefunds(ctx, &paymentv1.ListRefundsRequest{PaymentId: order.GetPaymentId()})
		if err != nil {
			return err
		}
		for _, refund := range r.GetRefunds() {
			if refund.GetReason() != "" {
				return errorf("a refund still holds %q", refund.GetReason())
			}
		}
		return nil
	})
}
