package inventory_test

import (
	"context"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1/inventoryv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/app/apptest"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/inventory"
)

// harness is inventory as it runs in production, on a database and a broker of
// its own, beside a catalog that the test fills.
type harness struct {
	inventoryv1connect.InventoryServiceClient

	url        string
	operations operationsv1connect.OperationsServiceClient
	catalog    *shelf
	pool       *pg.Pool
	broker     kafka.Config
	handled    testkit.Signal // raised when the consumer has handled events
}

// newHarness starts an inventory whose callers are all the same.
func newHarness(t *testing.T, caller authz.Identity) *harness {
	t.Helper()
	database := testkit.DatabaseURL(t, inventory.Migrations())
	w := &harness{catalog: &shelf{}, pool: testkit.Open(t, pg.Config{URL: database}), broker: testkit.Broker(t)}
	addresses, _ := apptest.Serve(t, kitapp.Process{
		Name: inventory.Name, Authenticator: testkit.Authenticator(inventory.Name, services.Permissions()),
		Peers: map[string]string{"catalog": w.catalog.serve(t)}, Signers: testkit.Signer(inventory.Name),
	}, inventory.Module(inventory.Config{Context: kitapp.ContextConfig{
		Database: pg.Config{URL: database}, Kafka: w.broker, SoleWriter: true,
	}}), fx.Decorate(func(trace.TracerProvider) trace.TracerProvider { return w.handled.Tracer() }))
	w.url = addresses.API
	w.InventoryServiceClient = inventoryv1connect.NewInventoryServiceClient(testkit.Client(t, addresses.API, testkit.As(t, caller)))
	w.operations = operationsv1connect.NewOperationsServiceClient(testkit.Client(t, addresses.Internal, testkit.As(t, caller)))
	return w
}

func staff() authz.Identity {
	anna := testkit.Owner()
	anna.ID = "anna"
	return anna
}

// shelf is the catalog as inventory sees it.
type shelf struct {
	catalogv1connect.UnimplementedProductServiceHandler

	mu       sync.Mutex
	products map[string]uuid.UUID
}

// put adds a product and returns its id.
func (s *shelf) put(code string) uuid.UUID {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.products == nil {
		s.products = map[string]uuid.UUID{}
	}
	s.products[code] = uuid.Must(uuid.NewV7())
	return s.products[code]
}

func (s *shelf) GetProduct(_ context.Context, req *catalogv1.GetProductRequest) (*catalogv1.GetProductResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for code, id := range s.products {
		if code == req.GetCode() || id.String() == req.GetId() {
			return &catalogv1.GetProductResponse{Product: &catalogv1.Product{Id: id.String(), Code: code}}, nil
		}
	}
	return nil, fault.New(fault.NotFound, "PRODUCT_NOT_FOUND", "no such product")
}

func (s *shelf) serve(t *testing.T) string {
	t.Helper()
	return testkit.Others(t, services.Permissions(), func(server *connect.Server) {
		catalogv1connect.RegisterProductServiceHandler(server, s)
	}, "catalog")
}
