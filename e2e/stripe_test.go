package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stripe/stripe-mock/embedded"
	"github.com/stripe/stripe-mock/server"
	"google.golang.org/protobuf/types/known/durationpb"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/services/payment/stripefake"
)

// censor lets stripe-mock check the shape of every request against Stripe's own
// OpenAPI document, and has the fake answer it.
type censor struct {
	mock *server.StubServer
	fake *stripefake.Fake

	mu      sync.Mutex
	seen    map[string]int
	refused []string
}

func newCensor(t *testing.T, fake *stripefake.Fake) *censor {
	t.Helper()
	spec, err := server.LoadSpec(embedded.OpenAPISpec, "")
	if err != nil {
		t.Fatal(err)
	}
	fixtures, err := server.LoadFixtures(embedded.OpenAPIFixtures, "")
	if err != nil {
		t.Fatal(err)
	}
	mock, err := server.NewStubServer(fixtures, spec, false, false)
	if err != nil {
		t.Fatal(err)
	}
	return &censor{mock: mock, fake: fake, seen: map[string]int{}}
}

// count returns how many requests of a kind came, such as "POST /v1/refunds".
func (c *censor) count(kind string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[kind]
}

func (c *censor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	checked := r.Clone(r.Context())
	checked.Body = io.NopCloser(bytes.NewReader(body))
	verdict := httptest.NewRecorder()
	c.mu.Lock() // stripe-mock serves one at a time
	c.mock.HandleRequest(verdict, checked)
	path := strings.Split(r.URL.Path, "/")
	for i, part := range path {
		if strings.HasPrefix(part, "pi_") || strings.HasPrefix(part, "re_") || strings.HasPrefix(part, "cs_") {
			path[i] = "{id}"
		}
	}
	c.seen[r.Method+" "+strings.Join(path, "/")]++
	if verdict.Code != http.StatusOK {
		c.refused = append(c.refused, r.Method+" "+r.URL.String()+" "+string(body)+": "+verdict.Body.String())
	}
	c.mu.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(body))
	c.fake.ServeHTTP(w, r)
}

// takeCards names the secrets of Stripe while the shop runs, and offers cards.
func (s *shop) takeCards(key, webhook string) {
	s.t.Helper()
	pay := s.set(&configv1.Settings{Context: "payment", Value: &configv1.Settings_Payment{Payment: &paymentv1.Settings{
		StripeKeySecret: key, StripeWebhookSecrets: []string{webhook}, RetryAfter: durationpb.New(50 * time.Millisecond),
		ReturnUrl: "https://shop.example/paid",
	}}})
	s.applied("payment", "payment", pay)
	offer := s.set(&configv1.Settings{Context: "order", Value: &configv1.Settings_Order{Order: &orderv1.Settings{
		PaymentMethods: []string{"sandbox_ok", "pm_*", "stripe_checkout"},
	}}})
	s.applied("order", "order", offer)
}

// set sets a context's settings and returns their version.
func (s *shop) set(settings *configv1.Settings) (version int64) {
	s.t.Helper()
	res, err := s.config.UpdateSettings(s.t.Context(), &configv1.UpdateSettingsRequest{Settings: settings})
	if err != nil {
		s.t.Fatal(err)
	}
	return res.GetSettings().GetVersion()
}

