package app_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/kit/testkit"
	kittrace "github.com/shopmesh/shopmesh/kit/trace"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/inventory"
	"github.com/shopmesh/shopmesh/services/inventory/internal/app"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/events"
	"github.com/shopmesh/shopmesh/services/inventory/internal/peers"
	"github.com/shopmesh/shopmesh/services/inventory/internal/protoconv"
)

// harness is inventory's use cases on a database of their own, beside a catalog that
// the test fills.
type harness struct {
	*app.Stocks

	pool    *pg.Pool
	catalog *shelf
	clock   *clock
	written testkit.Signal // raised when something was written to the outbox
}

func newHarness(t *testing.T) *harness {
	t.Helper()
	h := &harness{pool: testkit.Database(t, inventory.Migrations()), catalog: &shelf{}, clock: &clock{}}
	h.clock.now = time.Now().UTC().Truncate(time.Microsecond)
	h.Stocks = h.replica(t)
	return h
}

// replica is another process on the same database.
func (h *harness) replica(t *testing.T) *app.Stocks {
	t.Helper()
	return &app.Stocks{Deps: app.Deps{
		Pool: h.pool, Settings: settings.Fixed(domain.Settings{LowStockThreshold: 5, LevelInterval: 20 * time.Millisecond}),
		Catalog: peers.NewProducts(h.catalog.peers(t)), Levels: app.NewLevels(), Wake: h.written.Raise, Now: h.clock.Now,
		ToOutbox: events.ToOutbox,
	}}
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now moves on at each call, so that the order of changes shows in their times.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Microsecond)
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// shelf is the catalog as inventory sees it.
type shelf struct {
	catalogv1connect.UnimplementedProductServiceHandler

	mu       sync.Mutex
	products map[string]uuid.UUID
	away     bool
}

func (s *shelf) put(code string, id uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.products == nil {
		s.products = map[string]uuid.UUID{}
	}
	s.products[code] = id
}

func (s *shelf) GetProduct(_ context.Context, req *catalogv1.GetProductRequest) (*catalogv1.GetProductResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return nil, fault.New(fault.Unavailable, fault.ReasonUnavailable, "away")
	}
	for code, id := range s.products {
		if code == req.GetCode() || id.String() == req.GetId() {
			return &catalogv1.GetProductResponse{Product: &catalogv1.Product{Id: id.String(), Code: code}}, nil
		}
	}
	return nil, fault.New(fault.NotFound, domain.ReasonProductNotFound, "no such product")
}

func (s *shelf) peers(t *testing.T) *peer.Peers {
	t.Helper()
	server, err := rpc.NewServer(rpc.Config{Log: testkit.Log(t), Authenticator: testkit.Authenticator("catalog", services.Permissions())})
	if err != nil {
		t.Fatal(err)
	}
	catalogv1connect.RegisterProductServiceHandler(server, s)
	peers := peer.New(nil, nil, nil)
	peers.Here(server, "catalog")
	t.Cleanup(peers.Close)
	return peers
}

func productID(n int) uuid.UUID { return numbered(1, n) }
func orderID(n int) uuid.UUID   { return numbered(2, n) }

func numbered(kind byte, n int) uuid.UUID {
	id := uuid.UUID{0: kind, 6: 0x70, 8: 0x80}
	binary.BigEndian.PutUint32(id[12:], uint32(n))
	return id
}

func code(n int) string { return fmt.Sprintf("P-%d", n) }

// stocked makes product n known, with pieces on hand.
func (h *harness) stocked(t *testing.T, n int, onHand int64) {
	t.Helper()
	h.in(t, func(ctx context.Context, tx *pg.Tx) error {
		return h.AddProducts(ctx, tx, []domain.Product{product(t, n, domain.Active, 0)})
	})
	if onHand > 0 {
		if _, err := h.adjust(t.Context(), uuid.New(), n, onHand); err != nil {
			t.Fatal(err)
		}
	}
}

