package order_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/order"
	"github.com/shopmesh/shopmesh/services/order/internal/events"
)

const (
	// outageVariable makes the outage longer, such as "10m".
	outageVariable = "SHOPMESH_TEST_OUTAGE"
	// shortestOutage is longer than a record may be under way, and a group's session.
	shortestOutage = 18 * time.Second
	// heldFor is how long orders are placed at least while nothing is published again.
	heldFor = 5 * time.Second
)

// outage is how long the broker is away.
func outage(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv(outageVariable)
	if text == "" {
		return shortestOutage
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < shortestOutage {
		t.Fatalf("%s: %q is no duration from %v on", outageVariable, text, shortestOutage)
	}
	return d
}

// mostEvents is how many events may wait, eventBytes what each of them takes here, and
// oneBatch how many the relay publishes together.
const (
	mostEvents = 50_000
	eventBytes = 3000
	oneBatch   = 500
)

// The broker is away for a while. Orders are accepted and read, status and readiness
// name the cause, the log does so in a few lines, and overdue steps fill no
// outbox. Once as many events wait as may, new orders are refused, with a delay. When it is
// back, every event leaves, once, and what others published is applied.
func TestTheBrokerIsAway(t *testing.T) {
	t.Parallel()
	o := newOuting(t)
	o.gate.Shut()
	away := time.Now()
	o.sell(o.held)
	waiting, placed, enough := o.status().GetOutboxPending(), len(o.placed), time.Now().Add(heldFor)
	o.sell(func() bool { return time.Since(away) > outage(t) && time.Now().After(enough) })
	// Overdue steps were published again until the outbox was seen to wait: since then
	// each order has added its own event and, as the owner places it, its entry of the
	// activity log, and no more.
	if more, fresh := o.status().GetOutboxPending()-waiting, len(o.placed)-placed; more < 2*int64(fresh) || more > 2*int64(fresh)+5 {
		t.Errorf("%d orders added %d events", fresh, more)
	}
	o.mustReport(away)
	o.fillOutbox()
	o.mustShed()
	o.mustReport(away)

	back := time.Since(away)
	o.gate.Open()
	o.mustRecover()
	t.Logf("the broker was away for %v; %d orders were placed; the log got %d warnings:\n%s",
		back.Round(time.Second), len(o.placed), len(o.log.Warnings()), strings.Join(o.log.Warnings(), ""))
}

// While the broker is away, what waits is in the database alone.
func TestEventsDoNotWaitInMemory(t *testing.T) { //nolint:paralleltest // it measures the memory of the whole program
	o := newOuting(t)
	o.gate.Shut()
	o.fillOutbox()
	o.mustShed()
	testkit.Eventually(t, "the broker is seen to be away", func() bool { return strings.Contains(fmt.Sprint(o.status().GetConditions()), "the broker is away") })
	heap := liveBytes()
	t.Logf("%d MiB are in use", heap>>20)
	if heap > mostEvents*eventBytes {
		t.Errorf("%d MiB are in use while events of %d MiB wait", heap>>20, mostEvents*eventBytes>>20)
	}
	o.gate.Open()
}

// outing is an order process whose broker goes away.
type outing struct {
	*process

	gate   testkit.Gate
	broker kafka.Config
	pool   *pg.Pool // on the process's database
	log    *testkit.Lines
	placed []*orderv1.Order
}

// newOuting starts the process, and has it place an order while the broker is there.
func newOuting(t *testing.T) *outing {
	t.Helper()
	file := filepath.Join(t.TempDir(), "settings.json")
	if err := os.WriteFile(file, []byte(`{"order": {"retryAfter": "1s", "paymentWindow": "7200s"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	o := &outing{broker: testkit.Broker(t), log: &testkit.Lines{}}
	o.process = &process{t: t, events: testkit.NewEvents(t, o.broker), log: o.log.Log()}
	database := testkit.DatabaseURL(t, order.Migrations())
	o.serve(kitapp.ContextConfig{
		Database: pg.Config{URL: database}, Kafka: o.gate.Behind(o.broker), SettingsFile: file, SoleWriter: true,
	}, othersURL(t))
	o.pool = testkit.Open(t, pg.Config{URL: database, MaxConns: 1})
	o.place()
	testkit.Eventually(t, "its event leaves", func() bool { return o.status().GetOutboxPending() == 0 })
	return o
}

// held reports whether the sweeper has postponed an overdue step instead of publishing its
// event again: only then is an order due later than the delay after its last event.
func (o *outing) held() (held bool) {
	o.t.Helper()
	const query = `select exists (select from orders where due_time > last_published_time + interval '1 s' * power(2, retry_count))`
	if err := o.pool.QueryRow(o.t.Context(), query).Scan(&held); err != nil {
		o.t.Fatal(err)
	}
	return held
}

func (o *outing) status() *operationsv1.ContextStatus {
	o.t.Helper()
	res, err := o.operations.GetStatus(o.t.Context(), &operationsv1.GetStatusRequest{Context: "order"})
	if err != nil {
		o.t.Fatal(err)
	}
	return res.GetContexts()[0]
}

func (o *outing) place() {
	o.t.Helper()
	res, err := o.orders.PlaceOrder(o.t.Context(), request())
	if err != nil {
		o.t.Fatal(err)
	}
	o.placed = append(o.placed, res.GetOrder())
}

// sell places orders and reads them until over is true.
func (o *outing) sell(over func() bool) {
	o.t.Helper()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for late := time.Now().Add(outage(o.t) + testkit.Patience); !over(); <-tick.C {
		if time.Now().After(late) {
			o.t.Fatal("overdue steps are published again for as long as the broker is away")
		}
		o.place()
		o.read(o.placed[0])
	}
}

func (o *outing) read(placed *orderv1.Order) *orderv1.Order {
	o.t.Helper()
	res, err := o.orders.GetOrder(o.t.Context(), &orderv1.GetOrderRequest{Id: placed.GetId()})
	if err != nil {
		o.t.Fatalf("a read: %v", err)
	}
	return res.GetOrder()
}

// mustReport checks what is reported of the outage, and what waits.
func (o *outing) mustReport(since time.Time) {
	o.t.Helper()
	status := o.status()
	if !status.GetReady() || !slices.ContainsFunc(status.GetConditions(), func(text string) bool { return strings.Contains(text, "the broker is away") }) {
		o.t.Errorf("status is %v", status)
	}
	res, err := http.Get(o.internal + "/readyz") //nolint:noctx // a probe's call
	if err != nil {
		o.t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(body), "the broker is away") {
		o.t.Errorf("readiness is %d %s, %v", res.StatusCode, body, err)
	}
	lines := o.log.Warnings()
	if minutes := int(time.Since(since)/time.Minute) + 1; len(lines) > 4+4*minutes {
		o.t.Errorf("%d warnings in %v:\n%s", len(lines), time.Since(since), strings.Join(lines, ""))
	}
	if !strings.Contains(strings.Join(lines, ""), "the broker is away; events wait in the outbox") {
		o.t.Errorf("the log holds:\n%s", strings.Join(lines, ""))
	}
}

// fillOutbox lets as many events wait as may.
func (o *outing) fillOutbox() {
	o.t.Helper()
	_, err := o.pool.Exec(o.t.Context(), `
		insert into outbox (topic, key, version, type, source, payload, traceparent, create_time)
		select $1, gen_random_uuid(), 1, 'filler', '/shopmesh/order', convert_to(repeat('x', $2), 'UTF8'), '', now()
		from generate_series(1, $3)`, events.OrderTopic, eventBytes, mostEvents)
	if err != nil {
		o.t.Fatal(err)
	}
}

// mustShed waits until new orders are refused; reads go on.
func (o *outing) mustShed() {
	o.t.Helper()
	testkit.Eventually(o.t, "new orders are refused", func() bool {
		res, err := o.orders.PlaceOrder(o.t.Context(), request())
		if err == nil {
			o.placed = append(o.placed, res.GetOrder())
			return false
		}
		if r := testkit.Refused(o.t, err, connect.CodeResourceExhausted, "ORDERS_BACKLOGGED"); r.RetryAfter <= 0 {
			o.t.Errorf("no delay is given: %v", err)
		}
		return true
	})
	o.read(o.placed[0])
	if status := o.status(); !slices.ContainsFunc(status.GetConditions(), func(text string) bool { return strings.Contains(text, "new orders are shed") }) {
		o.t.Errorf("status is %v", status)
	}
}

// mustRecover waits until everything has left and was answered, and counts it.
func (o *outing) mustRecover() {
	o.t.Helper()
	testkit.Eventually(o.t, "the events leave", func() bool { return o.status().GetOutboxPending() < 1000 })
	testkit.Eventually(o.t, "orders are taken again", func() bool {
		res, err := o.orders.PlaceOrder(o.t.Context(), request())
		if err == nil {
			o.placed = append(o.placed, res.GetOrder())
		}
		return err == nil
	})
	for _, placed := range o.placed {
		o.publish(events.ReservationTopic, stockReserved(placed))
	}
	testkit.Eventually(o.t, "what others published is applied", func() bool {
		return !slices.ContainsFunc(o.placed, func(placed *orderv1.Order) bool {
			return o.read(placed).GetState() != orderv1.OrderState_ORDER_STATE_AWAITING_PAYMENT
		})
	})
	fillers, repeated, orders := o.published()
	o.t.Logf("%d events that waited came, %d of them twice", fillers, repeated)
	// A batch whose time is over as it is under way may come twice, which consumers recognize.
	if fillers != mostEvents || repeated > oneBatch || orders != len(o.placed) {
		o.t.Errorf("%d of %d events left, %d of them twice; and %d of %d orders' placing", fillers, mostEvents, repeated, orders, len(o.placed))
	}
	testkit.Eventually(o.t, "nothing is wrong any more", func() bool { return len(o.status().GetConditions()) == 0 })
	if status := o.status(); status.GetDeadLetters() > 0 || len(status.GetStoppedKeys()) > 0 || !status.GetReady() {
		o.t.Errorf("status is %v", status)
	}
}

// published counts what is on the topic, once all of the fillers and all orders' placing
// are there.
func (o *outing) published() (fillers, repeated, orders int) {
	o.t.Helper()
	topic := testkit.NewEvents(o.t, o.broker, events.OrderTopic)
	for least := mostEvents + len(o.placed); fillers < mostEvents || orders < len(o.placed); least++ {
		came := topic.Wait(least, func(consumer.Event) bool { return true })
		least, fillers, repeated, orders = len(came), 0, 0, 0
		seen := make(map[string]bool, len(came))
		for _, event := range came {
			switch filler := event.Type == "filler"; {
			case seen[event.ID] && filler:
				repeated++
			case seen[event.ID]:
			case filler:
				fillers++
			case strings.HasSuffix(event.Type, "OrderPlaced"):
				orders++
			}
			seen[event.ID] = true
		}
	}
	return fillers, repeated, orders
}

func liveBytes() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
