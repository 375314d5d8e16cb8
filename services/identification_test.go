package services_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"go.uber.org/fx"
	"google.golang.org/protobuf/types/known/timestamppb"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/app/apptest"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/operator"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/catalog"
	"github.com/shopmesh/shopmesh/services/identity"
)

const publicURL = "http://shop.localhost" // not https: staff would need a second factor

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
	on := func(url string) app.ContextConfig {
		return app.ContextConfig{Database: pg.Config{URL: url}, Kafka: m.broker}
	}
	m.identity, m.stopIdentity = m.serve(t, app.Process{Name: "identity", OperatorSocket: m.socket}, identity.Module(identity.Config{
		Context: on(testkit.DatabaseURL(t, identity.Migrations())), Key: identity.NewKey(), PublicURL: publicURL, Contexts: services.Contexts(),
	}))
	m.catalog, _ = m.serve(t, app.Process{Name: "catalog", Peers: map[string]string{"identity": m.identity.API}},
		catalog.Module(catalog.Config{Context: on(testkit.DatabaseURL(t, catalog.Migrations()))}))
	return m
}

// serve runs a process until the test ends or stop is called.
func (m *mesh) serve(t *testing.T, process app.Process, module fx.Option) (app.Addresses, func()) {
	t.Helper()
	services.Trust{PublicURL: publicURL, Keys: m.keys, Self: []string{process.Name}, Kafka: m.broker}.Apply(&process)
	return apptest.Serve(t, process, module)
}

// token returns a token of the operator's socket.
func (m *mesh) token(t *testing.T, as string) string {
	t.Helper()
	var issued struct {
		AccessToken string `json:"access_token"`
	}
	m.operate(t, "/token", `{"as": "`+as+`", "for": "1h"}`, &issued)
	return issued.AccessToken
}

// operate calls the operator's socket.
func (m *mesh) operate(t *testing.T, path, body string, answer any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://operator"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := operator.Client(m.socket).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if err := json.NewDecoder(res.Body).Decode(answer); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("the socket answered %d, %v", res.StatusCode, err)
	}
}

// subject returns whom a token names.
func subject(t *testing.T, access string) string {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(access, ".")[1])
	var claims struct{ Sub string }
	if err == nil {
		err = json.Unmarshal(text, &claims)
	}
	if err != nil {
		t.Fatal(err)
	}
	return claims.Sub
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
	testkit.Refused(t, m.create(t, "of somebody else", token.Show(other)), connect.CodePermissionDenied, "PERMISSION_DENIED")
	if err := m.create(t, "of staff", token.Show(staff)); err != nil {
		t.Fatal(err)
	}
	for callee, want := range map[string]string{"catalog": "PERMISSION_DENIED", "payment": "UNAUTHENTICATED"} {
		shown, err := m.keys.Signers["order"].For(callee)
		if err != nil {
			t.Fatal(err)
		}
		if got := testkit.RefusalOf(t, m.create(t, "of order", token.Show(shown))); got.Reason != want {
			t.Errorf("a token of order for %s: %v", callee, got)
		}
	}
	m.stopIdentity()
	if err := m.create(t, "while identity is away", token.Show(staff)); err != nil {
		t.Errorf("while identity is away: %v", err)
	}

	// The operator's tokens name an account too, which has no epoch but in this test.
	events := testkit.NewEvents(t, m.broker, "shopmesh.identity.account.v1")
	events.Publish(outbox.Event{Topic: "shopmesh.identity.account.v1", Key: uuid.New(), Version: 2, Message: &identityv1.AccountChanged{
		AccountId: subject(t, staff), Version: 2, Epoch: 2,
	}})
	testkit.Eventually(t, "the token is revoked", func() bool {
		return m.create(t, uuid.NewString(), token.Show(staff)) != nil
	})
	testkit.Refused(t, m.create(t, "revoked", token.Show(staff)), connect.CodeUnauthenticated, "TOKEN_EXPIRED")
}

// An API key is exchanged at identity by whichever service it is shown to, and is as good as
// the one who made it.
func TestAServiceTakesAPIKeys(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	staff := identityv1connect.NewStaffServiceClient(testkit.Client(t, m.identity.API))
	var invited struct{ Link string }
	m.operate(t, "/link/create", `{"as": "owner", "email": "owner@shop.example"}`, &invited)
	_, invitation, _ := strings.Cut(invited.Link, "#")
	accepted, err := staff.AcceptInvite(t.Context(), &identityv1.AcceptInviteRequest{
		Token: invitation, Password: "seven unlikely otters sing", FirstName: "Ada",
	})
	if err != nil {
		t.Fatal(err)
	}
	staff = identityv1connect.NewStaffServiceClient(testkit.Client(t, m.identity.API, token.Show(accepted.GetSession().GetAccessToken())))
	key := func(permission optionsv1.Permission) *identityv1.CreateApiKeyResponse {
		t.Helper()
		made, err := staff.CreateApiKey(t.Context(), &identityv1.CreateApiKeyRequest{
			DisplayName: permission.String(), Permissions: []optionsv1.Permission{permission}, ExpireTime: timestamppb.New(time.Now().Add(time.Hour)),
		})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	writes := key(optionsv1.Permission_PERMISSION_CATALOG_WRITE).GetSecret()
	if err := m.create(t, "with a key", token.Show(writes)); err != nil {
		t.Errorf("a key that may: %v", err)
	}
	reads := key(optionsv1.Permission_PERMISSION_STOCK_READ).GetSecret()
	testkit.Refused(t, m.create(t, "with another key", token.Show(reads)), connect.CodePermissionDenied, "PERMISSION_DENIED")
	testkit.Refused(t, m.create(t, "with a part", token.Show(writes[:len(writes)-1])), connect.CodeUnauthenticated, "UNAUTHENTICATED")
	revoked := key(optionsv1.Permission_PERMISSION_CATALOG_WRITE)
	if _, err := staff.RevokeApiKey(t.Context(), &identityv1.RevokeApiKeyRequest{Id: revoked.GetApiKey().GetId()}); err != nil {
		t.Fatal(err)
	}
	testkit.Refused(t, m.create(t, "revoked", token.Show(revoked.GetSecret())), connect.CodeUnauthenticated, "UNAUTHENTICATED")
}
