package identity_test

import (
	"sync/atomic"
	"testing"

	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/app/apptest"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/identity"
)

const publicURL = "https://shop.example"

// harness is the context as it runs in production, on a database and a broker of its own.
type harness struct {
	identityv1connect.TokenServiceClient

	url      string
	pool     *pg.Pool
	broker   kafka.Config
	database string
	config   identity.Config
	socket   string // the operator's; empty for none
	edge     kitapp.Edge
	stop     func()
	// customers is customer as identity sees it.
	customers *customers
	// keys are where the verifier finds the public keys: this process, once it serves.
	keysAt *atomic.Pointer[string]
}

// newHarness starts it. It takes its own access tokens, and service tokens of notification and order.
func newHarness(t *testing.T) harness {
	t.Helper()
	o := harness{
		database: testkit.DatabaseURL(t, identity.Migrations()), broker: testkit.Broker(t),
		customers: &customers{}, keysAt: &atomic.Pointer[string]{},
	}
	o.pool = testkit.Open(t, pg.Config{URL: o.database})
	o.config = identity.Config{
		Context: kitapp.ContextConfig{Database: pg.Config{URL: o.database}, Kafka: o.broker, SoleWriter: true},
		Key:     identity.NewKey(), PublicURL: publicURL, Contexts: []string{"catalog", "identity", "order"},
	}
	return o.again(t)
}

// again starts another replica.
func (o harness) again(t *testing.T) harness {
	t.Helper()
	started, err := o.start(t)
	if err != nil {
		t.Fatalf("the process did not start: %v", err)
	}
	return started
}

// start starts another replica, or returns why it does not start.
func (o harness) start(t *testing.T) (harness, error) {
	t.Helper()
	addresses, stop, err := apptest.Start(t, kitapp.Process{
		Name: "identity", OperatorSocket: o.socket, Edge: o.edge, Authenticator: o.verifier(),
		Peers: map[string]string{"customer": o.customers.serve(t)}, Signers: testkit.Signer("identity"),
	}, identity.Module(o.config))
	if err != nil {
		return o, err
	}
	o.url, o.stop = addresses.API, stop
	o.keysAt.Store(&o.url)
	o.TokenServiceClient = identityv1connect.NewTokenServiceClient(testkit.Client(t, o.url))
	return o, nil
}
