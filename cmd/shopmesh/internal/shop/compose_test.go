package shop

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/embedded"
)

// Everything that a service asks for is provided by the process or by itself.
func TestTheShopIsComplete(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	broker, err := embedded.StartBroker(t.Context(), embedded.BrokerConfig{Dir: t.TempDir(), Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = broker.Close() })
	all := modules(parts{config: Config{Log: log}, postgres: &embedded.Postgres{}, broker: broker})
	if len(all) != len(databases())-1 {
		t.Errorf("%d contexts for %d databases, of which one is the sandbox's", len(all), len(databases()))
	}
	if err := fx.ValidateApp(append(all, app.Graph(app.Process{Name: "shopmesh", Log: log}))...); err != nil {
		t.Error(err)
	}
}

// Here all contexts are known: a section for another one is a misspelling, told
// before anything is made.
func TestAMisspelledContextInTheSettingsStopsTheStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, data := filepath.Join(dir, "settings.json"), filepath.Join(dir, "data")
	if err := os.WriteFile(file, []byte(`{"ordr":{"paymentWindow":"60s"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	err := Run(t.Context(), Config{Data: data, SettingsFile: file, Log: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "ordr") || !strings.Contains(err.Error(), "order") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("a data directory was made")
	}
}
