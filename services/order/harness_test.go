package order_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectinprocess"
	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoregistry"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/kit/pg"
	kitrpc "github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/order"
	"github.com/shopmesh/shopmesh/services/order/internal/app"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/events"
	"github.com/shopmesh/shopmesh/services/order/internal/rpc"
)

// harness is order on its own database with a clock that the test turns. What it
// publishes is read from the outbox; what it consumes is handed to its consumer's handler.
type harness struct {
	t        testing.TB
	database string // its URL
	pool     *pg.Pool
	orders   *app.Orders
	products *app.Products
	place    *app.Placer
	carts    *app.Carts
	tail     *app.Tail
	handler  consumer.Handler
	client   orderv1connect.OrderServiceClient // the owner's
	streams  *kitrpc.Streams

	now     atomic.Int64
	network atomic.Value // the network that calls come from

	mu      sync.Mutex
	shelf   []domain.Product // what catalog answers
	lookups int
	away    error
	action  app.ReadNextAction // what payment answers; nil for nothing
	reads   int                // of next actions
	sources []app.TimelineSource
}

func newHarness(t testing.TB) *harness {
	t.Helper()
	b := &harness{t: t, database: testkit.DatabaseURL(t, order.Migrations()), streams: kitrpc.NewStreams(kitrpc.DefaultStreamLimits())}
	b.pool = testkit.Open(t, pg.Config{URL: b.database})
	b.now.Store(time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC).UnixMicro())
	b.tail = app.NewTail(b.pool, testkit.Log(t))
	b.tail.Start()
	t.Cleanup(b.tail.Stop)
	b.network.Store("192.0.2.1")
	deps := app.Deps{
		Pool: b.pool, Source: events.Source, ToOutbox: events.ToOutbox, ErasedToOutbox: events.Erased, ClaimedToOutbox: events.Claimed, Wake: func() {}, Tail: b.tail,
		Tokens: b.tokens(), ReadNextAction: b.readNextAction,
		Zone: settings.Fixed(time.UTC),
		Settings: settings.Fixed(domain.Settings{
			MaxUnpaid: 3, PaymentMethods: domain.PaymentMethods{
				{Name: "sandbox_ok", Window: 30 * time.Minute, Processing: 7 * 24 * time.Hour},
				{Name: "sandbox_declined", Window: 30 * time.Minute},
				{Name: "pm_*", Window: 30 * time.Minute, Processing: 7 * 24 * time.Hour, Limits: map[string]domain.AmountLimit{"EUR": {Smallest: 50}}},
			},
			Retry:        domain.RetryPolicy{After: 30 * time.Second},
			HandlingTime: 48 * time.Hour,
		}),
		Now:   func() time.Time { return time.UnixMicro(b.now.Load()).UTC() },
		NewID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) }, Random: rand.Uint64, Log: testkit.Log(t),
		Backlog: app.NewBacklog(func(context.Context, int64) (int64, time.Time, error) { return 0, time.Time{}, nil }, time.Now, testkit.Log(t)),
	}
	b.orders = app.NewOrders(deps)
	b.products = &app.Products{Pool: b.pool, Lookup: b.lookup}
	b.carts = app.NewCarts(deps, b.products)
	b.place = app.NewPlacer(b.orders, b.products)
	t.Cleanup(b.place.Close)
	b.handler = events.NewHandler(events.Handlers{ApplyProducts: b.products.Apply, ApplyEvents: b.orders.Apply, Erase: b.orders.Erase, Verify: b.orders.Verify})
	b.sources = []app.TimelineSource{
		{Context: "inventory", Fetch: func(context.Context, uuid.UUID) ([]app.TimelineEntry, error) {
			return []app.TimelineEntry{{Time: b.orders.Now().Add(time.Hour), Context: "inventory", Kind: "SALE", Detail: "-2 of MUG"}}, nil
		}},
		{Context: "payment", Fetch: func(context.Context, uuid.UUID) ([]app.TimelineEntry, error) { return nil, fmt.Errorf("away") }},
	}
	b.client = b.as(authz.Identity{Kind: authz.Owner})
	return b
}

