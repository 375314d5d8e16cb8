package order_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	pb "google.golang.org/genproto/googleapis/type/money"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/order"
)

func (b *harness) summary(first, last string) *orderv1.SummarizeOrdersResponse {
	b.t.Helper()
	res, err := b.client.SummarizeOrders(b.t.Context(), &orderv1.SummarizeOrdersRequest{StartDate: first, EndDate: last})
	if err != nil {
		b.t.Fatal(err)
	}
	return res
}

// lines are the sums in the words of the test: day, orders, what was paid, given back and left.
func lines(res *orderv1.SummarizeOrdersResponse) []string {
	var all []string
	for _, sum := range res.GetSums() {
		amounts := make([]string, 3)
		for i, amount := range []*pb.Money{sum.GetPaid(), sum.GetRefunded(), sum.GetRevenue()} {
			read, err := moneypb.FromProto(amount)
			if err != nil {
				panic(err)
			}
			amounts[i] = read.Decimal()
		}
		all = append(all, fmt.Sprintf("%s %s %d %s", sum.GetDate(), sum.GetPaid().GetCurrencyCode(), sum.GetOrderCount(), strings.Join(amounts, " ")))
	}
	return all
}

// in places the shop's days in a time zone.
func (b *harness) in(zone string) *time.Location {
	b.t.Helper()
	location, err := time.LoadLocation(zone)
	if err != nil {
		b.t.Fatal(err)
	}
	b.orders.Zone = settings.Fixed(location)
	return location
}

// buys has an order of some pieces of a product placed at a time.
func (b *harness) buys(at time.Time, code string, quantity int32) *orderv1.Order {
	b.t.Helper()
	b.now.Store(at.UnixMicro())
	req := request()
	req.Lines = []*orderv1.OrderLineRequest{{ProductCode: code, Quantity: quantity}}
	res, err := b.client.PlaceOrder(b.t.Context(), req)
	if err != nil {
		b.t.Fatal(err)
	}
	return res.GetOrder()
}

// An order counts on the day on which it was placed, from when it is paid; what is given back
// later, by the shop or by a bank, changes that day, and each currency has sums of its own.
func TestWhatWasSoldIsSummedUpByDayAndCurrency(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.uncap()
	b.in("Europe/Berlin")
	b.sell("MUG", 500)
	dinars := &catalogv1.Product{
		Id: uuid.NewString(), Code: "LAMP", Name: "Lamp", Status: catalogv1.ProductStatus_PRODUCT_STATUS_ACTIVE,
		Price: moneypb.Proto(money.Money{Currency: "KWD", Amount: 1234}),
	}
	b.handle(event(uuid.MustParse(dinars.GetId()), 1, &catalogv1.ProductChanged{Product: dinars, Version: 1}))
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	b.buys(noon, "MUG", 1) // never paid
	late := b.buys(noon.Add(10*time.Hour+59*time.Minute), "MUG", 2)
	next := b.buys(noon.Add(11*time.Hour), "MUG", 3) // midnight in Berlin
	lamp := b.buys(noon, "LAMP", 2)
	doubtful := b.buys(noon, "MUG", 4)
	b.now.Store(noon.AddDate(0, 0, 5).UnixMicro())
	for _, o := range []*orderv1.Order{late, next, lamp, doubtful} {
		b.confirm(o)
	}
	want := []string{"2026-11-20 EUR 2 30.00 0.00 30.00", "2026-11-20 KWD 1 2.468 0.000 2.468", "2026-11-21 EUR 1 15.00 0.00 15.00"}
	if got := lines(b.summary("2026-11-19", "2026-11-25")); !slices.Equal(got, want) {
		t.Errorf("sums %q, want %q", got, want)
	}
	b.handle(paymentRefunded(late, uuid.NewString(), 250, 250))
	if _, err := b.client.CancelOrder(t.Context(), &orderv1.CancelOrderRequest{RequestId: uuid.NewString(), Id: next.GetId()}); err != nil {
		t.Fatal(err)
	}
	b.handle(paymentRefunded(next, uuid.NewString(), 1500, 1500))
	b.handle(disputed(doubtful, 3, paymentv1.DisputeStatus_DISPUTE_STATUS_LOST, noon))
	want = []string{"2026-11-20 EUR 2 30.00 12.50 17.50", "2026-11-20 KWD 1 2.468 0.000 2.468", "2026-11-21 EUR 1 15.00 15.00 0.00"}
	if got := lines(b.summary("2026-11-19", "2026-11-25")); !slices.Equal(got, want) {
		t.Errorf("after refunds the sums are %q, want %q", got, want)
	}
	if got := lines(b.summary("2026-11-21", "2026-11-21")); !slices.Equal(got, want[2:]) {
		t.Errorf("of one day the sums are %q, want %q", got, want[2:])
	}
}

