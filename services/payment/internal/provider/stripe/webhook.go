package stripe

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	stripego "github.com/stripe/stripe-go/v84"
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

// WebhookConfig is what a Webhook needs.
type WebhookConfig struct {
	// Secrets are the endpoint's signing secrets, "whsec_…": several while one is
	// replaced by another. None refuses everything.
	Secrets []string
	// Live is whether the account's key moves real money.
	Live bool
	// Account reads what an event does not hold.
	Account Account
	// Handle takes a notice. An error lets Stripe send it again.
	Handle func(ctx context.Context, n provider.Notice) error
	Now    func() time.Time
	Log    *slog.Logger
}

// Account is the part of Stripe that a Webhook asks.
type Account interface {
	// Owner reads the metadata of a PaymentIntent.
	Owner(ctx context.Context, id string) (map[string]string, error)
	// Dispute reads a dispute as it stands.
	Dispute(ctx context.Context, id string) (provider.Dispute, error)
}

// Webhook is where Stripe reports that something changed
// (https://docs.stripe.com/webhooks). Nothing is done for a request before its
// signature is found right, and the reply never gives the reason when it was not.
type Webhook struct {
	cfg WebhookConfig
	bad *bucket
}

// NewWebhook makes the handler.
func NewWebhook(cfg WebhookConfig) *Webhook {
	return &Webhook{cfg: cfg, bad: &bucket{tokens: badBurst}}
}

// ServeHTTP answers 200 when the event needs not come again; 401, or 429 when there
// are too many, to what is not signed; 400 to what is signed and no event; 503 when
// it must come again.
func (h *Webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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
	notice, concerns, err := h.read(body)
	if err != nil {
		h.cfg.Log.WarnContext(r.Context(), "can't read a signed event", "error", err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if concerns {
		err = h.complete(r.Context(), notice)
	}
	if err != nil {
		h.cfg.Log.WarnContext(r.Context(), "can't take an event now; it will come again", "event", notice.ID, "type", notice.Type, "error", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusOK)
}

func (h *Webhook) refuse(w http.ResponseWriter) {
	if !h.bad.take(h.cfg.Now()) {
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

func (h *Webhook) fresh(at time.Time) bool {
	age := h.cfg.Now().Sub(at)
	return -tolerance <= age && age <= tolerance
}

// signed compares the body as it came: a body that was decoded and written again is
// another one.
func (h *Webhook) signed(s signature, body []byte) bool {
	for _, secret := range h.cfg.Secrets {
		want := webhook.ComputeSignature(s.at, body, secret)
		for _, value := range s.values {
			if hmac.Equal(want, value) {
				return true
			}
		}
	}
	return false
}

// event is what is read of a Stripe event: enough to know what to ask for.
type event struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Account  string `json:"account"`
	Livemode bool   `json:"livemode"`
	Data     struct {
		Object object `json:"object"`
	} `json:"data"`
}

// object is a PaymentIntent, a refund or a dispute, as far as it matters.
type object struct {
	Object        string            `json:"object"`
	ID            string            `json:"id"`
	Amount        int64             `json:"amount"`
	Currency      string            `json:"currency"`
	Status        string            `json:"status"`
	Metadata      map[string]string `json:"metadata"`
	PaymentIntent string            `json:"payment_intent"`
}

// read turns an event into a notice; concerns is false for those of other things.
func (h *Webhook) read(body []byte) (n provider.Notice, concerns bool, err error) {
	// The kind comes first: other kinds have other shapes.
	var head struct {
		Data struct {
			Object struct {
				Object string `json:"object"`
			} `json:"object"`
		} `json:"data"`
	}
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&head); err != nil {
		return n, false, err
	}
	if kind := head.Data.Object.Object; kind != "payment_intent" && kind != "refund" && kind != "dispute" {
		return n, false, nil
	}
	var e event
	if err := json.Unmarshal(body, &e); err != nil {
		return n, false, err
	}
	o := e.Data.Object
	n = provider.Notice{
		ID: e.ID, Type: e.Type, PaymentID: idOf(o.Metadata, metaPayment), OrderID: idOf(o.Metadata, metaOrder), ChargeID: o.ID,
		Succeeded: o.Status == string(stripego.PaymentIntentStatusSucceeded),
	}
	switch o.Object {
	case "refund":
		n.ChargeID, n.Succeeded = o.PaymentIntent, false
		n.Refund = &provider.RefundNotice{ID: idOf(o.Metadata, metaRefund), ProviderID: o.ID, Reversed: reversed(stripego.RefundStatus(o.Status))}
	case "dispute":
		n.ChargeID, n.Succeeded = o.PaymentIntent, false
		n.Dispute = &provider.Dispute{ID: o.ID}
	}
	if n.Amount, err = fromMinor(o.Currency, o.Amount); err != nil && n.PaymentID == uuid.Nil {
		return n, false, nil // something else's, in what the shop can't count
	}
	switch {
	case err != nil:
		n.Foreign = err.Error()
	case e.Account != "":
		n.Foreign = "it is of the connected account " + e.Account
	case e.Livemode != h.cfg.Live:
		n.Foreign = "it is of the other mode, live or test, than the key"
	}
	return n, true, nil
}

// complete adds what an event does not hold: of which payment a refund or a dispute is
// that was not made by the shop, and how a dispute stands by now.
func (h *Webhook) complete(ctx context.Context, n provider.Notice) error {
	if n.Foreign != "" && n.PaymentID == uuid.Nil {
		return nil // another account's, and not ours at all
	}
	if (n.Refund != nil || n.Dispute != nil) && n.PaymentID == uuid.Nil && n.ChargeID != "" {
		owner, err := h.cfg.Account.Owner(ctx, n.ChargeID)
		if err != nil {
			return err
		}
		n.PaymentID = idOf(owner, metaPayment)
	}
	if n.Dispute != nil && n.PaymentID != uuid.Nil && n.Foreign == "" {
		dispute, err := h.cfg.Account.Dispute(ctx, n.Dispute.ID)
		if err != nil {
			return err
		}
		n.Dispute, n.ChargeID, n.Amount = &dispute, dispute.ChargeID, dispute.Amount
	}
	return h.cfg.Handle(ctx, n)
}

// Owner reads the metadata of a PaymentIntent.
func (s *Stripe) Owner(ctx context.Context, id string) (map[string]string, error) {
	intent, err := s.client.V1PaymentIntents.Retrieve(ctx, id, nil)
	if err != nil {
		return nil, apiFailure("look up the PaymentIntent of an event", err)
	}
	return intent.Metadata, nil
}

// bucket bounds how many unsigned requests are answered 401: the others are answered 429.
type bucket struct {
	mu     sync.Mutex
	tokens float64
	last   time.Time
}

func (b *bucket) take(now time.Time) bool {
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
