package notification_test

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1/notificationv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/app/apptest"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/embedded/inbox"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/notification"
	"github.com/shopmesh/shopmesh/services/notification/internal/events"
	"github.com/shopmesh/shopmesh/services/notification/internal/smtp/smtptest"
)

const (
	confirmed = notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_CONFIRMED
	cancelled = notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_CANCELLED
	refunded  = notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_REFUNDED
	shipped   = notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_SHIPPED
	updated   = notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_UPDATED

	pending = notificationv1.NotificationStatus_NOTIFICATION_STATUS_PENDING
	sent    = notificationv1.NotificationStatus_NOTIFICATION_STATUS_SENT
	failed  = notificationv1.NotificationStatus_NOTIFICATION_STATUS_FAILED
	erased  = notificationv1.NotificationStatus_NOTIFICATION_STATUS_ERASED
)

// harness is notification as it runs in production, between stand-ins for order and
// customer, which publish what a test wants and collect all that notification publishes.
// Mails go to a real inbox, unless a test has a server of its own.
type harness struct {
	t testing.TB
	kitapp.Addresses
	mails      notificationv1connect.NotificationServiceClient
	operations operationsv1connect.OperationsServiceClient
	pool       *pg.Pool // notification's database
	inbox      *inbox.Inbox
	events     *testkit.Events
	identity   *identity
	orders     *orders
	config     notification.Config
	stop       func() // ends the process
}

// received is one event of notification's.
type received struct {
	id      string
	message interface {
		proto.Message
		GetNotificationId() string
		GetOrderId() string
		GetSubjectId() string
		GetKind() notificationv1.NotificationKind
		GetVersion() int64
	}
}

// options are what differs between tests.
type options struct {
	// server is the mail server's address; the inbox's by default.
	server func(inbox string) string
	// caller is who calls; the owner by default.
	caller *authz.Identity
	// sender is the address that mails come from; lamps@example.com by default.
	sender string
	// shop is what else is set for the shop, as JSON; see quick.
	shop string
}

// quick are settings that let a test see every way in little time, with those of the shop.
func quick(o options) string {
	return `{"shop": {"name": "Ada's Lamps", "senderEmail": "` + cmp.Or(o.sender, "lamps@example.com") + `"` + o.shop + `}, "notification": {"retryAfter": "0.02s", "giveUpAfter": "3600s"}}`
}

func newHarness(tb testing.TB, o options) *harness {
	tb.Helper()
	database := testkit.DatabaseURL(tb, notification.Migrations())
	s := &harness{t: tb, pool: testkit.Open(tb, pg.Config{URL: database}), inbox: openInbox(tb), identity: &identity{}, orders: &orders{}}
	broker := testkit.Broker(tb)
	server := s.inbox.Addr()
	if o.server != nil {
		server = o.server(server)
	}
	s.config = notification.Config{
		Context: kitapp.ContextConfig{Database: pg.Config{URL: database}, Kafka: broker, SoleWriter: true},
		SMTPURL: smtptest.URL(server),
	}
	s.serve(o)
	s.events = testkit.NewEvents(tb, broker, events.NotificationTopic)
	return s
}

func openInbox(tb testing.TB) *inbox.Inbox {
	tb.Helper()
	inbox, err := inbox.Open(tb.TempDir(), "127.0.0.1:0", testkit.Log(tb))
	if err != nil {
		tb.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := inbox.Serve(); err != nil {
			tb.Errorf("the inbox ended with %v", err)
		}
	})
	tb.Cleanup(func() {
		if err := inbox.Close(context.WithoutCancel(tb.Context())); err != nil {
			tb.Errorf("close the inbox: %v", err)
		}
		serving.Wait()
	})
	return inbox
}

// again ends the process and starts another with other options; the server stays.
func (s *harness) again(o options) {
	s.t.Helper()
	s.stop()
	s.serve(o)
}

