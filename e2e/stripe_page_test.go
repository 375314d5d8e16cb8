package e2e

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/payment/stripefake"
)

// A guest's order shows the page of Stripe's on which they pay, and is confirmed when they did.
// One that expires while its customer pays is cancelled all the same, and the money given back.
// Every request has the shape that Stripe's document requires.
func TestAGuestPaysOnStripesPage(t *testing.T) {
	t.Parallel()
	const key, secret, method = "sk_test_0123456789", "whsec_0123456789", "stripe_checkout"
	fake := stripefake.New(stripefake.Config{Key: key})
	censor := newCensor(t, fake)
	expiring := make(chan string, 1) // the payment whose customer pays when its page is about to be ended
	var late sync.Once
	stripe := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/expire") {
			late.Do(func() {
				for _, page := range fake.Checkouts(<-expiring) {
					if err := fake.Visit(page.URL, "pm_card_visa"); err != nil {
						t.Error(err)
					}
				}
			})
		}
		censor.ServeHTTP(w, r)
	}))
	t.Cleanup(stripe.Close)
	t.Cleanup(fake.Close)
	t.Cleanup(func() { close(expiring) })
	s := upWith(t, []string{"SHOPMESH_SECRET_CARDS=" + key, "SHOPMESH_SECRET_EVENTS=" + secret, "SHOPMESH_STRIPE_URL=" + stripe.URL})
	s.takeCards("CARDS", "EVENTS")
	fake.SetEndpoint(s.api["payment"]+"/webhooks/stripe", secret)
	mug, sticker := s.sell(euros(5, 0), 10), s.sell(euros(0, 49), 10)
	anonymous := orderv1connect.NewOrderServiceClient(testkit.Client(t, s.api["order"]))
	place := func() *orderv1.PlaceOrderResponse {
		t.Helper()
		placed, err := anonymous.PlaceOrder(t.Context(), request(method, of(mug.GetCode(), 1)))
		if err != nil {
			t.Fatal(err)
		}
		return placed
	}

	if _, err := anonymous.PlaceOrder(t.Context(), request(method, of(sticker.GetCode(), 1))); reasonOf(err) != "PAYMENT_METHOD_UNFIT" {
		t.Errorf("49 cents, which Stripe does not take: %v", err)
	}
	paid := place()
	guest := orderv1connect.NewOrderServiceClient(testkit.Client(t, s.api["order"], token.Show(paid.GetGuestToken())))
	var page string
	eventually(t, func(ctx context.Context) error {
		res, err := guest.GetOrder(ctx, &orderv1.GetOrderRequest{Id: paid.GetOrder().GetId()})
		if page = res.GetOrder().GetNextAction().GetRedirectUrl(); page == "" {
			return errorf("the order shows no page to pay on: %v, %v", res.GetOrder().GetState(), err)
		}
		return nil
	})
	if err := fake.Visit(page, "pm_card_visa"); err != nil {
		t.Fatal(err)
	}
	s.reached(paid.GetOrder().GetId(), confirmed)
	res, err := guest.GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: paid.GetOrder().GetId()})
	if err != nil || res.GetOrder().GetNextAction() != nil || !proto.Equal(res.GetOrder().GetCaptured(), euros(5, 0)) {
		t.Errorf("paid is %v, %v", res.GetOrder(), err)
	}

	short := s.set(&configv1.Settings{Context: "order", Value: &configv1.Settings_Order{Order: &orderv1.Settings{
		PaymentMethods: []string{method}, PaymentWindow: durationpb.New(5 * time.Second),
	}}})
	s.applied("order", "order", short)
	expires := place()
	expiring <- expires.GetOrder().GetPaymentId()
	if o := s.reached(expires.GetOrder().GetId(), cancelled); o.GetCancelReason() != orderv1.CancelReason_CANCEL_REASON_EXPIRED {
		t.Errorf("it ended as %v", o.GetCancelReason())
	}
	eventually(t, func(ctx context.Context) error {
		res, err := s.order.GetOrder(ctx, &orderv1.GetOrderRequest{Id: expires.GetOrder().GetId()})
		if o := res.GetOrder(); err != nil || !proto.Equal(o.GetCaptured(), euros(5, 0)) || !proto.Equal(o.GetRefunded(), euros(5, 0)) {
			return errorf("captured %v, refunded %v, %v", o.GetCaptured(), o.GetRefunded(), err)
		}
		return nil
	})
	for _, o := range []*orderv1.PlaceOrderResponse{paid, expires} {
		if all := fake.Of(o.GetOrder().GetPaymentId()); len(all) != 1 || all[0].Charges != 1 {
			t.Errorf("Stripe has %+v", all)
		}
	}
	s.mustAudit()

	censor.mu.Lock()
	defer censor.mu.Unlock()
	for _, refused := range censor.refused {
		t.Errorf("stripe-mock refused %s", refused)
	}
	for _, sent := range []string{"POST /v1/checkout/sessions", "GET /v1/checkout/sessions/{id}", "POST /v1/checkout/sessions/{id}/expire"} {
		if censor.seen[sent] == 0 {
			t.Errorf("%s was not sent: %v", sent, censor.seen)
		}
	}
}
