package payment

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/payment/internal/app"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider/sandbox"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider/stripe"
)

// StripeURLVariable names where Stripe's API is, for tests.
const StripeURLVariable = "SHOPMESH_STRIPE_URL"

// StripeURLFromEnv reads StripeURLVariable; empty for Stripe's own address.
func StripeURLFromEnv() (string, error) {
	value, err := kitapp.Credential(StripeURLVariable)
	if err == nil && value != "" {
		err = stripe.CheckURL(value)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", StripeURLVariable, err)
	}
	return value, nil
}

// readStripe finds the secrets that the settings name. The error, a settings.Missing,
// names what is not there, and then StripeMissing is set, too. It holds no value.
func readStripe(set *paymentv1.Settings, secrets kitapp.Secrets, into *domain.Settings) error {
	var problems []error
	if name := set.GetStripeKeySecret(); name != "" {
		key, err := secrets.Value(name)
		if err == nil {
			if err = stripe.CheckKey(key); err != nil {
				err = fmt.Errorf("the secret %s: %w", name, err)
			}
		}
		if into.StripeKey = key; err != nil {
			into.StripeKey, into.StripeMissing = "", err
			problems = append(problems, err)
		}
	}
	for _, name := range set.GetStripeWebhookSecrets() {
		secret, err := secrets.Value(name)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		into.StripeWebhookSecrets = append(into.StripeWebhookSecrets, secret)
	}
	if err := errors.Join(problems...); err != nil {
		return &settings.Missing{Err: err}
	}
	return nil
}

// cards are payments by Stripe, by the account of the settings in force.
type cards struct {
	url      string
	settings *settings.Live[domain.Settings]
	clock    kitapp.Clock

	mu  sync.Mutex
	key string
	of  *stripe.Stripe // the account of key
}

func newCards(url string, set *settings.Live[domain.Settings], clock kitapp.Clock) *cards {
	return &cards{url: url, settings: set, clock: clock}
}

// account returns the account that takes payments now; nil when there is no key.
func (c *cards) account() *stripe.Stripe {
	key := c.settings.Now().StripeKey
	c.mu.Lock()
	defer c.mu.Unlock()
	if key != c.key {
		c.key, c.of = key, nil
		if key != "" {
			c.of = stripe.New(stripe.Config{
				Key: key, URL: c.url, ReturnURL: func() string { return c.settings.Now().ReturnURL }, Now: c.clock,
			})
		}
	}
	return c.of
}

// provider takes the payments by Stripe now.
func (c *cards) provider() provider.Provider {
	if account := c.account(); account != nil {
		return account
	}
	return stripe.Unconfigured{Missing: c.settings.Now().StripeMissing}
}

func newProviders(box *sandbox.Sandbox, cards *cards) provider.Providers {
	return func(name string) provider.Provider {
		switch name {
		case sandbox.Name:
			return box
		case stripe.Name:
			return cards.provider()
		}
		return nil
	}
}

// WebhookPath is where Stripe sends its events.
const WebhookPath = "POST /webhooks/stripe"

// webhook is the plain HTTP handler for Stripe's events. There is none, 404, while the
// settings name no key or no secret that signs events.
func (c *cards) webhook(payments app.Payments) http.Handler {
	limit := stripe.NewLimit()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		account, secrets := c.account(), c.settings.Now().StripeWebhookSecrets
		if account == nil || len(secrets) == 0 {
			http.NotFound(w, r)
			return
		}
		stripe.Webhook{
			Secrets: secrets, Live: account.Live(), Account: account, Limit: limit,
			Handle: func(ctx context.Context, n provider.Notice) error { return payments.HandleNotice(ctx, stripe.Name, n) },
			Now:    payments.Now, Log: payments.Log,
		}.ServeHTTP(w, r)
	})
}
