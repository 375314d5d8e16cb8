package services_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"go.uber.org/fx"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/operator"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/catalog"
	"github.com/shopmesh/shopmesh/services/identity"
)

const publicURL = "https://shop.example"

// mesh is identity and catalog, each in a process of its own; nobody needs config.
type mesh struct {
	broker            kafka.Config
	keys              services.ServiceKeys
	socket            string
	identity, catalog app.Addresses
	stopIdentity      func()
}

func newMesh(t *testing.T) *mesh {
	t.Helper()
	m := &mesh{broker: testkit.Broker(t), socket: filepath.Join(t.TempDir(), "operator.sock")}
	var err error
	if m.keys, err = services.NewServiceKeys("catalog", "identity", "order"); err != nil {
		t.Fatal(err)
	}
	ground := func(url string) app.ContextConfig {
		return app.ContextConfig{Database: pg.Config{URL: url}, Kafka: m.broker}
	}
	m.identity, m.stopIdentity = m.serve(t, app.Process{Name: "identity", OperatorSocket: m.socket}, identity.Module(identity.Config{
		Context: ground(testkit.DatabaseURL(t, identity.Migrations())), Key: identity.NewKey(), PublicURL: publicURL, Contexts: services.Contexts(),
	}))
	m.catalog, _ = m.serve(t, app.Process{Name: "catalog", Peers: map[string]string{"identity": m.identity.API}},
		catalog.Module(catalog.Config{Context: ground(testkit.DatabaseURL(t, catalog.Migrations()))}))
	return m
}

// serve runs a process until the test ends or stop is called.
func (m *mesh) serve(t *testing.T, process app.Process, module fx.Option) (app.Addresses, func()) {
	t.Helper()
	ready, ended := make(chan app.Addresses, 1), make(chan error, 1)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	process.Listen, process.InternalListen, process.Log = "127.0.0.1:0", "127.0.0.1:0", testkit.Log(t)
	process.Ready = func(a app.Addresses) { ready <- a }
	services.Trust{PublicURL: publicURL, Keys: m.keys, Self: []string{process.Name}, Kafka: m.broker}.Apply(&process)
	go func() { ended <- app.Serve(ctx, process, module) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("%s ended with %v", process.Name, err)
		}
	})
	t.Cleanup(stop)
	select {
	case a := <-ready:
		return a, stop
	case err := <-ended:
		ended <- nil
		t.Fatalf("%s did not start: %v", process.Name, err)
	case <-time.After(30 * time.Second):
		t.Fatalf("%s did not start in 30 s", process.Name)
	}
	return app.Addresses{}, stop
}

// token returns a token of the operator's socket.
func (m *mesh) token(t *testing.T, as string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://operator/token", strings.NewReader(`{"as": "`+as+`", "for": "1h"}`))
	if err != nil {
		t.Fatal(err)
	}
	res, err := operator.Client(m.socket).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var issued struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&issued); err != nil || issued.AccessToken == "" {
		t.Fatalf("the socket answered %d, %v", res.StatusCode, err)
	}
	return issued.AccessToken
}

// subject returns whom a token names.
func subject(t *testing.T, token string) string {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	var claims struct{ Sub string }
	if err == nil {
		err = json.Unmarshal(text, &claims)
	}
	if err != nil {
		t.Fatal(err)
	}
	return claims.Sub
}

// showing makes a client's calls show a token.
func showing(token string) connect.ClientInterceptor {
	return func(next connect.ClientFunc) connect.ClientFunc {
		return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
			info, ok := connect.CallInfoForClientContext(ctx)
			if !ok {
				ctx, info = connect.NewClientContext(ctx)
			}
			info.RequestHeader().Set("Authorization", "Bearer "+token)
			return next(ctx, spec)
		}
	}
}

func (m *mesh) create(t *testing.T, name string, with ...connect.ClientInterceptor) error {
	t.Helper()
	categories := catalogv1connect.NewCategoryServiceClient(testkit.Client(t, m.catalog.API, with...))
	_, err := categories.CreateCategory(t.Context(), &catalogv1.CreateCategoryRequest{Category: &catalogv1.Category{Name: name}, RequestId: uuid.NewString()})
	return err
}

// A service knows who calls by identity's keys, which it fetches, and goes on with them while
// identity is away. Tokens of an account that has a later epoch are refused within 5 s.
func TestAServiceKnowsWhoCalls(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	staff, other := m.token(t, "staff:CATALOG_WRITE"), m.token(t, "staff:STOCK_READ")
	testkit.Refused(t, m.create(t, "of nobody"), connect.CodeUnauthenticated, "UNAUTHENTICATED")
	testkit.Refused(t, m.create(t, "of somebody else", showing(other)), connect.CodePermissionDenied, "PERMISSION_DENIED")
	if err := m.create(t, "of staff", showing(staff)); err != nil {
		t.Fatal(err)
	}
	for callee, want := range map[string]string{"catalog": "PERMISSION_DENIED", "payment": "UNAUTHENTICATED"} {
		token, err := m.keys.Signers["order"].For(callee)
		if err != nil {
			t.Fatal(err)
		}
		if got := testkit.RefusalOf(t, m.create(t, "of order", showing(token))); got.Reason != want {
			t.Errorf("a token of order for %s: %v", callee, got)
		}
	}
	m.stopIdentity()
	if err := m.create(t, "while identity is away", showing(staff)); err != nil {
		t.Errorf("while identity is away: %v", err)
	}

	// The operator's tokens name an account too, which has no epoch but in this test.
	events := testkit.NewEvents(t, m.broker, "shopmesh.identity.account.v1")
	events.Publish(outbox.Event{Topic: "shopmesh.identity.account.v1", Key: uuid.New(), Version: 2, Message: &identityv1.AccountChanged{
		AccountId: subject(t, staff), Version: 2, Epoch: 2,
	}})
	begin := time.Now()
	testkit.Eventually(t, 20*time.Second, "the token is revoked", func() bool {
		return m.create(t, uuid.NewString(), showing(staff)) != nil
	})
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it was taken for %v after it was revoked", took)
	}
	testkit.Refused(t, m.create(t, "revoked", showing(staff)), connect.CodeUnauthenticated, "TOKEN_EXPIRED")
}