// A shop in one process takes cards by Stripe, declines, gives back and is audited;
// every request that it makes has the shape that Stripe's document requires.
func TestCardsAreTakenInTheShapeThatStripeRequires(t *testing.T) {
	t.Parallel()
	const key, secret = "sk_test_0123456789", "whsec_0123456789"
	fake := stripefake.New(stripefake.Config{Key: key})
	censor := newCensor(t, fake)
	stripe := httptest.NewServer(censor)
	t.Cleanup(stripe.Close)
	t.Cleanup(fake.Close)
	s := upWith(t, []string{
		"SHOPMESH_SECRET_CARDS=" + key, "SHOPMESH_SECRET_CARDS_2=" + key, "SHOPMESH_SECRET_EVENTS=" + secret, "SHOPMESH_STRIPE_URL=" + stripe.URL,
	})
	s.takeCards("CARDS", "EVENTS")
	fake.SetEndpoint(s.api["payment"]+"/webhooks/stripe", secret)

	mug := s.sell(euros(5, 0), 10)
	paid := s.reached(s.place(request("pm_card_visa", of(mug.GetCode(), 1))).GetId(), confirmed)
	s.reached(s.place(request("pm_card_visa_chargeDeclined", of(mug.GetCode(), 1))).GetId(), cancelled)
	given := s.reached(s.place(request("pm_card_visa", of(mug.GetCode(), 2))).GetId(), confirmed)
	if _, err := s.order.CancelOrder(t.Context(), &orderv1.CancelOrderRequest{RequestId: uuid.NewString(), Id: given.GetId()}); err != nil {
		t.Fatal(err)
	}
	// Answers are lost from here on, so that everything is looked up as well.
	fake.SetFaults(stripefake.Faults{Lost: 0.5})
	if _, err := s.payment.RefundPayment(t.Context(), &paymentv1.RefundPaymentRequest{
		RequestId: uuid.NewString(), PaymentId: paid.GetPaymentId(), Amount: euros(1, 0),
	}); err != nil {
		t.Fatal(err)
	}
	s.reached(s.place(request("pm_card_visa", of(mug.GetCode(), 1))).GetId(), confirmed)
	fake.SetFaults(stripefake.Faults{})
	// One that was never opened, and whose key is too old.
	fake.SetFaults(stripefake.Faults{Unavailable: 1})
	old := s.place(request("pm_card_visa", of(mug.GetCode(), 1)))
	eventually(t, func(context.Context) error {
		if n := s.run("payment", "update payments set create_time = now() - interval '30 hours' where order_id = '"+old.GetId()+"'"); n != 1 {
			return errorf("%d payments of order %s", n, old.GetId())
		}
		return nil
	})
	eventually(t, func(context.Context) error { // the worker may hold the payment with its former time
		if censor.count("GET /v1/payment_intents/search") == 0 {
			return errorf("the payment is not looked for")
		}
		return nil
	})
	fake.SetFaults(stripefake.Faults{})
	s.reached(old.GetId(), confirmed)
	// A name that has no secret is not applied; what was in force takes the next payment. Then
	// another secret, of the same account, does.
	s.set(&configv1.Settings{Context: "payment", Value: &configv1.Settings_Payment{Payment: &paymentv1.Settings{StripeKeySecret: "MISSPELT"}}})
	eventually(t, func(ctx context.Context) error {
		client := operationsv1connect.NewOperationsServiceClient(s.client(s.internal[0]))
		status, err := client.GetStatus(ctx, &operationsv1.GetStatusRequest{Context: "payment"})
		if shown := fmt.Sprint(status.GetContexts()); err != nil || !strings.Contains(shown, "SHOPMESH_SECRET_MISSPELT") {
			return errorf("%v: %s", err, shown)
		}
		return nil
	})
	s.reached(s.place(request("pm_card_visa", of(mug.GetCode(), 1))).GetId(), confirmed)
	s.takeCards("CARDS_2", "EVENTS")
	s.reached(s.place(request("pm_card_visa", of(mug.GetCode(), 1))).GetId(), confirmed)
	r := s.mustAudit()
	if r.Orders != 7 {
		t.Errorf("%d orders", r.Orders)
	}

	censor.mu.Lock()
	defer censor.mu.Unlock()
	for _, refused := range censor.refused {
		t.Errorf("stripe-mock refused %s", refused)
	}
	for _, sent := range []string{
		"POST /v1/payment_intents", "POST /v1/payment_intents/{id}/confirm", "POST /v1/payment_intents/{id}/cancel",
		"GET /v1/payment_intents/{id}", "GET /v1/payment_intents", "GET /v1/payment_intents/search", "POST /v1/refunds", "GET /v1/refunds",
	} {
		if censor.seen[sent] == 0 {
			t.Errorf("%s was not sent: %v", sent, censor.seen)
		}
	}
}
