// Package stripe takes money through Stripe's PaymentIntents
// (https://docs.stripe.com/api/payment_intents).
//
// A PaymentIntent takes money at most once, whatever is requested of it and however
// often. So one is opened for a payment, unconfirmed; its id is recorded; and only a
// recorded PaymentIntent is ever confirmed. Keys make repetitions cheap, and safety
// does not rest on them: Stripe forgets a key after 24 hours. An outcome is returned
// when the PaymentIntent can't change any more, "succeeded" or "canceled": one that was
// declined is cancelled first.
//
// Where the customer pays on Stripe's page, a Checkout Session stands for the PaymentIntent
// until that page is gone through, and takes money at most once, too.
package stripe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	stripego "github.com/stripe/stripe-go/v84"

	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
)

// Name is the provider's name, as payments keep it.
const Name = provider.Stripe

// keyLife is how long an idempotency key is relied upon: Stripe keeps it for at least
// 24 hours, and clocks differ.
const keyLife = 23 * time.Hour

// The keys of the metadata by which a PaymentIntent or refund is known as ours.
const (
	metaPayment   = "payment_id"
	metaOrder     = "order_id"
	metaReference = "reference"
	metaRefund    = "refund_id"
)

// Config is which account takes the money.
type Config struct {
	// Key is the account's secret or restricted key: "sk_live_…", "rk_test_…".
	Key string
	// URL is where the API is; empty for Stripe's own address.
	URL string
	// ReturnURL returns where a customer's browser returns to from a bank's page; without
	// one, or while it is empty, methods that need such a page are refused by Stripe.
	ReturnURL func() string
	// Now is the clock.
	Now func() time.Time
}

// Stripe is the provider.
type Stripe struct {
	client    *stripego.Client
	live      bool
	returnURL func() string
	now       func() time.Time
}

// The compiler checks what kinds of provider it is.
var (
	_ provider.Provider     = (*Stripe)(nil)
	_ provider.ActionReader = (*Stripe)(nil)
	_ provider.RefundLister = (*Stripe)(nil)
	_ provider.EventLister  = (*Stripe)(nil)
)

// CheckKey refuses a key that can't be right. Its error holds no part of the key.
func CheckKey(key string) error {
	if !strings.HasPrefix(key, "sk_") && !strings.HasPrefix(key, "rk_") {
		return errors.New("it is no secret key of Stripe, which begins with sk_ or rk_")
	}
	return nil
}

// CheckURL refuses an address of the API that can't be right, or that a key must not be
// sent to.
func CheckURL(text string) error {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" || (parsed.Scheme != "https" && parsed.Scheme != "http") {
		return errors.New("the address is no URL such as https://api.stripe.com")
	}
	if ip := net.ParseIP(parsed.Hostname()); parsed.Scheme == "http" && parsed.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("the key would travel to %s in the clear: use https", parsed.Host)
	}
	return nil
}

// New makes the provider; CheckKey and CheckURL report whether the config is right.
func New(cfg Config) *Stripe {
	backend := &stripego.BackendConfig{
		EnableTelemetry: stripego.Bool(false),
		HTTPClient:      newHTTPClient(),
		// Its log quotes requests and answers.
		LeveledLogger: &stripego.LeveledLogger{Level: stripego.LevelNull},
		// The charge worker repeats requests, and records every attempt.
		MaxNetworkRetries: stripego.Int64(0),
	}
	if cfg.URL != "" {
		backend.URL = stripego.String(strings.TrimSuffix(cfg.URL, "/"))
	}
	if cfg.ReturnURL == nil {
		cfg.ReturnURL = func() string { return "" }
	}
	return &Stripe{
		client: stripego.NewClient(cfg.Key, stripego.WithBackends(stripego.NewBackendsWithConfig(backend))),
		live:   strings.Contains(cfg.Key, "k_live_"), returnURL: cfg.ReturnURL, now: cfg.Now,
	}
}

// Live reports whether real money is moved.
func (s *Stripe) Live() bool { return s.live }