func (b *harness) tokens() *app.GuestTokens {
	return app.NewGuestTokens(b.pool, "https://shop.example", func(context.Context) string { return b.network.Load().(string) })
}

// uncap has callers place any number of unpaid orders.
func (b *harness) uncap() {
	set := b.orders.Settings.Now()
	set.MaxUnpaid = 0
	b.orders.Settings = settings.Fixed(set)
}

// replica returns a client of another process of order, for callers who are nobody.
func (b *harness) replica() orderv1connect.OrderServiceClient {
	deps := b.orders.Deps
	deps.Tokens = b.tokens()
	orders := app.NewOrders(deps)
	place := app.NewPlacer(orders, b.products)
	b.t.Cleanup(place.Close)
	return orderv1connect.NewOrderServiceClient(b.serve(authz.Identity{}, orders, place))
}

// as returns a client whose calls are those of a caller, through the whole chain.
func (b *harness) as(caller authz.Identity) orderv1connect.OrderServiceClient {
	return orderv1connect.NewOrderServiceClient(b.caller(caller))
}

// shopper returns a client of carts whose calls are those of a caller.
func (b *harness) shopper(caller authz.Identity) orderv1connect.CartServiceClient {
	return orderv1connect.NewCartServiceClient(b.caller(caller))
}

func (b *harness) caller(caller authz.Identity) *connect.Client {
	return b.serve(caller, b.orders, b.place)
}

func (b *harness) serve(caller authz.Identity, orders *app.Orders, place *app.Placer) *connect.Client {
	b.t.Helper()
	server, err := kitrpc.NewServer(kitrpc.Config{
		Log: testkit.Log(b.t), Streams: b.streams, Transient: pg.Transient,
		Authenticator: testkit.Everyone(caller),
	})
	if err != nil {
		b.t.Fatal(err)
	}
	rpc.NewServer(orders, place, b.products, b.sources).Register(server)
	rpc.NewCartServer(b.carts).Register(server)
	return connect.NewClient(connectinprocess.New(server), testkit.DocumentedReasons(b.t))
}

func (b *harness) lookup(_ context.Context, codes []string) ([]domain.Product, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lookups++
	if b.away != nil {
		return nil, b.away
	}
	return slices.DeleteFunc(slices.Clone(b.shelf), func(p domain.Product) bool { return !slices.Contains(codes, p.Code) }), nil
}

func (b *harness) readNextAction(ctx context.Context, paymentID uuid.UUID) (app.NextAction, error) {
	b.mu.Lock()
	b.reads++
	read := b.action
	b.mu.Unlock()
	if read == nil {
		return app.NextAction{}, nil
	}
	return read(ctx, paymentID)
}

func (b *harness) wait(d time.Duration) { b.now.Add(d.Microseconds()) }

// sell has catalog publish a product for euros.
func (b *harness) sell(code string, cents int64) *catalogv1.Product {
	b.t.Helper()
	p := &catalogv1.Product{
		Id: uuid.NewString(), Code: code, Name: "A " + code, Status: catalogv1.ProductStatus_PRODUCT_STATUS_ACTIVE,
		Price: moneypb.Proto(euros(cents)),
	}
	b.handle(event(uuid.MustParse(p.GetId()), 1, &catalogv1.ProductChanged{Product: p, Version: 1}))
	return p
}

func euros(cents int64) money.Money { return money.Money{Currency: "EUR", Amount: cents} }

// request is a good order of a MUG.
func request() *orderv1.PlaceOrderRequest {
	return &orderv1.PlaceOrderRequest{
		RequestId:       uuid.NewString(),
		Contact:         &orderv1.Contact{FirstName: "Ada", LastName: "Lovelace", Email: "Ada@Example.com"},
		ShippingAddress: &postaladdress.PostalAddress{RegionCode: "GB", AddressLines: []string{"12 St James's Square"}},
		Lines:           []*orderv1.OrderLineRequest{{ProductCode: "MUG", Quantity: 2}},
		PaymentMethod:   "sandbox_ok",
	}
}

