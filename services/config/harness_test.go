package config_test

import (
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"testing"
	"time"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1/configv1connect"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/app/apptest"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/config"
)

// harness is config as it runs in production, on a database of its own.
type harness struct {
	configv1connect.ConfigServiceClient

	t        *testing.T
	database string
	broker   kafka.Config
	pool     *pg.Pool
	url      string
}

// newHarness starts it; the callers are staff of this name, who may read and change
// settings.
func newHarness(t *testing.T, staff string) harness {
	t.Helper()
	url := testkit.DatabaseURL(t, config.Migrations())
	h := harness{t: t, database: url, broker: testkit.Broker(t), pool: testkit.Open(t, pg.Config{URL: url})}
	return h.replica(authz.Identity{Kind: authz.Owner, ID: staff, AuthTime: time.Now()}, "")
}

// replica starts another process on the same database.
func (h harness) replica(caller authz.Identity, file string) harness {
	h.t.Helper()
	addresses, _ := apptest.Serve(h.t, kitapp.Process{Name: config.Name, Authenticator: testkit.Everyone(caller)}, config.Module(config.Config{
		Context: kitapp.ContextConfig{Database: pg.Config{URL: h.database}, Kafka: h.broker, SettingsFile: file},
	}))
	h.url = addresses.API
	h.ConfigServiceClient = configv1connect.NewConfigServiceClient(testkit.Client(h.t, h.url))
	return h
}

// current reads the settings of a context.
func (h harness) current(context string) *configv1.Settings {
	h.t.Helper()
	set, _ := h.withDefaults(context)
	return set
}

// withDefaults reads the settings of a context, and what holds where nobody set anything.
func (h harness) withDefaults(context string) (set, defaults *configv1.Settings) {
	h.t.Helper()
	res, err := h.GetSettings(h.t.Context(), &configv1.GetSettingsRequest{Context: context})
	if err != nil {
		h.t.Fatal(err)
	}
	return res.GetSettings(), res.GetDefaults()
}

// setOrder changes what is set of order's settings.
func (h harness) setOrder(set *orderv1.Settings) *configv1.Settings {
	h.t.Helper()
	res, err := h.UpdateSettings(h.t.Context(), orderSettings(set))
	if err != nil {
		h.t.Fatal(err)
	}
	return res.GetSettings()
}

func (h harness) setPayment(set *paymentv1.Settings) {
	h.t.Helper()
	if _, err := h.UpdateSettings(h.t.Context(), paymentSettings(set)); err != nil {
		h.t.Fatal(err)
	}
}

func paymentSettings(set *paymentv1.Settings) *configv1.UpdateSettingsRequest {
	// The mask lets a name that is not set be cleared.
	return &configv1.UpdateSettingsRequest{
		Settings:   &configv1.Settings{Context: "payment", Value: &configv1.Settings_Payment{Payment: set}},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"payment.stripe_key_secret", "payment.stripe_webhook_secrets"}},
	}
}

func orderSettings(set *orderv1.Settings) *configv1.UpdateSettingsRequest {
	return &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{Context: "order", Value: &configv1.Settings_Order{Order: set}}}
}
