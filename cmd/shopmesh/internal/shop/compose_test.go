package shop

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/embedded/broker"
	"github.com/shopmesh/shopmesh/kit/embedded/postgres"
)

// Every dependency of a service is provided by the process or by itself.
func TestTheShopIsComplete(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	broker, err := broker.Start(t.Context(), broker.Config{Dir: t.TempDir(), Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = broker.Close() })
	all := modules(components{config: Config{Log: log}, postgres: &postgres.Server{}, broker: broker})
	if len(all) != len(databases())-1 {
		t.Errorf("%d contexts for %d databases, of which one is the sandbox's", len(all), len(databases()))
	}
	if err := fx.ValidateApp(append(all, app.Graph(app.Process{Name: "shopmesh", Log: log}))...); err != nil {
		t.Error(err)
	}
}

// All contexts are known here, so that a section for another one is a misspelling, and a
// payment method that payment can't take is a mistake. Both are reported before anything
// is created.
func TestSettingsThatContradictTheShopStopTheStart(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		settings string
		want     []string
	}{
		"a misspelled context":           {`{"ordr":{"paymentWindow":"60s"}}`, []string{"ordr", "order"}},
		"cards, and no key":              {`{"order":{"paymentMethods":["sandbox_ok","pm_*"]}}`, []string{`"pm_*"`, "payment.stripeKeySecret", "order.paymentMethods"}},
		"one card, and no key":           {`{"order":{"paymentMethods":["pm_card_visa"]}}`, []string{`"pm_card_visa"`, "payment.stripeKeySecret"}},
		"everything, and no key":         {`{"order":{"paymentMethods":["*"]}}`, []string{`"*"`, "payment.stripeKeySecret"}},
		"a value that order knows wrong": {`{"order":{"paymentMethods":[""]}}`, []string{"settings of order"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file, data := filepath.Join(dir, "settings.json"), filepath.Join(dir, "data")
			if err := os.WriteFile(file, []byte(row.settings), 0o600); err != nil {
				t.Fatal(err)
			}
			err := Run(t.Context(), Config{Data: data, SettingsFile: file, Log: slog.New(slog.DiscardHandler)})
			if err == nil {
				t.Fatal("it started")
			}
			for _, part := range row.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is missing: %v", part, err)
				}
			}
			if _, err := os.Stat(data); err == nil {
				t.Error("a data directory was made")
			}
		})
	}
}

// What payment takes is offered: the sandbox's methods always, cards with a key.
func TestPaymentMethodsThatArePaidAreOffered(t *testing.T) {
	t.Parallel()
	cards := filepath.Join(t.TempDir(), "settings.json")
	text := `{"order":{"paymentMethods":["sandbox_*","pm_*"]}, "payment": {"stripeKeySecret": "STRIPE_KEY"}}`
	if err := os.WriteFile(cards, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, config := range map[string]Config{
		"the defaults":     {},
		"cards, and a key": {SettingsFile: cards},
	} {
		if err := checkSettings(config); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
