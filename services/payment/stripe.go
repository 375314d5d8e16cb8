package payment

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/services/payment/internal/app"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider/sandbox"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider/stripe"
)

// StripeConfig is which Stripe account takes the money. The zero StripeConfig takes
// none: payments by Stripe are declined.
type StripeConfig struct {
	// Key is the account's secret or restricted key.
	Key string
	// WebhookSecrets sign Stripe's events: two while one is replaced by another. Without
	// one there is no webhook: how payments stand, and what others did, is only polled.
	WebhookSecrets []string
	// URL is where the API is; empty for Stripe's own address.
	URL string
}

// StripeFromEnv reads SHOPMESH_STRIPE_KEY, SHOPMESH_STRIPE_WEBHOOK_SECRET (several are
// separated by commas) and SHOPMESH_STRIPE_URL; each can be given as …_FILE. The error
// holds no value.
func StripeFromEnv() (StripeConfig, error) {
	var cfg StripeConfig
	var secrets string
	var problems []error
	for name, value := range map[string]*string{
		"SHOPMESH_STRIPE_KEY": &cfg.Key, "SHOPMESH_STRIPE_WEBHOOK_SECRET": &secrets, "SHOPMESH_STRIPE_URL": &cfg.URL,
	} {
		var err error
		if *value, err = kitapp.Credential(name); err != nil {
			problems = append(problems, err)
		}
	}
	for secret := range strings.SplitSeq(secrets, ",") {
		if secret = strings.TrimSpace(secret); secret != "" {
			cfg.WebhookSecrets = append(cfg.WebhookSecrets, secret)
		}
	}
	if err := errors.Join(problems...); err != nil {
		return StripeConfig{}, err
	}
	return cfg, cfg.Check()
}

// Check refuses what can't be right. Its error holds no part of a credential.
func (c StripeConfig) Check() error {
	if c.Key == "" {
		if len(c.WebhookSecrets) > 0 || c.URL != "" {
			return errors.New("SHOPMESH_STRIPE_KEY is not set, and other SHOPMESH_STRIPE_… variables are: set it, or none of them")
		}
		return nil
	}
	if err := (stripe.Config{Key: c.Key, URL: c.URL}).Check(); err != nil {
		return fmt.Errorf("payments by Stripe (SHOPMESH_STRIPE_KEY, SHOPMESH_STRIPE_URL): %w", err)
	}
	return nil
}

// newStripe is nil when no key is set.
func newStripe(cfg StripeConfig, returnURL func() string, clock kitapp.Clock, log *slog.Logger) (*stripe.Stripe, error) {
	if err := cfg.Check(); err != nil || cfg.Key == "" {
		return nil, err
	}
	if len(cfg.WebhookSecrets) == 0 {
		log.Warn("SHOPMESH_STRIPE_WEBHOOK_SECRET is not set: there is no webhook, and how payments stand and what others did at Stripe is only polled")
	}
	return stripe.New(stripe.Config{Key: cfg.Key, URL: cfg.URL, ReturnURL: returnURL, Now: clock}), nil
}

func newProviders(box *sandbox.Sandbox, cards *stripe.Stripe) provider.Providers {
	providers := provider.Providers{sandbox.Name: box, stripe.Name: stripe.Unconfigured{}}
	if cards != nil {
		providers[stripe.Name] = cards
	}
	return providers
}

// WebhookPath is where Stripe sends its events.
const WebhookPath = "POST /webhooks/stripe"

// webhooks are the plain HTTP handlers of the context.
func webhooks(cfg StripeConfig, cards *stripe.Stripe, payments app.Payments) map[string]http.Handler {
	if cards == nil || len(cfg.WebhookSecrets) == 0 {
		return nil
	}
	return map[string]http.Handler{WebhookPath: stripe.NewWebhook(stripe.WebhookConfig{
		Secrets: cfg.WebhookSecrets, Live: cards.Live(), Account: cards,
		Handle: func(ctx context.Context, n provider.Notice) error { return payments.HandleNotice(ctx, stripe.Name, n) },
		Now:    payments.Now, Log: payments.Log,
	})}
}
