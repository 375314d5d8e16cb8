// Package authz_test tries every RPC as every kind of caller, over every protocol, on both
// ports, and compares the answers with matrix.tsv.
package authz_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"go.uber.org/fx"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/proto"

	"github.com/shopmesh/shopmesh/e2e/internal/inprocess"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1/configv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1/customerv1connect"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1/inventoryv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1/notificationv1connect"
	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1/paymentv1connect"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/embedded/inbox"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/operator"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/identity"
)

// shop is all contexts in this process, as `shopmesh up` composes them, on a database, a
// broker and a mail server of the test's own. It finds out who calls as every shop does;
// but identity publishes one more key, testkit's, so that the test can make access tokens,
// good ones and bad ones. Services' keys are testkit's, too.
type shop struct {
	kitapp.Addresses

	t      *testing.T
	events *testkit.Events // of identity's mails
	broker kafka.Config
	// accountsOf is identity's database, for what no RPC shows or makes; payments is payment's,
	// for what only a provider can report.
	accountsOf, payments *pg.Pool
	wire                 wire

	// What follows calls as the owner.
	categories    catalogv1connect.CategoryServiceClient
	products      catalogv1connect.ProductServiceClient
	settings      configv1connect.ConfigServiceClient
	customers     customerv1connect.CustomerServiceClient
	staff         identityv1connect.StaffServiceClient
	stock         inventoryv1connect.InventoryServiceClient
	notifications notificationv1connect.NotificationServiceClient
	operations    operationsv1connect.OperationsServiceClient
	orders        orderv1connect.OrderServiceClient
	paid          paymentv1connect.PaymentServiceClient
	// accounts and carts are called by nobody.
	accounts identityv1connect.AccountServiceClient
	carts    orderv1connect.CartServiceClient
	// links are minted as notification.
	links identityv1connect.TokenServiceClient

	mu     sync.Mutex
	shared map[string]func() any
}

// openShop opens a shop. An RPC of which alter returns another specification is served by
// that; nil alters none.
func openShop(t *testing.T, alter func(connect.Spec) connect.Spec) *shop {
	t.Helper()
	s := &shop{t: t, broker: testkit.Broker(t), shared: make(map[string]func() any)}
	s.start(t, alter)
	client := testkit.Client(t, s.API, testkit.AsFunc(t, testkit.Owner)) // whose proof never gets too old
	s.categories = catalogv1connect.NewCategoryServiceClient(client)
	s.products = catalogv1connect.NewProductServiceClient(client)
	s.settings = configv1connect.NewConfigServiceClient(client)
	s.customers = customerv1connect.NewCustomerServiceClient(client)
	// identity looks up who grants, and testkit's owner has no account there.
	s.staff = identityv1connect.NewStaffServiceClient(testkit.Client(t, s.API, testkit.AsFunc(t, operatorsOwner)))
	s.stock = inventoryv1connect.NewInventoryServiceClient(client)
	s.notifications = notificationv1connect.NewNotificationServiceClient(client)
	s.operations = operationsv1connect.NewOperationsServiceClient(testkit.Client(t, s.Internal, testkit.AsFunc(t, testkit.Owner)))
	s.orders = orderv1connect.NewOrderServiceClient(client)
	s.paid = paymentv1connect.NewPaymentServiceClient(client)
	s.accounts = identityv1connect.NewAccountServiceClient(testkit.Client(t, s.API))
	s.carts = orderv1connect.NewCartServiceClient(testkit.Client(t, s.API))
	s.links = identityv1connect.NewTokenServiceClient(testkit.Client(t, s.API, testkit.As(t, testkit.ServiceCaller("notification"))))
	s.events = testkit.NewEvents(t, s.broker, mailTopic)
	s.wire = newWire(t, s.Addresses)
	return s
}

// operatorsOwner is whoever shows a token of the operator's socket for an owner.
func operatorsOwner() authz.Identity {
	owner := testkit.Owner()
	owner.ID, owner.AccountID, owner.Methods = "operator-0", "operator-0", []string{authz.MethodOperator}
	return owner
}

const mailTopic = "shopmesh.identity.mail.v1"