// What is reported of saleor-dashboard#1582 and vendure#183: the days of the shop are those of
// its time zone, also when clocks are set, and the sums are those of SQL.
func TestSumsEqualSQLWhereClocksAreSet(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.uncap()
	b.sell("MUG", 500)
	random := rand.New(rand.NewPCG(testkit.Seed(t, "./services/order"), 0))
	for zone, days := range map[string][]time.Time{
		"Europe/Berlin":    {time.Date(2026, 3, 28, 20, 0, 0, 0, time.UTC), time.Date(2026, 10, 24, 20, 0, 0, 0, time.UTC)},
		"America/Santiago": {time.Date(2026, 4, 4, 1, 0, 0, 0, time.UTC), time.Date(2026, 9, 6, 1, 0, 0, 0, time.UTC)},
	} {
		location := b.in(zone)
		for _, from := range days {
			for at := from; at.Before(from.Add(32 * time.Hour)); at = at.Add(30 * time.Minute) {
				o := b.buys(at, "MUG", 1+random.Int32N(5))
				if random.IntN(5) == 0 {
					continue // never paid
				}
				b.confirm(o)
				if random.IntN(3) == 0 {
					b.handle(paymentRefunded(o, uuid.NewString(), 100, 100))
				}
			}
			first, last := from.In(location), from.Add(32*time.Hour).In(location)
			got := lines(b.summary(first.Format(time.DateOnly), last.Format(time.DateOnly)))
			if want := b.summedBySQL(zone, from, from.Add(32*time.Hour)); !slices.Equal(got, want) || len(want) < 2 {
				t.Errorf("%s: sums %q, by SQL %q", zone, got, want)
			}
		}
	}
}

func (b *harness) summedBySQL(zone string, from, until time.Time) (lines []string) {
	b.t.Helper()
	rows, err := b.pool.Query(b.t.Context(), `select (create_time at time zone $1)::date::text, currency, count(*),
	  sum(captured_amount)::bigint, sum(refunded_amount)::bigint from orders where confirmed_version > 0 and create_time >= $2 and create_time < $3
	  group by 1, 2 order by 1, 2`, zone, from, until)
	if err != nil {
		b.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var day, currency string
		var orders, paid, refunded int64
		if err := rows.Scan(&day, &currency, &orders, &paid, &refunded); err != nil {
			b.t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("%s %s %d %s %s %s", day, currency, orders, euros(paid).Decimal(), euros(refunded).Decimal(), euros(paid-refunded).Decimal()))
	}
	return lines
}

// Without days the last thirty are summed up, as the shop's clock shows them.
func TestTheDaysByDefaultAreTheShops(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.in("Pacific/Auckland")
	b.now.Store(time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC).UnixMicro())
	res := b.summary("", "")
	if res.GetStartDate() != "2026-11-02" || res.GetEndDate() != "2026-12-01" || res.GetTimeZone() != "Pacific/Auckland" || len(res.GetSums()) != 0 {
		t.Errorf("got %v", res)
	}
	for _, row := range []struct{ first, last, field string }{
		{"2026-2-1", "", "start_date"}, {"2026-02-30", "", "start_date"}, {"", "today", "end_date"},
		{"2026-01-01", "2026-04-03", "start_date"}, {"2026-04-02", "2026-04-01", "start_date"},
	} {
		_, err := b.client.SummarizeOrders(t.Context(), &orderv1.SummarizeOrdersRequest{StartDate: row.first, EndDate: row.last})
		testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", row.field)
	}
}

// The time zone is the one that the owner set for the storefront, and REST reaches both RPCs:
// their paths are not taken for ids.
func TestTheOwnersTimeZoneIsTheShops(t *testing.T) {
	t.Parallel()
	broker := testkit.Broker(t)
	p := &process{t: t, events: testkit.NewEvents(t, broker)}
	p.serve(kitapp.ContextConfig{
		Database: pg.Config{URL: testkit.DatabaseURL(t, order.Migrations())}, Kafka: broker, SoleWriter: true,
		SettingsFile: file(t, `{"storefront": {"timeZone": "Asia/Tokyo"}}`),
	}, othersURL(t))
	for path, want := range map[string]string{
		"/v1/orders:summarize?startDate=2026-11-01&endDate=2026-11-02": `"timeZone":"Asia/Tokyo"`,
		"/v1/orders:export?filter=state%20%3D%20CONFIRMED":             `{"result":{"csv":"number,create_time,`,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.api+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := testkit.HTTP(t, testkit.Owner()).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if text := strings.ReplaceAll(string(body), " ", ""); err != nil || res.StatusCode != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("%s: %d %s (%v)", path, res.StatusCode, body, err)
		}
	}
}