// product is product n as the catalog has it.
func product(t *testing.T, n int, status domain.ProductStatus, version int64) domain.Product {
	t.Helper()
	p, err := domain.NewProduct(productID(n), code(n), status, version)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (h *harness) adjust(ctx context.Context, requestID uuid.UUID, product int, delta int64) (*inventoryv1.Stock, error) {
	request := &inventoryv1.AdjustStockRequest{RequestId: requestID.String(), ProductCode: code(product), Delta: delta, Reason: "counted"}
	adjustment := app.Adjustment{RequestID: requestID, ProductCode: code(product), Delta: delta, Reason: "counted"}
	res, err := app.Adjust(ctx, h.Stocks, adjustment, request, func(row domain.Stock) *inventoryv1.AdjustStockResponse {
		return &inventoryv1.AdjustStockResponse{Stock: protoconv.Stock(row)}
	})
	return res.GetStock(), err
}

func (h *harness) in(t *testing.T, fn func(context.Context, *pg.Tx) error) {
	t.Helper()
	if err := h.pool.Hot().InTx(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// apply applies events as one batch of a consumer.
func (h *harness) apply(t *testing.T, orders ...domain.InboundEvent) {
	t.Helper()
	h.in(t, func(ctx context.Context, tx *pg.Tx) error { return h.ApplyOrders(ctx, tx, orders) })
}

type line struct {
	product  int
	quantity int64
}

func (h *harness) placed(t *testing.T, order int, lines ...line) domain.InboundEvent {
	t.Helper()
	wanted := make([]domain.Line, len(lines))
	for i, l := range lines {
		wanted[i] = domain.Line{ProductID: productID(l.product), ProductCode: code(l.product), Quantity: l.quantity}
	}
	event, err := domain.NewPlaced(orderID(order), wanted, h.clock.Now().Add(15*time.Minute), kittrace.Format(traced(order)))
	return must(t, event, err)
}

func confirmed(t *testing.T, order int) domain.InboundEvent {
	t.Helper()
	event, err := domain.NewConfirmed(orderID(order), kittrace.Format(traced(order)))
	return must(t, event, err)
}

func cancelled(t *testing.T, order int) domain.InboundEvent {
	t.Helper()
	event, err := domain.NewCancelled(orderID(order), kittrace.Format(traced(order)))
	return must(t, event, err)
}

func must(t *testing.T, event domain.InboundEvent, err error) domain.InboundEvent {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return event
}

// traced is the trace of an order.
func traced(order int) trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID(orderID(order)), SpanID: trace.SpanID{7: 1}, TraceFlags: trace.FlagsSampled, Remote: true,
	})
}

// published is an event in the outbox.
type published struct {
	topic, kind, trace string
	key                uuid.UUID
	version            int64
	payload            []byte
}

// outbox returns the events of a topic in the order in which they will be published.
func (h *harness) outbox(t *testing.T, topic string) []published {
	t.Helper()
	rows, err := h.pool.Query(t.Context(), `select topic, type, traceparent, key, version, payload from outbox where topic = $1 order by id`, topic)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (published, error) {
		var e published
		err := row.Scan(&e.topic, &e.kind, &e.trace, &e.key, &e.version, &e.payload)
		e.kind = e.kind[strings.LastIndexByte(e.kind, '.')+1:]
		return e, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// emptyOutbox empties the outbox, as the relay does.
func (h *harness) emptyOutbox(t *testing.T) {
	t.Helper()
	if _, err := h.pool.Exec(t.Context(), `delete from outbox`); err != nil {
		t.Fatal(err)
	}
}

func decode[M proto.Message](t *testing.T, e published, into M) M {
	t.Helper()
	if err := proto.Unmarshal(e.payload, into); err != nil {
		t.Fatal(err)
	}
	return into
}

func (h *harness) stock(t *testing.T, n int) domain.Stock {
	t.Helper()
	row, err := h.Get(t.Context(), productID(n))
	if err != nil {
		t.Fatal(err)
	}
	return row
}

func (h *harness) count(t *testing.T, query string, args ...any) int {
	t.Helper()
	var n int
	if err := h.pool.QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
