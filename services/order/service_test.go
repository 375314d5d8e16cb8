package order_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1/inventoryv1connect"
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1/notificationv1connect"
	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1/paymentv1connect"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/app/apptest"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/order"
	"github.com/shopmesh/shopmesh/services/order/internal/events"
)

// process is order as it runs in production, between stand-ins for the others.
type process struct {
	t          *testing.T
	orders     orderv1connect.OrderServiceClient
	operations operationsv1connect.OperationsServiceClient
	api        string
	internal   string
	stop       func()
	log        *slog.Logger // nil for none

	events *testkit.Events // publishes for the others
}

func startProcess(t *testing.T) *process {
	t.Helper()
	file := filepath.Join(t.TempDir(), "settings.json")
	if err := os.WriteFile(file, []byte(`{"order": {"retryAfter": "0.2s", "paymentWindow": "60s"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	broker := testkit.Broker(t)
	p := &process{t: t, events: testkit.NewEvents(t, broker)}
	p.serve(kitapp.ContextConfig{
		Database: pg.Config{URL: testkit.DatabaseURL(t, order.Migrations())}, Kafka: broker, SettingsFile: file, SoleWriter: true,
	}, othersURL(t))
	return p
}

func (p *process) serve(cfg kitapp.ContextConfig, others string) {
	p.t.Helper()
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	var addresses kitapp.Addresses
	addresses, p.stop = apptest.Serve(p.t, kitapp.Process{
		Name: "order", Log: p.log,
		Peers:         map[string]string{"catalog": others, "inventory": others, "payment": others, "notification": others},
		Authenticator: testkit.Authenticator("order", services.Permissions()), Signers: testkit.Signer("order"),
	}, order.Module(order.Config{Context: cfg}))
	p.api, p.internal = addresses.API, addresses.Internal
	p.orders = orderv1connect.NewOrderServiceClient(testkit.Client(p.t, p.api, testkit.As(p.t, testkit.Owner())))
	p.operations = operationsv1connect.NewOperationsServiceClient(testkit.Client(p.t, p.internal, testkit.As(p.t, testkit.Owner())))
}

// publish publishes events of other contexts on a topic of theirs.
func (p *process) publish(topic string, published ...consumer.Event) {
	p.t.Helper()
	all := make([]outbox.Event, len(published))
	for i, e := range published {
		all[i] = outbox.Event{Topic: topic, Key: e.Key, Version: e.Version, Message: decoded(p.t, e.Type, e.Payload)}
	}
	p.events.Publish(all...)
}

// The stand-ins for the contexts that order calls.
type (
	catalog struct {
		catalogv1connect.UnimplementedProductServiceHandler
	}
	inventory struct {
		inventoryv1connect.UnimplementedInventoryServiceHandler
	}
	payment struct {
		paymentv1connect.UnimplementedPaymentServiceHandler
	}
	notification struct {
		notificationv1connect.UnimplementedNotificationServiceHandler
	}
)

// Mugs are sold, whatever follows in the code.
func (catalog) BatchGetProducts(_ context.Context, req *catalogv1.BatchGetProductsRequest) (*catalogv1.BatchGetProductsResponse, error) {
	res := &catalogv1.BatchGetProductsResponse{}
	for _, code := range req.GetCodes() {
		if strings.HasPrefix(code, "MUG") {
			res.Products = append(res.Products, &catalogv1.Product{
				Id: uuid.NewString(), Code: code, Name: "Mug", Price: moneypb.Proto(euros(500)), Status: catalogv1.ProductStatus_PRODUCT_STATUS_ACTIVE,
			})
		}
	}
	return res, nil
}

func (inventory) ListMovements(_ context.Context, req *inventoryv1.ListMovementsRequest) (*inventoryv1.ListMovementsResponse, error) {
	if !strings.HasPrefix(req.GetFilter(), `order_id = "`) {
		return nil, errors.New("which order?")
	}
	return &inventoryv1.ListMovementsResponse{Movements: []*inventoryv1.StockMovement{{
		ProductCode: "MUG", Kind: inventoryv1.StockMovementKind_STOCK_MOVEMENT_KIND_SALE, Delta: -2, OnHandAfter: 8, CreateTime: timestamppb.Now(),
	}}}, nil
}

func (payment) ListPayments(context.Context, *paymentv1.ListPaymentsRequest) (*paymentv1.ListPaymentsResponse, error) {
	return &paymentv1.ListPaymentsResponse{Payments: []*paymentv1.Payment{{
		Id: uuid.NewString(), Amount: moneypb.Proto(euros(1000)), CreateTime: timestamppb.Now(),
		Attempts: []*paymentv1.PaymentAttempt{{Number: 1, Outcome: paymentv1.AttemptOutcome_ATTEMPT_OUTCOME_SUCCEEDED, EndTime: timestamppb.Now()}},
	}}}, nil
}

func (payment) ListRefunds(context.Context, *paymentv1.ListRefundsRequest) (*paymentv1.ListRefundsResponse, error) {
	return &paymentv1.ListRefundsResponse{Refunds: []*paymentv1.Refund{{Amount: moneypb.Proto(euros(1)), CreateTime: timestamppb.Now()}}}, nil
}

func (notification) ListNotifications(context.Context, *notificationv1.ListNotificationsRequest) (*notificationv1.ListNotificationsResponse, error) {
	return &notificationv1.ListNotificationsResponse{Notifications: []*notificationv1.Notification{{
		Kind: notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_CONFIRMED, Recipient: "ada@example.com", CreateTime: timestamppb.Now(),
		Attempts: []*notificationv1.DeliveryAttempt{{Number: 1, Accepted: true, Result: "250 ok ada@example.com", CreateTime: timestamppb.Now()}},
	}}}, nil
}

// othersURL serves the stand-ins.
func othersURL(t *testing.T) string {
	t.Helper()
	return testkit.Others(t, services.Permissions(), func(server *connect.Server) {
		catalogv1connect.RegisterProductServiceHandler(server, catalog{})
		inventoryv1connect.RegisterInventoryServiceHandler(server, inventory{})
		paymentv1connect.RegisterPaymentServiceHandler(server, payment{})
		notificationv1connect.RegisterNotificationServiceHandler(server, notification{})
	}, "catalog", "inventory", "payment", "notification")
}

// A whole order, by calls over HTTP and events over the broker.
func TestOrderRunsAsAProcess(t *testing.T) {
	t.Parallel()
	p := startProcess(t)
	res, err := p.orders.PlaceOrder(t.Context(), request())
	if err != nil {
		t.Fatal(err)
	}
	o := res.GetOrder()
	stream, err := p.orders.WatchOrder(t.Context(), &orderv1.WatchOrderRequest{Id: o.GetId()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stream.Close() }()
	next := func(want orderv1.OrderState) {
		t.Helper()
		got, err := stream.Receive()
		if err != nil || got.GetEntry().GetState() != want {
			t.Fatalf("watched %v, %v, want %v", got, err, want)
		}
	}
	next(orderv1.OrderState_ORDER_STATE_PLACED)
	p.publish(events.ReservationTopic, stockReserved(o))
	next(orderv1.OrderState_ORDER_STATE_AWAITING_PAYMENT)
	stranger := proto.CloneOf(o)
	stranger.Id, stranger.PaymentId = uuid.NewString(), uuid.NewString()
	p.publish(events.PaymentTopic, paymentCaptured(stranger), paymentCaptured(o))
	next(orderv1.OrderState_ORDER_STATE_CONFIRMED)
	p.publish(events.ReservationTopic, stockCommitted(o))
	p.publish(events.NotificationTopic, mailSent(o, confirmationMail, o.GetId()))

	testkit.Eventually(t, "the order awaits nothing", func() bool { return len(p.auditOf(o).GetAwaits()) == 0 })
	deadLetters, err := p.operations.ListDeadLetters(t.Context(), &operationsv1.ListDeadLettersRequest{Context: "order"})
	if err != nil || len(deadLetters.GetDeadLetters()) != 1 || !strings.Contains(deadLetters.GetDeadLetters()[0].GetCause(), stranger.GetId()) {
		t.Errorf("set aside: %v, %v", deadLetters, err)
	}
	timeline, err := p.orders.GetOrderTimeline(t.Context(), &orderv1.GetOrderTimelineRequest{Id: o.GetId()})
	if err != nil || len(timeline.GetMissing()) != 0 || strings.Contains(timeline.String(), "ada@") {
		t.Fatalf("the timeline is %v, %v", timeline, err)
	}
	var kinds []string
	for _, e := range timeline.GetEntries() {
		kinds = append(kinds, e.GetKind())
	}
	slices.Sort(kinds)
	if got := strings.Join(kinds, " "); got != "AWAITING_PAYMENT CHARGE_ATTEMPT CONFIRMED MAIL_REQUESTED MAIL_SENT PAYMENT_REQUESTED PLACED REFUND_REQUESTED SALE" {
		t.Errorf("the timeline is %s", got)
	}
	rest, err := testkit.HTTP(t, testkit.Owner()).Get(p.api + "/v1/orders/" + o.GetId()) //nolint:noctx // a browser's call
	if err != nil || rest.StatusCode != http.StatusOK {
		t.Fatalf("REST: %v, %v", rest, err)
	}
	_ = rest.Body.Close()

	p.stop()
	_, err = stream.Receive()
	testkit.Refused(t, err, connect.CodeUnavailable, "DRAINING")
}

// The new quote of a large basket does not fit into an error: its totals come, and the
// lines are marked as left out. A small basket's comes whole.
func TestAChangedPriceOfALargeBasketComesWithTheNewTotals(t *testing.T) {
	t.Parallel()
	p := startProcess(t)
	for _, lines := range []int{2, 100} {
		req := request()
		req.Lines, req.ExpectedTotal = nil, moneypb.Proto(euros(1))
		for i := range lines {
			req.Lines = append(req.Lines, &orderv1.OrderLineRequest{ProductCode: fmt.Sprintf("MUG-%03d", i), Quantity: 1})
		}
		quoted, err := p.orders.QuoteOrder(t.Context(), &orderv1.QuoteOrderRequest{Lines: req.GetLines()})
		if err != nil {
			t.Fatal(err)
		}
		want := quoted.GetQuote()
		if lines == 100 {
			want.Lines, want.LinesOmitted = nil, true
		}
		if _, err = p.orders.PlaceOrder(t.Context(), req); err == nil {
			t.Fatal("an order with another total was accepted")
		}
		overConnect := testkit.Refused(t, err, connect.CodeFailedPrecondition, "PRICE_CHANGED", "expected_total")
		if got := testkit.Detail[*orderv1.OrderQuote](overConnect); !proto.Equal(got, want) {
			t.Errorf("%d lines: the quote over Connect is %v, want %v", lines, got, want)
		}
		if got := p.quoteOverREST(req); !proto.Equal(got, want) {
			t.Errorf("%d lines: the quote over REST is %v, want %v", lines, got, want)
		}
	}
}

// quoteOverREST places an order whose price changed, and returns the quote of the error.
func (p *process) quoteOverREST(req *orderv1.PlaceOrderRequest) *orderv1.OrderQuote {
	p.t.Helper()
	body, err := protojson.Marshal(req)
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := testkit.HTTP(p.t, testkit.Owner()).Post(p.api+"/v1/orders", "application/json", bytes.NewReader(body)) //nolint:noctx // a browser's call
	if err != nil {
		p.t.Fatal(err)
	}
	answer, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	var status statuspb.Status
	if err = errors.Join(err, protojson.Unmarshal(answer, &status)); err != nil {
		p.t.Fatalf("REST answers %s %s: %v", res.Status, answer, err)
	}
	quote := &orderv1.OrderQuote{}
	for _, detail := range status.GetDetails() {
		if detail.MessageIs(quote) {
			if err := detail.UnmarshalTo(quote); err != nil {
				p.t.Fatal(err)
			}
			return quote
		}
	}
	p.t.Errorf("REST answers without a quote: %s", answer)
	return nil
}

// auditOf reads what the audit states of an order.
func (p *process) auditOf(o *orderv1.Order) *operationsv1.OrderRecord {
	p.t.Helper()
	stream, err := p.operations.Audit(p.t.Context(), &operationsv1.AuditRequest{Context: "order"})
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = stream.Close() }()
	var found *operationsv1.OrderRecord
	for {
		res, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			p.t.Fatal(err)
		}
		if record := res.GetRecord().GetOrder(); record.GetOrderId() == o.GetId() {
			found = record
		}
		if f := res.GetRecord().GetFinding(); f != nil {
			p.t.Errorf("found %v", f)
		}
	}
}
