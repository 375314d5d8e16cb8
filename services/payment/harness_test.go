package payment_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1/paymentv1connect"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/app/apptest"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/payment"
	"github.com/shopmesh/shopmesh/services/payment/internal/events"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider/sandbox"
)

// harness is payment as it runs in production, between stand-ins for the other contexts,
// which publish what a test wants and collect all that payment publishes.
type harness struct {
	t *testing.T
	kitapp.Addresses
	payments   paymentv1connect.PaymentServiceClient
	operations operationsv1connect.OperationsServiceClient
	pool       *pg.Pool // payment's database
	ledger     *pg.Pool // the sandbox's database
	events     *testkit.Events

	config payment.Config
	orders *orders
	stop   func() // ends the process

	mu     sync.Mutex
	caller authz.Identity
}

// event is one event of payment's.
type event struct {
	id      string
	message proto.Message
}

// quick are settings that let a test see every way in little time.
const quick = `{"payment": {"providerTimeout": "5s", "retryAfter": "0.02s", "sandboxSlowDelay": "0.3s"}}`

// newHarness starts payment with these settings, for a caller who is the owner.
func newHarness(t *testing.T, settings string) *harness {
	t.Helper()
	return newHarnessAs(t, settings, testkit.Owner())
}

func newHarnessAs(t *testing.T, settings string, caller authz.Identity) *harness {
	t.Helper()
	return newHarnessWith(t, settings, caller, nil, "")
}

func newHarnessWith(t *testing.T, settings string, caller authz.Identity, secrets kitapp.Secrets, stripeURL string) *harness {
	t.Helper()
	file := filepath.Join(t.TempDir(), "settings.json")
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	database := testkit.DatabaseURL(t, payment.Migrations())
	ledger := testkit.DatabaseURL(t, sandbox.Migrations())
	s := &harness{
		t: t, pool: testkit.Open(t, pg.Config{URL: database}), ledger: testkit.Open(t, pg.Config{URL: ledger}), caller: caller, orders: &orders{},
	}
	broker := testkit.Broker(t)
	s.config = payment.Config{
		Context: kitapp.ContextConfig{
			Database: pg.Config{URL: database}, Kafka: broker, SettingsFile: file, Secrets: secrets, SoleWriter: true,
		},
		SandboxDatabase: pg.Config{URL: ledger}, StripeURL: stripeURL,
	}
	s.serve()
	s.events = testkit.NewEvents(t, broker, events.PaymentTopic)
	return s
}

// serve starts the process and ends it with the test.
func (s *harness) serve() {
	s.t.Helper()
	s.Addresses, s.stop = apptest.Serve(s.t, kitapp.Process{
		Name: "payment", Authenticator: testkit.Authenticator("payment", services.Permissions()),
		Peers: map[string]string{"order": s.orders.serve(s.t)}, Signers: testkit.Signer("payment"),
	}, payment.Module(s.config))
	as := testkit.AsFunc(s.t, func() authz.Identity {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.caller
	})
	client := testkit.Client(s.t, s.API, as)
	s.payments = paymentv1connect.NewPaymentServiceClient(client)
	internal := testkit.Client(s.t, s.Internal, as)
	s.operations = operationsv1connect.NewOperationsServiceClient(internal)
}

// keepSettings are settings of payment in the place of the file: those that the context
// applied last.
func (s *harness) keepSettings(text string) {
	s.t.Helper()
	s.config.Context.SettingsFile = ""
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.pool.Exec(s.t.Context(),
		`insert into last_settings (name, version, value, update_time) values ('payment', 1, $1, now())`, string(all["payment"])); err != nil {
		s.t.Fatal(err)
	}
}

// condition is what the status shows to be wrong.
func (s *harness) condition() string {
	s.t.Helper()
	status, err := s.operations.GetStatus(s.t.Context(), &operationsv1.GetStatusRequest{Context: "payment"})
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.Join(status.GetContexts()[0].GetConditions(), "; ")
}

// callAs lets somebody else call from now on.
func (s *harness) callAs(caller authz.Identity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.caller = caller
}

// eventsOfOrder returns what payment published of an order by now, in order.
func (s *harness) eventsOfOrder(o order) []event {
	return s.decode(s.events.Received(testkit.Of(events.PaymentTopic, o.payment)))
}

// waitEvents waits until payment has published count events of an order.
func (s *harness) waitEvents(o order, count int) []event {
	s.t.Helper()
	return s.decode(s.events.Wait(count, testkit.Of(events.PaymentTopic, o.payment)))
}