// serve starts the process and ends it with the test.
func (s *harness) serve(o options) {
	s.t.Helper()
	caller, cfg := testkit.Owner(), s.config
	if o.caller != nil {
		caller = *o.caller
	}
	cfg.Context.SettingsFile = filepath.Join(s.t.TempDir(), "settings.json")
	if err := os.WriteFile(cfg.Context.SettingsFile, []byte(quick(o)), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.Addresses, s.stop = apptest.Serve(s.t, kitapp.Process{
		Name: "notification", Authenticator: testkit.Authenticator("notification", services.Permissions()),
		Peers:   map[string]string{"identity": s.identity.serve(s.t), "order": s.orders.serve(s.t)},
		Signers: testkit.Signer("notification"),
	}, notification.Module(cfg))
	s.mails = notificationv1connect.NewNotificationServiceClient(testkit.Client(s.t, s.API, testkit.As(s.t, caller)))
	s.operations = operationsv1connect.NewOperationsServiceClient(testkit.Client(s.t, s.Internal, testkit.As(s.t, caller)))
}

// publish publishes events together, so that they can share a batch.
func (s *harness) publish(all ...outbox.Event) {
	s.t.Helper()
	s.events.Publish(all...)
}

// eventsOf returns the events that notification published of an order, in their order.
func (s *harness) eventsOf(o order) []received {
	s.t.Helper()
	return s.decodeAll(s.events.Received(s.about(o)))
}

// waitEvents waits until notification has published count events of an order.
func (s *harness) waitEvents(o order, count int) []received {
	s.t.Helper()
	return s.decodeAll(s.events.Wait(count, s.about(o)))
}

// about chooses the events of an order's mails, which have the mails' ids as keys.
func (s *harness) about(o order) testkit.Match {
	return func(event consumer.Event) bool { return s.decode(event).message.GetOrderId() == o.id.String() }
}

func (s *harness) decodeAll(published []consumer.Event) []received {
	s.t.Helper()
	all := make([]received, len(published))
	for i, event := range published {
		all[i] = s.decode(event)
	}
	return all
}

func (s *harness) decode(event consumer.Event) received {
	s.t.Helper()
	one := received{id: event.ID}
	switch event.Type {
	case "shopmesh.notification.v1.NotificationSent":
		one.message = &notificationv1.NotificationSent{}
	case "shopmesh.notification.v1.NotificationFailed":
		one.message = &notificationv1.NotificationFailed{}
	default:
		s.t.Fatalf("notification published a %q", event.Type)
	}
	if err := consumer.Decode(event, one.message); err != nil {
		s.t.Fatalf("notification published what can't be read: %v", err)
	}
	return one
}

// list returns an order's mails, oldest first.
func (s *harness) list(o order) []*notificationv1.Notification {
	s.t.Helper()
	res, err := s.mails.ListNotifications(s.t.Context(), &notificationv1.ListNotificationsRequest{Filter: `order_id = "` + o.id.String() + `"`})
	if err != nil {
		s.t.Fatal(err)
	}
	found := res.GetNotifications()
	for i, j := 0, len(found)-1; i < j; i, j = i+1, j-1 {
		found[i], found[j] = found[j], found[i]
	}
	return found
}

// waitStatus waits until an order's only mail has a status.
func (s *harness) waitStatus(o order, status notificationv1.NotificationStatus) *notificationv1.Notification {
	s.t.Helper()
	var last []*notificationv1.Notification
	testkit.Eventually(s.t, "the mail is "+status.String(), func() bool {
		last = s.list(o)
		return len(last) == 1 && last[0].GetStatus() == status
	})
	return last[0]
}

// get reads a mail with its texts.
func (s *harness) get(id string) *notificationv1.Notification {
	s.t.Helper()
	res, err := s.mails.GetNotification(s.t.Context(), &notificationv1.GetNotificationRequest{Id: id})
	if err != nil {
		s.t.Fatal(err)
	}
	return res.GetNotification()
}

// received returns the inbox's mails to an order's customer, oldest first.
func (s *harness) received(o order) []inbox.Mail {
	s.t.Helper()
	var mails []inbox.Mail
	for m, err := range s.inbox.Mails() {
		if err != nil {
			s.t.Fatal(err)
		}
		if len(m.To) == 1 && strings.EqualFold(m.To[0], o.email) {
			mails = append([]inbox.Mail{m}, mails...)
		}
	}
	return mails
}

// order is what the stand-in knows of one.
type order struct {
	id, customer uuid.UUID
	number       string
	email        string
	notice       *orderv1.OrderNotice
}

func eur(cents int64) money.Money { return money.Money{Currency: "EUR", Amount: cents} }

// newOrder is an order of two lines, by a customer of their own.
func newOrder() order {
	o := order{id: uuid.Must(uuid.NewV7()), customer: uuid.Must(uuid.NewV7())}
	o.number = strings.ToUpper(o.id.String()[24:28] + "-" + o.id.String()[28:32])
	o.email = o.id.String() + "@example.com"
	o.notice = &orderv1.OrderNotice{
		OrderId: o.id.String(), Number: o.number, Version: 3, CustomerId: o.customer.String(),
		Lines: []*orderv1.OrderLine{
			{ProductCode: "LAMP-01", Name: "Desk lamp <brass> & \"steel\"", UnitPrice: moneypb.Proto(eur(49_90)), Quantity: 2, Total: moneypb.Proto(eur(99_80))},
			{ProductCode: "BULB", Name: "مصباح", UnitPrice: moneypb.Proto(eur(5)), Quantity: 10_000, Total: moneypb.Proto(eur(500_00))},
		},
		Adjustments: []*orderv1.Adjustment{
			{Kind: orderv1.AdjustmentKind_ADJUSTMENT_KIND_SHIPPING, Label: "Standard delivery", Amount: moneypb.Proto(eur(4_90))},
			{Kind: orderv1.AdjustmentKind_ADJUSTMENT_KIND_DISCOUNT, Amount: moneypb.Proto(eur(-1_00))},
		},
		Subtotal: moneypb.Proto(eur(599_80)), Total: moneypb.Proto(eur(603_70)),
		Contact: &orderv1.Contact{FirstName: "Ada", LastName: "O'Neil", Email: o.email, Phone: "+49 30 1234567"},
		ShippingAddress: &postaladdress.PostalAddress{
			RegionCode: "DE", PostalCode: "10117", Locality: "Berlin", AddressLines: []string{"Unter den Linden 1 <2>"},
		},
	}
	return o
}

// forgotten is the order as its events show it after its customer was erased.
func (o order) forgotten() order {
	o.notice = proto.CloneOf(o.notice)
	o.notice.Contact, o.notice.ShippingAddress = nil, nil
	return o
}

func (o order) event(version int64, message proto.Message) outbox.Event {
	return outbox.Event{Topic: events.OrderTopic, Key: o.id, Version: version, Message: message, Time: time.Now()}
}

func (o order) confirmed() outbox.Event {
	return o.event(3, &orderv1.OrderConfirmed{Notice: o.notice})
}

func (o order) cancelled(reason orderv1.CancelReason, note string) outbox.Event {
	return o.event(4, &orderv1.OrderCancelled{Notice: o.notice, Reason: reason, Note: note})
}

func (o order) refunded(refund uuid.UUID, amount, sum money.Money) outbox.Event {
	return o.event(5, &orderv1.OrderRefunded{
		Notice: o.notice, RefundId: refund.String(), Amount: moneypb.Proto(amount), Refunded: moneypb.Proto(sum), Reason: "It was broken",
	})
}

func (o order) shipped(shipment uuid.UUID) outbox.Event {
	return o.event(6, &orderv1.OrderShipped{
		Notice: o.notice, Shipment: &orderv1.Shipment{Id: shipment.String(), Carrier: "Example Parcel", TrackingCode: "EP42"},
	})
}

// updated corrects fields of the order, as the correction id; empty before it was paid.
func (o order) updated(id string, version int64, fields ...string) outbox.Event {
	return o.event(version, &orderv1.OrderUpdated{
		Notice: o.notice, Shipment: &orderv1.Shipment{Carrier: "Example Parcel", TrackingCode: "EP42"},
		UpdateId: id, ChangedFields: &fieldmaskpb.FieldMask{Paths: fields},
	})
}

// customerErased erases the order's customer.
func (o order) customerErased() outbox.Event {
	return outbox.Event{
		Topic: events.CustomerTopic, Key: o.customer, Version: 2, Time: time.Now(),
		Message: &customerv1.CustomerErased{CustomerId: o.customer.String(), Version: 2},
	}
}

// erased has order publish that the order's person was erased.
func (o order) erased() outbox.Event {
	return o.event(9, &orderv1.OrderErased{OrderId: o.id.String(), Version: 9})
}

// guestOrder is an order of somebody without an account.
func guestOrder(email string) order {
	o := newOrder()
	o.email, o.notice.CustomerId, o.notice.Contact.Email = email, "", email
	return o
}

// smtptestOnce answers a verb once with something else than usual.
func smtptestOnce(verb, reply string) func(string, string) string {
	return smtptest.Times(1, verb, reply)
}
