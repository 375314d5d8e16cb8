package stripe

import (
	"context"
	"crypto/hmac"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/stripe/stripe-go/v84/webhook"

	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
)

const (
	// maxEvent bounds an event. Stripe's are of a few kilobytes.
	maxEvent = 256 << 10
	// tolerance is how old or how far ahead an event's signature may be.
	tolerance = 5 * time.Minute
	// maxSignatures bounds what is compared: Stripe sends one for each secret in use.
	maxSignatures = 8
	// badBurst and badPerSecond are how many unsigned requests are answered 401.
	badBurst     = 20
	badPerSecond = 5
)

// Webhook is where Stripe reports that something changed
// (https://docs.stripe.com/webhooks). Nothing is done for a request before its
// signature is found right, and the reply never gives the reason when it was not.
type Webhook struct {
	// Secrets are the endpoint's signing secrets, "whsec_…": several while one is
	// replaced by another. None refuses everything.
	Secrets []string
	// Live is whether the account's key moves real money.
	Live bool
	// Account reads what an event does not hold.
	Account Account
	// Limit bounds what is answered to requests that are not signed.
	Limit *Limit
	// Handle takes a notice. An error lets Stripe send it again.
	Handle func(ctx context.Context, n provider.Notice) error
	Now    func() time.Time
	Log    *slog.Logger
}

// ServeHTTP answers 200 when the event needs not come again; 401, or 429 when there
// are too many, to what is not signed; 400 to what is signed and no event; 503 when
// it must come again.
func (h Webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	signature, formed := parseSignature(r.Header.Get("Stripe-Signature"))
	if !formed || !h.fresh(signature.at) {
		h.refuse(w)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEvent))
	if err != nil || !h.signed(signature, body) {
		h.refuse(w)
		return
	}
	notice, concerns, err := readNotice(body, h.Live)
	if err != nil {
		h.Log.WarnContext(r.Context(), "can't read a signed event", "error", err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if concerns {
		if notice, err = complete(r.Context(), h.Account, notice); err == nil {
			err = h.Handle(r.Context(), notice)
		}
	}
	if err != nil {
		h.Log.WarnContext(r.Context(), "can't take an event now; it will come again", "event", notice.ID, "type", notice.Type, "error", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusOK)
}

func (h Webhook) refuse(w http.ResponseWriter) {
	if !h.Limit.take(h.Now()) {
		w.Header().Set("Retry-After", "10")
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	w.WriteHeader(http.StatusUnauthorized)
}

// signature is the content of the header Stripe-Signature: "t=1700000000,v1=HEX,v1=HEX".
type signature struct {
	at     time.Time
	values [][]byte
}

// parseSignature reads the scheme v1 and passes over others.
func parseSignature(header string) (signature, bool) {
	var s signature
	if len(header) > 4096 {
		return s, false
	}
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			seconds, err := strconv.ParseInt(value, 10, 64)
			if err != nil || !s.at.IsZero() {
				return s, false
			}
			s.at = time.Unix(seconds, 0)
		case "v1":
			if sum, err := hex.DecodeString(value); err == nil && len(s.values) < maxSignatures {
				s.values = append(s.values, sum)
			}
		}
	}
	return s, !s.at.IsZero() && len(s.values) > 0
}

func (h Webhook) fresh(at time.Time) bool {
	age := h.Now().Sub(at)
	return -tolerance <= age && age <= tolerance
}

// signed compares the body as it came: a body that was decoded and written again is
// another one.
func (h Webhook) signed(s signature, body []byte) bool {
	for _, secret := range h.Secrets {
		want := webhook.ComputeSignature(s.at, body, secret)
		for _, value := range s.values {
			if hmac.Equal(want, value) {
				return true
			}
		}
	}
	return false
}

// Limit bounds how many unsigned requests are answered 401: the others are answered 429.
type Limit struct {
	mu     sync.Mutex
	tokens float64
	last   time.Time
}

// NewLimit makes a Limit for all requests of a process.
func NewLimit() *Limit { return &Limit{tokens: badBurst} }

func (b *Limit) take(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if elapsed := now.Sub(b.last); elapsed > 0 {
		if !b.last.IsZero() {
			b.tokens = min(badBurst, b.tokens+elapsed.Seconds()*badPerSecond)
		}
		b.last = now
	}
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