// waitNews waits until payment has published count different events of an order: one that is
// republished, as at a start, is the same event.
func (s *harness) waitNews(o order, count int) []event {
	s.t.Helper()
	for n := count; ; n++ {
		if different := news(s.waitEvents(o, n)); len(different) >= count {
			return different
		}
	}
}

// news are the different ones of some events, in the order in which they came first.
func news(all []event) []event {
	var different []event
	for _, e := range all {
		if !slices.ContainsFunc(different, func(known event) bool { return known.id == e.id }) {
			different = append(different, e)
		}
	}
	return different
}

func (s *harness) decode(received []consumer.Event) []event {
	s.t.Helper()
	all := make([]event, len(received))
	for i, e := range received {
		kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(e.Type))
		if err != nil {
			s.t.Fatalf("payment published a %q: %v", e.Type, err)
		}
		all[i] = event{id: e.ID, message: kind.New().Interface()}
		if err := consumer.Decode(e, all[i].message); err != nil {
			s.t.Fatal(err)
		}
	}
	return all
}

// order is what the stand-in knows of one.
type order struct {
	id, payment uuid.UUID
	total       money.Money
	method      string
	// customer is an id, or empty for a guest.
	customer string
}

func newOrder(method string) order {
	return order{
		id: uuid.Must(uuid.NewV7()), payment: uuid.Must(uuid.NewV7()),
		total: money.Money{Currency: "EUR", Amount: 1234}, method: method,
	}
}

func (o order) awaits() outbox.Event {
	return o.event(2, &orderv1.OrderAwaitingPayment{
		OrderId: o.id.String(), Version: 2, Number: "ABCD-EFGH", PaymentId: o.payment.String(),
		Total: moneypb.Proto(o.total), PaymentMethod: o.method, CustomerId: o.customer,
	})
}

func (o order) cancelled() outbox.Event {
	return o.event(3, &orderv1.OrderCancelled{
		Notice:    &orderv1.OrderNotice{OrderId: o.id.String(), Version: 3, Total: moneypb.Proto(o.total)},
		PaymentId: o.payment.String(), PaymentRequested: true,
	})
}

func (o order) event(version int64, message proto.Message) outbox.Event {
	return outbox.Event{Topic: events.OrderTopic, Key: o.id, Version: version, Message: message, Time: time.Now()}
}

// publish publishes as the other contexts do; the events can share a batch.
func (s *harness) publish(published ...outbox.Event) {
	s.t.Helper()
	s.events.Publish(published...)
}

// get reads an order's payment.
func (s *harness) get(o order) *paymentv1.Payment {
	s.t.Helper()
	res, err := s.payments.GetPayment(s.t.Context(), &paymentv1.GetPaymentRequest{Id: o.payment.String()})
	if err != nil {
		s.t.Fatal(err)
	}
	return res.GetPayment()
}

// waitStatus waits until an order's payment has a status.
func (s *harness) waitStatus(o order, status paymentv1.PaymentStatus) *paymentv1.Payment {
	s.t.Helper()
	var last *paymentv1.Payment
	testkit.Eventually(s.t, "the payment is "+status.String(), func() bool {
		res, err := s.payments.GetPayment(s.t.Context(), &paymentv1.GetPaymentRequest{Id: o.payment.String()})
		last = res.GetPayment()
		return err == nil && last.GetStatus() == status
	})
	return last
}

// captured brings an order to a captured payment.
func (s *harness) captured(method string) order {
	s.t.Helper()
	o := newOrder(method)
	s.publish(o.awaits())
	s.waitStatus(o, paymentv1.PaymentStatus_PAYMENT_STATUS_CAPTURED)
	return o
}

// charges counts what the sandbox's ledger holds of an order.
func (s *harness) charges(o order) (count int, charged, refunded int64) {
	s.t.Helper()
	err := s.ledger.QueryRow(s.t.Context(), `select count(*), coalesce(sum(c.amount) filter (where c.outcome = 1), 0)::bigint,
		coalesce((select sum(r.amount) from refunds r join charges x on x.id = r.charge_id where x.order_id = $1 and r.outcome = 1), 0)::bigint
		from charges c where c.order_id = $1`, o.id).Scan(&count, &charged, &refunded)
	if err != nil {
		s.t.Fatal(err)
	}
	return count, charged, refunded
}
