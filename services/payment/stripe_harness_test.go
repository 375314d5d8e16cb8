package payment_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/payment/stripefake"
)

const (
	stripeKey     = "sk_test_0123456789canary"
	webhookSecret = "whsec_0123456789canary"
)

const (
	captured  = paymentv1.PaymentStatus_PAYMENT_STATUS_CAPTURED
	pending   = paymentv1.PaymentStatus_PAYMENT_STATUS_PENDING
	failed    = paymentv1.PaymentStatus_PAYMENT_STATUS_FAILED
	cancelled = paymentv1.PaymentStatus_PAYMENT_STATUS_CANCELLED
	refunded  = paymentv1.PaymentStatus_PAYMENT_STATUS_REFUNDED
)

// cardHarness is payment with a Stripe that is a fake.
type cardHarness struct {
	*harness
	stripe *stripefake.Fake
}

// newCardHarness starts payment with a fake Stripe, which sends its events to the shop.
func newCardHarness(t *testing.T, settings string, cfg stripefake.Config) cardHarness {
	t.Helper()
	return newCardHarnessAt(t, settings, cfg, func(h http.Handler) http.Handler { return h })
}

// newCardHarnessAt lets a test stand between the shop and the fake.
func newCardHarnessAt(t *testing.T, settings string, cfg stripefake.Config, between func(http.Handler) http.Handler) cardHarness {
	t.Helper()
	cfg.Key = stripeKey
	fake := stripefake.New(cfg)
	server := httptest.NewServer(between(fake))
	t.Cleanup(server.Close)
	t.Cleanup(fake.Close)
	s := newHarnessWith(t, withStripe(t, settings), testkit.Owner(), secrets{"KEY": stripeKey, "WEBHOOK": webhookSecret}.find, server.URL)
	t.Cleanup(fake.Close) // before the shop ends
	c := cardHarness{harness: s, stripe: fake}
	c.connect()
	return c
}

// withStripe adds the names of Stripe's secrets to settings of payment.
func withStripe(t *testing.T, text string) string {
	t.Helper()
	var all map[string]map[string]any
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	all["payment"]["stripeKeySecret"], all["payment"]["stripeWebhookSecrets"] = "KEY", []string{"WEBHOOK"}
	with, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(with)
}

// secrets are values by their names.
type secrets map[string]string

func (s secrets) find(name string) (string, error) {
	if value, ok := s[name]; ok {
		return value, nil
	}
	return "", fmt.Errorf("there is no secret %s", name)
}

// withoutEvents is a Stripe whose list of events stays empty, so that they come by webhook
// alone.
func withoutEvents(stripe http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/events" {
			stripe.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"object": "list", "url": "/v1/events", "has_more": false, "data": []}`)
	})
}

func (s cardHarness) connect() { s.stripe.SetEndpoint(s.API+"/webhooks/stripe", webhookSecret) }

// calm are settings that leave a pending payment alone, so that what a test sees is
// not the next look but the webhook's effect. No request runs out of time: its outcome
// would be unknown for an hour.
const calm = `{"payment": {"providerTimeout": "300s", "retryAfter": "3600s"}}`

// pay requests the money of a new order.
func (s cardHarness) pay(method string) order {
	s.t.Helper()
	o := newOrder(method)
	s.publish(o.awaits())
	return o
}

// answered reports that the one request for an order's payment has its answer.
func (s cardHarness) answered(o order) bool {
	all := s.get(o).GetAttempts()
	return len(all) == 1 && all[0].GetEndTime() != nil
}

// only is the one PaymentIntent of an order.
func (s cardHarness) only(o order) stripefake.Payment {
	s.t.Helper()
	all := s.stripe.Of(o.payment.String())
	if len(all) != 1 {
		s.t.Fatalf("%d PaymentIntents of payment %s: %+v", len(all), o.payment, all)
	}
	return all[0]
}

// contradictions are the open ones, newest first.
func (s cardHarness) contradictions() []*paymentv1.Contradiction {
	s.t.Helper()
	res, err := s.payments.ListContradictions(s.t.Context(), &paymentv1.ListContradictionsRequest{Filter: "resolved = false"})
	if err != nil {
		s.t.Fatal(err)
	}
	return res.GetContradictions()
}

// refunds are those of an order's payment, oldest first.
func (s cardHarness) refunds(o order) []*paymentv1.Refund {
	s.t.Helper()
	res, err := s.payments.ListRefunds(s.t.Context(), &paymentv1.ListRefundsRequest{PaymentId: o.payment.String()})
	if err != nil {
		s.t.Fatal(err)
	}
	return res.GetRefunds()
}

// post sends a body to the webhook and returns the status; the reply must be empty.
func (s cardHarness) post(body []byte, signature string) int {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.API+"/webhooks/stripe", bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if signature != "" {
		r.Header.Set("Stripe-Signature", signature)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if text, err := io.ReadAll(res.Body); err != nil || len(text) != 0 {
		s.t.Errorf("the reply is %q, %v", text, err)
	}
	return res.StatusCode
}

// eventsOf are the fake's events that name a text, in order.
func (s cardHarness) eventsOf(text string) [][]byte {
	var all [][]byte
	for _, body := range s.stripe.Events() {
		if bytes.Contains(body, []byte(text)) {
			all = append(all, body)
		}
	}
	return all
}

func sign(body []byte) string { return stripefake.Sign(body, time.Now(), webhookSecret) }