func (s *shop) start(t *testing.T, alter func(connect.Spec) connect.Spec) {
	t.Helper()
	folder := t.TempDir()
	mails, err := inbox.Open(filepath.Join(folder, "inbox"), "127.0.0.1:0", testkit.Log(t))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- mails.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
		defer cancel()
		if err := mails.Close(ctx); err != nil {
			t.Errorf("close the inbox: %v", err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	socket, err := operator.PathFor(filepath.Join(folder, "operator.sock"))
	if err != nil {
		t.Fatal(err)
	}
	process := kitapp.Process{OperatorSocket: socket}
	keys := services.ServiceKeys{Signers: make(map[string]*token.ServiceSigner)}
	for _, context := range services.Contexts() {
		keys.Signers[context] = testkit.Signer(context)[context]
		keys.Public = token.Join(keys.Public, testkit.ServiceKey(context).PublicOf(context))
	}
	services.Trust{PublicURL: testkit.TokenIssuer, Keys: keys, Self: services.Contexts(), Kafka: s.broker}.Apply(&process)
	opened := inprocess.Serve(t, inprocess.Config{
		Broker: s.broker, Process: process, SMTPURL: "smtp://" + mails.Addr(),
		Identity: identity.Config{PublicURL: testkit.TokenIssuer, Contexts: services.Contexts()},
		Options:  []fx.Option{withRegistered(alter)},
	})
	s.Addresses = opened.Addresses
	s.accountsOf = testkit.Open(t, pg.Config{URL: opened.IdentityDatabase})
	s.payments = testkit.Open(t, pg.Config{URL: opened.PaymentDatabase})
}

// withRegistered has every context register its RPCs as alter returns them, and
// ListSigningKeys answer testkit's key, too.
func withRegistered(alter func(connect.Spec) connect.Spec) fx.Option {
	return fx.Decorate(fx.Annotate(func(all []kitapp.Service) []kitapp.Service {
		changed := make([]kitapp.Service, len(all))
		for i, service := range all {
			changed[i] = service
			if service.Register == nil {
				continue // it has pages alone
			}
			changed[i].Register = func(server *connect.Server) { registerOn(server, service.Register, alter) }
		}
		return changed
	}, fx.ParamTags(`group:"services"`), fx.ResultTags(`group:"services"`)))
}

func registerOn(server *connect.Server, register func(*connect.Server), alter func(connect.Spec) connect.Spec) {
	inner := connect.NewServer()
	register(inner)
	for spec := range inner.Specs() {
		procedure := spec.Procedure
		if alter != nil {
			spec = alter(spec)
		}
		server.Register(connect.Method{Spec: spec, Handler: func(ctx context.Context, _ connect.Spec, stream connect.ServerStream) error {
			info, _ := connect.CallInfoForServerContext(ctx)
			if procedure == identityv1connect.TokenServiceListSigningKeysProcedure {
				stream = withTestKey{stream}
			}
			return inner.Call(ctx, procedure, info, stream)
		}})
	}
}

// withTestKey adds testkit's key to those that identity publishes.
type withTestKey struct{ connect.ServerStream }

func (s withTestKey) Send(message any) error {
	if keys, ok := message.(*identityv1.ListSigningKeysResponse); ok {
		text, err := testkit.SigningKey().Public().JSON()
		var set struct{ Keys []json.RawMessage }
		if err == nil {
			err = json.Unmarshal(text, &set)
		}
		if err != nil {
			return err
		}
		keys.SigningKeys = append(keys.SigningKeys, &identityv1.SigningKey{Kid: testkit.SigningKey().ID(), Jwk: string(set.Keys[0])})
	}
	return s.ServerStream.Send(message)
}

// prepare lets guests have as many unpaid orders as the matrix places, and returns when that
// holds.
func (s *shop) prepare() {
	s.t.Helper()
	must(s.settings.UpdateSettings(s.t.Context(), &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
		Context: "order", Value: &configv1.Settings_Order{Order: &orderv1.Settings{MaxUnpaidOrders: proto.Int32(10_000)}},
	}}))
	testkit.Eventually(s.t, "order applies its settings", func() bool {
		status := must(s.operations.GetStatus(s.t.Context(), &operationsv1.GetStatusRequest{Context: "order"}))
		return status.GetContexts()[0].GetSettingsVersion() > 0
	})
}

// operate requests a link from the operator's socket, and returns its token.
func (s *shop) operate(path, as, email string) string {
	var answer struct{ Link string }
	err := operator.Call(s.t.Context(), s.OperatorSocket, path, map[string]string{"as": as, "email": email}, &answer)
	_, text, given := strings.Cut(answer.Link, "#")
	if err != nil || !given {
		panic(unprepared{fmt.Errorf("the operator's socket gave the link %q to %s: %w", answer.Link, as, err)})
	}
	return text
}

// once returns what is made at its first use and shared by all that name it.
func once[T any](s *shop, name string, create func() T) T {
	s.mu.Lock()
	made, ok := s.shared[name]
	if !ok {
		made = sync.OnceValue(func() any { return create() })
		s.shared[name] = made
	}
	s.mu.Unlock()
	value, _ := made().(T)
	return value
}

// unprepared is what a fixture panics with when it can't prepare its state: the cell that
// needs it fails.
type unprepared struct{ err error }

func (u unprepared) Error() string { return u.err.Error() }

// must returns a message, or panics with why there is none.
func must[T any](value T, err error) T {
	if err != nil {
		panic(unprepared{err})
	}
	return value
}

func unique(prefix string) string { return prefix + "-" + uuid.NewString() }

func address(name string) string { return unique(name) + "@example.com" }

func euros(units int64) *money.Money { return &money.Money{CurrencyCode: "EUR", Units: units} }
