package shop

import (
	"log/slog"
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
