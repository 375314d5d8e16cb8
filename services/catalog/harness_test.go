package catalog_test

import (
	"testing"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/app/apptest"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/catalog"
)

// harness is the catalog as it runs in production, on a database and a broker of its own.
type harness struct {
	url        string
	internal   string
	categories catalogv1connect.CategoryServiceClient
	products   catalogv1connect.ProductServiceClient
	pool       *pg.Pool
	broker     kafka.Config
	events     *testkit.Events // inventory's, and what the catalog publishes
	handled    *testkit.Signal // raised when a replica has handled events
	database   string
	replicas   bool   // others write to the same database
	settings   string // a settings file; empty for none
	stop       func() // ends the process; its relay's lead is free then
}

// newHarness starts a catalog whose callers are all the same.
func newHarness(t *testing.T, caller authz.Identity) harness {
	t.Helper()
	url := testkit.DatabaseURL(t, catalog.Migrations())
	s := harness{pool: testkit.Open(t, pg.Config{URL: url}), broker: testkit.Broker(t), database: url, handled: &testkit.Signal{}}
	s = s.again(t, caller)
	s.events = testkit.NewEvents(t, s.broker, productTopic)
	return s
}

// newReplica starts a catalog beside which others run.
func newReplica(t *testing.T, caller authz.Identity) harness {
	t.Helper()
	url := testkit.DatabaseURL(t, catalog.Migrations())
	s := harness{pool: testkit.Open(t, pg.Config{URL: url}), broker: testkit.Broker(t), database: url, handled: &testkit.Signal{}, replicas: true}
	s = s.again(t, caller)
	s.events = testkit.NewEvents(t, s.broker, productTopic)
	return s
}

// again starts another replica, whose callers are someone else.
func (s harness) again(t *testing.T, caller authz.Identity) harness {
	t.Helper()
	var addresses kitapp.Addresses
	addresses, s.stop = apptest.Serve(t, kitapp.Process{
		Name: "catalog", Authenticator: testkit.Authenticator("catalog", services.Permissions()), OpenMetrics: true,
	}, catalog.Module(catalog.Config{Context: kitapp.ContextConfig{
		Database: pg.Config{URL: s.database}, Kafka: s.broker, SoleWriter: !s.replicas, SettingsFile: s.settings,
	}}), fx.Decorate(func(trace.TracerProvider) trace.TracerProvider { return s.handled.Tracer() }))
	s.url, s.internal = addresses.API, addresses.Internal
	client := testkit.Client(t, s.url, testkit.As(t, caller))
	s.categories = catalogv1connect.NewCategoryServiceClient(client)
	s.products = catalogv1connect.NewProductServiceClient(client)
	return s
}

func owner() authz.Identity { return testkit.Owner() }
