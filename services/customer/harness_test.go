package customer_test

import (
	"testing"

	"github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1/customerv1connect"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/app/apptest"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/customer"
)

// harness is the context as it runs in production, on a database and a broker of
// its own.
type harness struct {
	customerv1connect.CustomerServiceClient

	url      string
	pool     *pg.Pool
	broker   kafka.Config
	events   *testkit.Events // what it publishes
	database string
	stop     func() // ends the process; its relay's lead is free then
	others   *others
}

// newHarness starts it; its callers are all the same.
func newHarness(t *testing.T, caller authz.Identity) harness {
	t.Helper()
	url := testkit.DatabaseURL(t, customer.Migrations())
	o := harness{pool: testkit.Open(t, pg.Config{URL: url}), broker: testkit.Broker(t), database: url, others: &others{}}
	o = o.again(t, caller)
	o.events = testkit.NewEvents(t, o.broker, topic)
	return o
}

// again starts another replica, whose callers are someone else.
func (o harness) again(t *testing.T, caller authz.Identity) harness {
	t.Helper()
	var addresses kitapp.Addresses
	addresses, o.stop = apptest.Serve(t, kitapp.Process{
		Name: "customer", Authenticator: testkit.Authenticator("customer", services.Permissions()),
		Peers: o.others.serve(t), Signers: testkit.Signer("customer"),
	}, customer.Module(customer.Config{Context: kitapp.ContextConfig{
		Database: pg.Config{URL: o.database}, Kafka: o.broker, SoleWriter: true,
	}}))
	o.url = addresses.API
	o.CustomerServiceClient = customerv1connect.NewCustomerServiceClient(testkit.Client(t, o.url, testkit.As(t, caller)))
	return o
}

func owner() authz.Identity { return testkit.Owner() }