// placed places an order and drops what it published.
func (b *harness) placed() *orderv1.Order {
	b.t.Helper()
	res, err := b.client.PlaceOrder(b.t.Context(), request())
	if err != nil {
		b.t.Fatal(err)
	}
	b.published()
	return res.GetOrder()
}

func (b *harness) get(o *orderv1.Order) *orderv1.Order {
	b.t.Helper()
	res, err := b.client.GetOrder(b.t.Context(), &orderv1.GetOrderRequest{Id: o.GetId()})
	if err != nil {
		b.t.Fatal(err)
	}
	return res.GetOrder()
}

// event is one of another context's, as the consumer hands it over.
func event(key uuid.UUID, version int64, message proto.Message) consumer.Event {
	payload, err := proto.Marshal(message)
	if err != nil {
		panic(err)
	}
	name := string(message.ProtoReflect().Descriptor().FullName())
	return consumer.Event{Key: key, ID: fmt.Sprintf("%s/%d/%s", key, version, name), Type: name, Version: version, Payload: payload}
}

// handle applies events as one batch.
func (b *harness) handle(batch ...consumer.Event) {
	b.t.Helper()
	if err := b.tryHandle(batch...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *harness) tryHandle(batch ...consumer.Event) error {
	return b.pool.Hot().InTx(b.t.Context(), func(ctx context.Context, tx *pg.Tx) error { return b.handler(ctx, tx, batch) })
}

// published takes what order published out of the outbox, in order.
func (b *harness) published() []proto.Message {
	b.t.Helper()
	var all []proto.Message
	for _, s := range b.publishedWithIDs() {
		all = append(all, s.message)
	}
	return all
}

type publication struct {
	id      string
	message proto.Message
}

func (b *harness) publishedWithIDs() []publication {
	b.t.Helper()
	rows, err := b.pool.Query(b.t.Context(), `with taken as (delete from outbox returning *) select key, version, type, payload from taken order by id`)
	if err != nil {
		b.t.Fatal(err)
	}
	defer rows.Close()
	var all []publication
	for rows.Next() {
		var key uuid.UUID
		var version int64
		var name string
		var payload []byte
		if err := rows.Scan(&key, &version, &name, &payload); err != nil {
			b.t.Fatal(err)
		}
		all = append(all, publication{fmt.Sprintf("%s/%d/%s", key, version, name), decoded(b.t, name, payload)})
	}
	return all
}

// decoded is the message in an event.
func decoded(t testing.TB, name string, payload []byte) proto.Message {
	t.Helper()
	kind, err := protoregistry.GlobalTypes.FindMessageByURL(name)
	if err != nil {
		t.Fatal(err)
	}
	message := kind.New().Interface()
	if err := proto.Unmarshal(payload, message); err != nil {
		t.Fatal(err)
	}
	return message
}

// names are the messages' names without their package.
func names(messages []proto.Message) []string {
	out := make([]string, len(messages))
	for i, m := range messages {
		out[i] = string(m.ProtoReflect().Descriptor().Name())
	}
	return out
}

func (b *harness) wantPublished(want ...string) []proto.Message {
	b.t.Helper()
	published := b.published()
	if got := names(published); !slices.Equal(got, want) {
		b.t.Errorf("published %v, want %v", got, want)
	}
	return published
}

// awaits reads what an order waits for.
func (b *harness) awaits(o *orderv1.Order) []string {
	b.t.Helper()
	var mask int
	if err := b.pool.QueryRow(b.t.Context(), `select awaits from orders where id = $1`, o.GetId()).Scan(&mask); err != nil {
		b.t.Fatal(err)
	}
	return domain.Awaits(mask).Names()
}

func (b *harness) count(sql string, args ...any) (n int) {
	b.t.Helper()
	if err := b.pool.QueryRow(b.t.Context(), sql, args...).Scan(&n); err != nil {
		b.t.Fatal(err)
	}
	return n
}
