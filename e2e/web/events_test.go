package web_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// events are the server-sent events that a browser gets.
type events struct {
	t      *testing.T
	status int
	header http.Header
	lines  *bufio.Scanner
	close  func()
}

// event is one of them.
type event struct{ id, kind, data string }

// listens requests events as a browser does. headers are name and value in turn.
func (b *browser) listens(path string, headers ...string) *events {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	if b.cookie != "" {
		req.Header.Set("Cookie", b.cookie)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		b.t.Fatal(err)
	}
	e := &events{b.t, res.StatusCode, res.Header, bufio.NewScanner(res.Body), func() {
		cancel()
		_ = res.Body.Close()
	}}
	b.t.Cleanup(e.close)
	return e
}

// next returns the next event of a kind, empty for one without; io.EOF after the last.
func (e *events) next(kind string) (event, error) {
	var got event
	for e.lines.Scan() {
		name, value, _ := strings.Cut(e.lines.Text(), ": ")
		switch name {
		case "id":
			got.id = value
		case "event":
			got.kind = value
		case "data":
			got.data = value
		case "":
			if got.data != "" && got.kind == kind {
				return got, nil
			}
			got = event{}
		}
	}
	if err := e.lines.Err(); err != nil {
		return got, err
	}
	return got, io.EOF
}

// version returns the next version, which is one.
func (e *events) version() int64 {
	e.t.Helper()
	got, err := e.next("")
	if err != nil {
		e.t.Fatal(err)
	}
	version, err := strconv.ParseInt(got.data, 10, 64)
	if err != nil || got.id != got.data {
		e.t.Errorf("the event is %v", got)
	}
	return version
}

// places orders a blue mug, and returns where the order is, and the order once it is paid.
func (b *browser) places() (string, *orderv1.Order) {
	b.t.Helper()
	b.put("BLUE", "1")
	leads := b.sends("/checkout/place", ada(b.formOf(b.open("/checkout"), "/checkout/place")))
	testkit.Eventually(b.t, "the order is paid", func() bool { return strings.Contains(b.open(leads).body, "your order is paid") })
	for _, order := range b.orders() {
		if "/orders/"+order.GetNumber() == leads {
			return leads, b.order(order.GetId())
		}
	}
	b.t.Fatalf("there is no order %s", leads)
	return "", nil
}

// order reads an order as the owner does.
func (s *shop) order(id string) *orderv1.Order {
	s.t.Helper()
	res, err := s.orderClient.GetOrder(s.t.Context(), &orderv1.GetOrderRequest{Id: id})
	if err != nil {
		s.t.Fatal(err)
	}
	return res.GetOrder()
}

// versions are those that an order came to.
func versions(order *orderv1.Order) []int64 {
	all := make([]int64, len(order.GetHistory()))
	for i, entry := range order.GetHistory() {
		all[i] = entry.GetVersion()
	}
	return all
}

// The open page of an order hears of each version once, in order; one that lost the connection
// goes on after the last that it got, and no one asks when no more can come.
func TestAnOpenOrderHearsOfEachVersionOnce(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	b := &browser{shop: s}
	leads, order := b.places()
	b.open(leads, `data-events="`+leads+"/events?after=")

	all := b.listens(leads + "/events")
	if all.status != http.StatusOK || all.header.Get("Content-Type") != "text/event-stream" || all.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("the events are %d, %v", all.status, all.header)
	}
	seen := versions(order)
	for _, want := range seen {
		if version := all.version(); version != want {
			t.Errorf("the version %d comes in place of %d", version, want)
		}
	}
	if beat, err := all.next("beat"); err != nil || beat.id != "" {
		t.Errorf("between them is %v, %v", beat, err)
	}
	before, now := strconv.FormatInt(seen[len(seen)-2], 10), strconv.FormatInt(seen[len(seen)-1], 10)
	resumed := b.listens(leads+"/events?after=1", "Last-Event-ID", before)
	if version := resumed.version(); version != seen[len(seen)-1] {
		t.Errorf("after %s comes %d", before, version)
	}
	shown := b.listens("/de" + leads + "/events?after=" + now)

	if _, err := s.orderClient.ShipOrder(t.Context(), &orderv1.ShipOrderRequest{Id: order.GetId()}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.orderClient.MarkOrderDelivered(t.Context(), &orderv1.MarkOrderDeliveredRequest{Id: order.GetId()}); err != nil {
		t.Fatal(err)
	}
	come := versions(s.order(order.GetId()))[len(seen):]
	for name, stream := range map[string]*events{"all": all, "resumed": resumed, "of the page": shown} {
		for _, want := range come {
			if version := stream.version(); version != want {
				t.Errorf("%s: the version %d comes in place of %d", name, version, want)
			}
		}
		if more, err := stream.next(""); !errors.Is(err, io.EOF) {
			t.Errorf("%s: after the last comes %v, %v", name, more, err)
		}
	}
	if done := b.listens(leads+"/events", "Last-Event-ID", strconv.FormatInt(come[len(come)-1], 10)); done.status != http.StatusNoContent {
		t.Errorf("after the last version the events are %d", done.status)
	}
	b.lacks(b.open(leads), "data-events")
}

// Who does not open an order does not hear of it, and gets no cookie for asking; an address has
// its share of events, which go on without the others.
func TestEventsAreForWhoOpensTheOrder(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	b := &browser{shop: s}
	leads, _ := b.places()
	other := &browser{shop: s}
	other.put("BLUE", "1")
	for name, stranger := range map[string]*browser{"nobody": {shop: s}, "another": other, "a forged one": {shop: s, cookie: "__Host-shop=" + strings.Repeat("A", 43)}} {
		got := stranger.listens(leads + "/events")
		if got.status != http.StatusNotFound || got.header.Get("Set-Cookie") != "" || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, %v", name, got.status, got.header)
		}
	}
	if status, _ := b.send(leads+"/events", nil); status != http.StatusMethodNotAllowed {
		t.Errorf("POST is %d", status)
	}
	const share = 64
	open := make([]*events, share)
	for i := range open {
		if open[i] = b.listens(leads + "/events"); open[i].status != http.StatusOK {
			t.Fatalf("the %d. stream is %d", i+1, open[i].status)
		}
	}
	if more := b.listens(leads + "/events"); more.status != http.StatusServiceUnavailable || more.header.Get("Retry-After") == "" {
		t.Errorf("one more than the share is %d, %v", more.status, more.header)
	}
	b.open(leads)
	open[0].close()
	testkit.Eventually(t, "the closed stream made room", func() bool { return b.listens(leads+"/events").status == http.StatusOK })
}

// A shop that stops does not wait for open pages.
func TestEventsEndWhenTheShopStops(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	b := &browser{shop: s}
	leads, order := b.places()
	open := b.listens(leads + "/events")
	for range order.GetHistory() {
		open.version()
	}
	s.stop() // it fails the test where something had to be cut off
	if more, err := open.next(""); !errors.Is(err, io.EOF) {
		t.Errorf("after the stop comes %v, %v", more, err)
	}
}
