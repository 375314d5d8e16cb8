package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/genproto/googleapis/type/postaladdress"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// serial makes codes and addresses that no other test of the run uses.
var serial atomic.Int64

func unique(prefix string) string { return fmt.Sprintf("%s-%d", prefix, serial.Add(1)) }

// sell creates a product in a category of its own, with stock.
func (s *shop) sell(price *money.Money, stock int64) *catalogv1.Product {
	s.t.Helper()
	return s.sellAs(unique("CODE"), price, stock)
}

func (s *shop) sellAs(code string, price *money.Money, stock int64) *catalogv1.Product {
	s.t.Helper()
	ctx := s.t.Context()
	c, err := s.category.CreateCategory(ctx, &catalogv1.CreateCategoryRequest{Category: &catalogv1.Category{Name: unique("Category")}})
	if err != nil {
		s.t.Fatal(err)
	}
	p, err := s.product.CreateProduct(ctx, &catalogv1.CreateProductRequest{Product: &catalogv1.Product{
		Code: code, Name: "Thing " + code, CategoryId: c.GetCategory().GetId(), Price: price,
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	if stock > 0 {
		s.adjust(code, stock)
	}
	return p.GetProduct()
}

func (s *shop) adjust(code string, delta int64) {
	s.t.Helper()
	_, err := s.stock.AdjustStock(s.t.Context(), &inventoryv1.AdjustStockRequest{
		RequestId: uuid.NewString(), ProductCode: code, Delta: delta, Reason: "delivery",
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// stockOf returns a product's stock.
func (s *shop) stockOf(code string) *inventoryv1.Stock {
	s.t.Helper()
	res, err := s.stock.GetStock(s.t.Context(), &inventoryv1.GetStockRequest{ProductCode: code})
	if err != nil {
		s.t.Fatal(err)
	}
	return res.GetStock()
}

func euros(units int64, cents int32) *money.Money {
	return &money.Money{CurrencyCode: "EUR", Units: units, Nanos: cents * 10_000_000}
}

// request is an order of some products by somebody new.
func request(method string, lines ...*orderv1.OrderLineRequest) *orderv1.PlaceOrderRequest {
	return &orderv1.PlaceOrderRequest{
		RequestId:       uuid.NewString(),
		Contact:         &orderv1.Contact{FirstName: "Ada", LastName: "Lovelace", Email: unique("ada") + "@example.com"},
		ShippingAddress: &postaladdress.PostalAddress{RegionCode: "GB", PostalCode: "W1", Locality: "London", AddressLines: []string{"12 St James's Square"}},
		Lines:           lines,
		PaymentMethod:   method,
	}
}

func of(code string, quantity int32) *orderv1.OrderLineRequest {
	return &orderv1.OrderLineRequest{ProductCode: code, Quantity: quantity}
}

// placeSoon places an order as a client does: when the shop sheds the call, which did
// nothing then, it is made again after the delay that the shop names.
func (s *shop) placeSoon(ctx context.Context, req *orderv1.PlaceOrderRequest) (*orderv1.PlaceOrderResponse, error) {
	for {
		res, err := s.order.PlaceOrder(ctx, req)
		if reasonOf(err) != "TOO_MANY_CALLS" {
			return res, err
		}
		select {
		case <-time.After(retryOf(err)):
		case <-ctx.Done():
			return nil, err
		}
	}
}

// place places an order that must be accepted.
func (s *shop) place(req *orderv1.PlaceOrderRequest) *orderv1.Order {
	s.t.Helper()
	res, err := s.placeSoon(s.t.Context(), req)
	if err != nil {
		s.t.Fatal(err)
	}
	if got := res.GetOrder().GetState(); got != orderv1.OrderState_ORDER_STATE_PLACED {
		s.t.Fatalf("PlaceOrder answered %v, want PLACED", got)
	}
	return res.GetOrder()
}

// watch follows an order until it is in one of the states, and returns the states that it saw.
func (s *shop) watch(id string, until ...orderv1.OrderState) []orderv1.OrderState {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), testkit.Patience)
	defer cancel()
	stream, err := s.order.WatchOrder(ctx, &orderv1.WatchOrderRequest{Id: id})
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = stream.Close() }()
	var seen []orderv1.OrderState
	for {
		res, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			return seen
		}
		if err != nil {
			s.t.Fatalf("watch order %s after %v: %v", id, seen, err)
		}
		seen = append(seen, res.GetEntry().GetState())
		for _, state := range until {
			if res.GetEntry().GetState() == state {
				return seen
			}
		}
	}
}

// reached waits until an order is in a state and returns it.
func (s *shop) reached(id string, state orderv1.OrderState) *orderv1.Order {
	s.t.Helper()
	var order *orderv1.Order
	eventually(s.t, func(ctx context.Context) error {
		res, err := s.order.GetOrder(ctx, &orderv1.GetOrderRequest{Id: id})
		if err != nil {
			return err
		}
		if order = res.GetOrder(); order.GetState() != state {
			return errorf("order is %v (%v), want %v", order.GetState(), order.GetCancelReason(), state)
		}
		return nil
	})
	return order
}

// oneMail waits for the one mail to an address and returns it.
func (s *shop) oneMail(address string) mailTo {
	s.t.Helper()
	var mail mailTo
	eventually(s.t, func(context.Context) error {
		all := s.mails(address)
		if len(all) != 1 {
			return errorf("%d mails to %s, want 1", len(all), address)
		}
		mail = all[0]
		return nil
	})
	return mail
}

const (
	placed    = orderv1.OrderState_ORDER_STATE_PLACED
	awaiting  = orderv1.OrderState_ORDER_STATE_AWAITING_PAYMENT
	confirmed = orderv1.OrderState_ORDER_STATE_CONFIRMED
	shipped   = orderv1.OrderState_ORDER_STATE_SHIPPED
	delivered = orderv1.OrderState_ORDER_STATE_DELIVERED
	cancelled = orderv1.OrderState_ORDER_STATE_CANCELLED
)

// stories are what every shape of the shop must do. They share one shop and run
// side by side, as customers do.
var stories = []struct {
	name string
	run  func(t *testing.T, s *shop)
}{
	{"a paid order is confirmed by mail", paidOrder},
	{"a declined payment gives the stock back", declinedOrder},
	{"too little stock cancels the order", scarceOrder},
	{"an unknown outcome is charged once", unknownOutcome},
	{"an unknown outcome can be a refusal", unknownRefusal},
	{"the last pieces go to as many as there are", lastPieces},
	{"a request sent again makes no second order", repeatedRequest},
	{"a cancelled order is refunded and restocked", cancelAfterPayment},
	{"an order is shipped and delivered", shipAndDeliver},
	{"a refund does not restock", refundOnly},
	{"a product can be sold as soon as it exists", soldAtOnce},
	{"the timeline shows what every context did", timeline},
	{"a large basket is exact to the cent", largeBasket},
	{"a person's data is erased everywhere", erasure},
	{"a guest's data is erased everywhere", guestErasure},
	{"a setting is changed while the shop runs", settingsChange},
	{"a guest orders what is in a cart", guestsCart},
	{"a guest orders by the pages", guestsPages},
	{"a customer orders by the pages", customersPages},
	{"somebody signs up and finds their order", shoppersAccount},
	{"a guest who signs up finds the order", guestsAccount},
	{"an erased customer has no account", erasedAccount},
	{"staff who is demoted or disabled is out", staffIsOut},
}

// runStories runs the stories against a shop and audits it in the end.
func runStories(t *testing.T, s *shop) {
	t.Run("stories", func(t *testing.T) {
		for _, story := range stories {
			t.Run(story.name, func(t *testing.T) {
				t.Parallel()
				mine := *s
				mine.t = t
				story.run(t, &mine)
			})
		}
	})
	s.mustAudit()
}

func paidOrder(t *testing.T, s *shop) {
	mug, book := s.sell(euros(16, 50), 10), s.sell(euros(28, 0), 5)
	req := request("sandbox_ok", of(mug.GetCode(), 3), of(book.GetCode(), 1))
	req.ExpectedTotal = euros(77, 50)
	order := s.place(req)
	if got := s.watch(order.GetId(), confirmed); fmt.Sprint(got) != fmt.Sprint([]orderv1.OrderState{placed, awaiting, confirmed}) {
		t.Errorf("the customer saw %v", got)
	}
	mail := s.oneMail(req.GetContact().GetEmail())
	if want := "Order " + order.GetNumber() + " confirmed"; mail.Subject != want {
		t.Errorf("subject %q, want %q", mail.Subject, want)
	}
	for _, want := range []string{order.GetNumber(), mug.GetName(), book.GetName(), "77.50"} {
		if !strings.Contains(mail.Text, want) || !strings.Contains(mail.HTML, want) {
			t.Errorf("the mail does not contain %q:\n%s", want, mail.Text)
		}
	}
	eventually(t, func(context.Context) error {
		a, b := s.stockOf(mug.GetCode()), s.stockOf(book.GetCode())
		if a.GetOnHand() != 7 || a.GetReserved() != 0 || b.GetOnHand() != 4 || b.GetAvailable() != 4 {
			return errorf("stock is %v and %v", a, b)
		}
		return nil
	})
}

func declinedOrder(t *testing.T, s *shop) {
	mug := s.sell(euros(16, 50), 10)
	req := request("sandbox_declined", of(mug.GetCode(), 3))
	order := s.reached(s.place(req).GetId(), cancelled)
	if got := order.GetCancelReason(); got != orderv1.CancelReason_CANCEL_REASON_PAYMENT_FAILED {
		t.Errorf("cancelled for %v", got)
	}
	s.endsWithoutSale(req, order, mug.GetCode(), 10)
}

func scarceOrder(t *testing.T, s *shop) {
	mug := s.sell(euros(16, 50), 2)
	req := request("sandbox_ok", of(mug.GetCode(), 3))
	order := s.reached(s.place(req).GetId(), cancelled)
	if got := order.GetCancelReason(); got != orderv1.CancelReason_CANCEL_REASON_OUT_OF_STOCK {
		t.Errorf("cancelled for %v", got)
	}
	s.endsWithoutSale(req, order, mug.GetCode(), 2)
}

// endsWithoutSale checks that stock is as before and one mail gives the reason.
func (s *shop) endsWithoutSale(req *orderv1.PlaceOrderRequest, order *orderv1.Order, code string, stock int64) {
	s.t.Helper()
	if mail := s.oneMail(req.GetContact().GetEmail()); mail.Subject != "Order "+order.GetNumber()+" cancelled" {
		s.t.Errorf("subject %q", mail.Subject)
	}
	eventually(s.t, func(context.Context) error {
		if got := s.stockOf(code); got.GetOnHand() != stock || got.GetReserved() != 0 {
			return errorf("stock is %v, want %d and nothing reserved", got, stock)
		}
		return nil
	})
}

func unknownOutcome(t *testing.T, s *shop) {
	mug := s.sell(euros(16, 50), 10)
	order := s.place(request("sandbox_unknown_then_ok", of(mug.GetCode(), 1)))
	order = s.reached(order.GetId(), confirmed)
	payment := s.paymentOf(order)
	if payment.GetStatus() != paymentv1.PaymentStatus_PAYMENT_STATUS_CAPTURED || len(payment.GetAttempts()) < 2 {
		t.Errorf("payment is %v, want CAPTURED after an unknown attempt", payment)
	}
}

func unknownRefusal(t *testing.T, s *shop) {
	mug := s.sell(euros(16, 50), 10)
	order := s.place(request("sandbox_unknown_then_declined", of(mug.GetCode(), 1)))
	order = s.reached(order.GetId(), cancelled)
	if payment := s.paymentOf(order); payment.GetStatus() != paymentv1.PaymentStatus_PAYMENT_STATUS_FAILED {
		t.Errorf("payment is %v, want FAILED", payment)
	}
}

func (s *shop) paymentOf(order *orderv1.Order) *paymentv1.Payment {
	s.t.Helper()
	res, err := s.payment.GetPayment(s.t.Context(), &paymentv1.GetPaymentRequest{Id: order.GetPaymentId()})
	if err != nil {
		s.t.Fatal(err)
	}
	return res.GetPayment()
}