// NextAction reads what the customer has to do for a PaymentIntent: Stripe.js takes its
// client secret and shows the check, or the browser goes to the bank's page; for a Checkout
// Session the browser goes to Stripe's page.
func (s *Stripe) NextAction(ctx context.Context, id string) (provider.Action, error) {
	if strings.HasPrefix(id, checkoutPrefix) {
		return s.checkoutAction(ctx, id)
	}
	intent, err := s.client.V1PaymentIntents.Retrieve(ctx, id, nil)
	if err != nil {
		return provider.Action{}, apiFailure("read the next action", err)
	}
	if intent.Status != stripego.PaymentIntentStatusRequiresAction || intent.NextAction == nil {
		return provider.Action{}, nil
	}
	if to := intent.NextAction.RedirectToURL; to != nil && to.URL != "" {
		return provider.Action{RedirectURL: to.URL}, nil
	}
	return provider.Action{ClientSecret: intent.ClientSecret}, nil
}

// verify refuses a PaymentIntent that is not the request's: nothing is concluded from
// another amount, currency, order, payment or mode.
func (s *Stripe) verify(intent *stripego.PaymentIntent, r provider.ChargeRequest) error {
	amount, err := fromMinor(string(intent.Currency), intent.Amount)
	switch {
	case intent.ID == "" || (r.ChargeID != "" && intent.ID != r.ChargeID):
		return fmt.Errorf("%w: requested PaymentIntent %q, got %q", provider.ErrMismatch, r.ChargeID, intent.ID)
	case err != nil || amount != r.Amount:
		return fmt.Errorf("%w: PaymentIntent %s is of %d %s, the payment of %s", provider.ErrMismatch, intent.ID, intent.Amount, intent.Currency, r.Amount)
	case intent.Metadata[metaPayment] != r.PaymentID.String() || intent.Metadata[metaOrder] != r.OrderID.String():
		return fmt.Errorf("%w: PaymentIntent %s is of payment %q, order %q, not of payment %s, order %s", provider.ErrMismatch,
			intent.ID, intent.Metadata[metaPayment], intent.Metadata[metaOrder], r.PaymentID, r.OrderID)
	case intent.Livemode != s.live:
		return fmt.Errorf("%w: PaymentIntent %s is of the other mode, live or test", provider.ErrMismatch, intent.ID)
	case intent.Status == stripego.PaymentIntentStatusSucceeded && intent.AmountReceived != intent.Amount:
		return fmt.Errorf("%w: PaymentIntent %s received %d of %d", provider.ErrMismatch, intent.ID, intent.AmountReceived, intent.Amount)
	}
	return nil
}

// metadata is what lets people and look-ups find the payment again.
func metadata(r provider.ChargeRequest) map[string]string {
	return map[string]string{metaPayment: r.PaymentID.String(), metaOrder: r.OrderID.String(), metaReference: r.Reference}
}

// idOf reads an id out of metadata; the nil id when there is none.
func idOf(values map[string]string, key string) uuid.UUID {
	id, err := uuid.Parse(values[key])
	if err != nil {
		return uuid.Nil
	}
	return id
}

// Unconfigured stands where the settings name no key: it takes no money, and its code is the
// reason. What was opened when there was a key stays open.
type Unconfigured struct {
	// Missing is why a key that the settings name is not there: then everything waits for
	// it, and nothing is declined. Nil where they name none.
	Missing error
}

// CodeUnconfigured is the code of charges that were requested from nobody.
const CodeUnconfigured = "stripe_not_configured"

var errUnconfigured = errors.New("payment's settings name no key of Stripe, and this was begun when they did: name it again")

func (u Unconfigured) err() error {
	if u.Missing != nil {
		return u.Missing
	}
	return errUnconfigured
}

// Charge declines what was never opened, where no key is named.
func (u Unconfigured) Charge(_ context.Context, r provider.ChargeRequest) (provider.Charge, error) {
	if r.ChargeID == "" && r.Attempts == 0 && u.Missing == nil {
		return provider.Charge{Status: provider.Declined, Code: CodeUnconfigured}, nil
	}
	return provider.Charge{}, u.err()
}

// Refund can't be known.
func (u Unconfigured) Refund(context.Context, provider.RefundRequest) (provider.Refund, error) {
	return provider.Refund{}, u.err()
}

// LookUpRefund can't be known.
func (u Unconfigured) LookUpRefund(context.Context, provider.RefundRequest) (provider.Refund, error) {
	return provider.Refund{}, u.err()
}

// zero is nothing of a currency.
func zero(currency string) money.Money { return money.Money{Currency: currency} }
