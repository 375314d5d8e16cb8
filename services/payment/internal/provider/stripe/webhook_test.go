package stripe

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
	"github.com/shopmesh/shopmesh/services/payment/stripefake"
)

// A flood that is not signed reaches nothing behind the signature, and what has no
// signature at all is not even read.
func TestAFloodReachesNothing(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	reached := 0
	h := Webhook{
		Secrets: []string{"whsec_1"}, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
		Account: account{&reached}, Limit: NewLimit(),
		Handle: func(context.Context, provider.Notice) error { reached++; return nil },
	}
	body := []byte(`{"id":"evt_1","type":"refund.updated","data":{"object":{"object":"refund","id":"re_1","amount":5,"currency":"jpy","payment_intent":"pi_1"}}}`)
	answered := map[int]int{}
	send := func(signature string) (left int) {
		rest := bytes.NewReader(body)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/webhooks/stripe", rest)
		r.Header.Set("Stripe-Signature", signature)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		answered[w.Code]++
		return rest.Len()
	}
	for range 500 {
		if left := send(""); left != len(body) {
			t.Fatalf("%d bytes were read", len(body)-left)
		}
		send(stripefake.Sign(body, now, "whsec_2"))
	}
	if reached != 0 || answered[http.StatusUnauthorized] != badBurst || answered[http.StatusTooManyRequests] != 1000-badBurst {
		t.Errorf("answered %v, reached %d", answered, reached)
	}
	if send(stripefake.Sign(body, now, "whsec_1")); reached == 0 || answered[http.StatusOK] != 1 {
		t.Errorf("a genuine event: answered %v, reached %d", answered, reached)
	}
	now = now.Add(time.Second)
	for range 2 * badPerSecond {
		send("")
	}
	if answered[http.StatusUnauthorized] != badBurst+badPerSecond {
		t.Errorf("a second later: answered %v", answered)
	}
}

// Whatever comes, signed or not: no panic, an empty reply, a notice only of what is
// signed.
func FuzzWebhook(f *testing.F) {
	now := time.Unix(1_700_000_000, 0)
	genuine := []byte(`{"id":"evt_1","type":"refund.failed","livemode":false,"data":{"object":{"object":"refund","id":"re_1","amount":5,"currency":"jpy","status":"failed","payment_intent":"pi_1","metadata":{"payment_id":"0190c0c0-0000-7000-8000-000000000000"}}}}`)
	f.Add(genuine, stripefake.Sign(genuine, now, "whsec_1"), true)
	f.Add(genuine, "t=1,v1=00", false)
	f.Add([]byte(`{"data":{"object":7}}`), "v1=,t=-1,t=2", true)
	f.Add([]byte(`{"data":{"object":{"object":"payment_intent","amount":"x"}}}`), "", true)
	f.Fuzz(func(t *testing.T, body []byte, header string, sign bool) {
		handled := 0
		h := Webhook{
			Secrets: []string{"whsec_1"}, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
			Account: account{new(int)}, Limit: NewLimit(),
			Handle: func(context.Context, provider.Notice) error { handled++; return nil },
		}
		genuineHeader := stripefake.Sign(body, now, "whsec_1")
		if sign {
			header = genuineHeader
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/webhooks/stripe", bytes.NewReader(body))
		r.Header.Set("Stripe-Signature", header)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Body.Len() != 0 {
			t.Errorf("replied %q", w.Body)
		}
		if refused := w.Code == http.StatusUnauthorized; refused && handled > 0 || sign && refused && len(body) <= maxEvent {
			t.Errorf("answered %d, handled %d", w.Code, handled)
		}
	})
}

// account counts how often Stripe is called.
type account struct{ reached *int }

func (a account) Owner(context.Context, string) (map[string]string, error) {
	*a.reached++
	return nil, nil
}

func (a account) Dispute(context.Context, string) (provider.Dispute, error) {
	*a.reached++
	return provider.Dispute{}, nil
}
