package order_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func TestCancelShipAndDeliverFollowTheStates(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	o := b.placed()
	_, err := b.client.ShipOrder(t.Context(), &orderv1.ShipOrderRequest{Id: o.GetId()})
	testkit.Refused(t, err, connect.CodeFailedPrecondition, "ORDER_STATE")
	b.confirm(o)
	b.published()
	_, err = b.client.MarkOrderDelivered(t.Context(), &orderv1.MarkOrderDeliveredRequest{Id: o.GetId()})
	testkit.Refused(t, err, connect.CodeFailedPrecondition, "ORDER_STATE")
	_, err = b.client.ShipOrder(t.Context(), &orderv1.ShipOrderRequest{Id: o.GetId(), Etag: o.GetEtag()})
	testkit.Refused(t, err, connect.CodeAborted, "ETAG_MISMATCH")

	sent, err := b.client.ShipOrder(t.Context(), &orderv1.ShipOrderRequest{Id: o.GetId(), Etag: b.get(o).GetEtag(), Carrier: "DHL", TrackingCode: "00340"})
	if err != nil {
		t.Fatal(err)
	}
	if s := sent.GetOrder(); s.GetState() != orderv1.OrderState_ORDER_STATE_SHIPPED || s.GetShipment().GetCarrier() != "DHL" || !proto.Equal(s, b.get(o)) {
		t.Errorf("shipped as %v", s)
	}
	published := b.wantPublished("OrderShipped")[0].(*orderv1.OrderShipped)
	if published.GetShipment().GetId() == "" || len(published.GetNotice().GetLines()) != 1 || published.GetNotice().GetContact().GetEmail() == "" {
		t.Errorf("published %v", published)
	}
	_, err = b.client.ShipOrder(t.Context(), &orderv1.ShipOrderRequest{Id: o.GetId()})
	testkit.Refused(t, err, connect.CodeFailedPrecondition, "ORDER_STATE")
	_, err = b.client.CancelOrder(t.Context(), &orderv1.CancelOrderRequest{RequestId: uuid.NewString(), Id: o.GetId()})
	testkit.Refused(t, err, connect.CodeFailedPrecondition, "ORDER_STATE")
	rows := b.count(`select count(*) from order_history`)
	got, err := b.client.MarkOrderDelivered(t.Context(), &orderv1.MarkOrderDeliveredRequest{Id: o.GetId()})
	if err != nil || got.GetOrder().GetState() != orderv1.OrderState_ORDER_STATE_DELIVERED || got.GetOrder().GetShipment().GetDeliverTime() == nil || !proto.Equal(got.GetOrder(), b.get(o)) {
		t.Errorf("delivered as %v, %v", got, err)
	}
	b.wantPublished("OrderDelivered")
	if n := b.count(`select count(*) from order_history`); n != rows+1 || len(got.GetOrder().GetHistory()) != 5 {
		t.Errorf("history has %d rows, %v", n, got.GetOrder().GetHistory())
	}
}

// What is typed about an order is in mails, on labels and in its history: what nobody can
// read there is refused, the same whether an order is shipped or its shipment corrected.
func TestWhatNobodyCanReadIsRefused(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	o := b.placed()
	b.confirm(o)
	for _, text := range []string{"\u3164", " \u200b\u2800 ", "a\x00b"} {
		_, err := b.client.CancelOrder(t.Context(), &orderv1.CancelOrderRequest{RequestId: uuid.NewString(), Id: o.GetId(), Reason: text})
		testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "reason")
	}
	for _, text := range []string{"\u3164", "a\x00b", "DHL\r\nBcc: eve@example.com", "DHL\u2028Express", "DHL\x7f"} {
		_, err := b.client.ShipOrder(t.Context(), &orderv1.ShipOrderRequest{Id: o.GetId(), Carrier: text, TrackingCode: text})
		testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "carrier", "tracking_code")
	}
	if got := b.get(o).GetState(); got != orderv1.OrderState_ORDER_STATE_CONFIRMED {
		t.Fatalf("the order is %s", got)
	}
	if _, err := b.client.ShipOrder(t.Context(), &orderv1.ShipOrderRequest{Id: o.GetId(), Carrier: "DHL", TrackingCode: "1"}); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"\u3164", "DHL\r\nBcc: eve@example.com"} {
		_, err := b.update(&orderv1.Order{Id: o.GetId(), Shipment: &orderv1.Shipment{Carrier: text, TrackingCode: text}})
		testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "order.shipment.carrier", "order.shipment.tracking_code")
	}
}

func TestCancellingTwiceWithOneRequestIdAnswersTheSame(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	o := b.placed()
	req := &orderv1.CancelOrderRequest{RequestId: uuid.NewString(), Id: o.GetId(), Reason: "changed my mind"}
	first, err := b.client.CancelOrder(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if c := first.GetOrder(); c.GetCancelReason() != orderv1.CancelReason_CANCEL_REASON_REQUESTED || c.GetHistory()[1].GetNote() != "changed my mind" || c.GetExpireTime() != nil {
		t.Errorf("cancelled as %v", c)
	}
	published := b.wantPublished("OrderCancelled")[0].(*orderv1.OrderCancelled)
	if published.GetPaymentRequested() || published.GetReason() != orderv1.CancelReason_CANCEL_REASON_REQUESTED || published.GetNote() != "changed my mind" {
		t.Errorf("published %v", published)
	}
	again, err := b.client.CancelOrder(t.Context(), req)
	if err != nil || !proto.Equal(again, first) {
		t.Errorf("again: %v, %v", again, err)
	}
	b.wantPublished()
	other := proto.CloneOf(req)
	other.Reason = "something else"
	_, err = b.client.CancelOrder(t.Context(), other)
	testkit.Refused(t, err, connect.CodeAlreadyExists, "REQUEST_ID_REUSED")
	other.RequestId = uuid.NewString()
	_, err = b.client.CancelOrder(t.Context(), other)
	testkit.Refused(t, err, connect.CodeFailedPrecondition, "ORDER_STATE")
}

func TestNobodySeesSomebodyElsesOrder(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	ada, eve := authz.Identity{Kind: authz.Customer, ID: uuid.NewString()}, authz.Identity{Kind: authz.Customer, ID: uuid.NewString()}
	res, err := b.as(ada).PlaceOrder(t.Context(), request())
	if err != nil {
		t.Fatal(err)
	}
	guests := b.placed()
	for who, client := range map[string]struct {
		id  string
		may bool
		as  authz.Identity
	}{
		"her own": {res.GetOrder().GetId(), true, ada}, "another's": {res.GetOrder().GetId(), false, eve},
		"a guest's": {guests.GetId(), false, eve}, "nobody's": {uuid.NewString(), false, eve},
	} {
		c := b.as(client.as)
		_, getErr := c.GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: client.id})
		stream, err := c.WatchOrder(t.Context(), &orderv1.WatchOrderRequest{Id: client.id})
		if err != nil {
			t.Fatal(err)
		}
		_, watchErr := stream.Receive()
		_ = stream.Close()
		if client.may {
			if getErr != nil || watchErr != nil {
				t.Errorf("%s: %v, %v", who, getErr, watchErr)
			}
			continue
		}
		_, cancelErr := c.CancelOrder(t.Context(), &orderv1.CancelOrderRequest{RequestId: uuid.NewString(), Id: client.id})
		for _, err := range []error{getErr, watchErr, cancelErr} {
			if got := testkit.Refused(t, err, connect.CodeNotFound, "ORDER_NOT_FOUND").Message; got != "there is no order with the id "+client.id {
				t.Errorf("%s: %q reveals more", who, got)
			}
		}
	}
	_, err = b.as(ada).ShipOrder(t.Context(), &orderv1.ShipOrderRequest{Id: res.GetOrder().GetId()})
	testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")
	_, err = b.as(ada).GetOrderTimeline(t.Context(), &orderv1.GetOrderTimelineRequest{Id: res.GetOrder().GetId()})
	testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")
	_, err = b.as(authz.Identity{}).GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: guests.GetId()})
	testkit.Refused(t, err, connect.CodeUnauthenticated, "UNAUTHENTICATED")
}

func TestOrdersAreListedByFilterInPages(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	var all []*orderv1.Order
	for i := range 7 {
		b.wait(time.Minute)
		req := request()
		if i%2 == 0 {
			req.Contact = &orderv1.Contact{FirstName: "Grace", LastName: "Hopper", Email: "grace@example.com"}
			req.CustomerId = "0190f3c5-0000-7000-8000-000000000001"
		}
		res, err := b.client.PlaceOrder(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, res.GetOrder())
	}
	b.confirm(all[3])
	list := func(filter, order string) []int {
		var found []int
		token := ""
		for {
			res, err := b.client.ListOrders(t.Context(), &orderv1.ListOrdersRequest{Filter: filter, OrderBy: order, PageSize: 2, PageToken: token})
			if err != nil {
				t.Fatalf("%s: %v", filter, err)
			}
			for _, o := range res.GetOrders() {
				if len(o.GetLines()) != 1 || len(o.GetHistory()) != 0 {
					t.Errorf("listed %v", o)
				}
				found = append(found, slices.IndexFunc(all, func(x *orderv1.Order) bool { return x.GetId() == o.GetId() }))
			}
			if token = res.GetNextPageToken(); token == "" {
				return found
			}
		}
	}
	for _, row := range []struct {
		filter, order string
		want          []int
	}{
		{"", "", []int{6, 5, 4, 3, 2, 1, 0}},
		{"", "create_time", []int{0, 1, 2, 3, 4, 5, 6}},
		{"state = CONFIRMED", "", []int{3}},
		{"state = PLACED", "create_time", []int{0, 1, 2, 4, 5, 6}},
		{`email = "ADA@example.COM"`, "", []int{5, 3, 1}},
		{`last_name = "hopper" AND state = PLACED`, "", []int{6, 4, 2, 0}},
		{`number = "` + all[2].GetNumber() + `"`, "", []int{2}},
		{`customer_id = "0190f3c5-0000-7000-8000-000000000001"`, "create_time", []int{0, 2, 4, 6}},
		{`create_time >= "2026-11-22T06:05:00Z" AND create_time < "2026-11-22T06:07:00Z"`, "", []int{5, 4}},
		{`email = "x' OR 1=1--"`, "", nil},
	} {
		if got := list(row.filter, row.order); !slices.Equal(got, row.want) {
			t.Errorf("%s %s: %v, want %v", row.filter, row.order, got, row.want)
		}
	}
	for _, filter := range []string{`phone = "1"`, `state = GONE`, `email ~ "x"`, `email < "a"`, `state = PLACED OR state = CONFIRMED`} {
		_, err := b.client.ListOrders(t.Context(), &orderv1.ListOrdersRequest{Filter: filter})
		testkit.Refused(t, err, connect.CodeInvalidArgument, "FILTER_INVALID", "filter")
	}
	_, err := b.client.ListOrders(t.Context(), &orderv1.ListOrdersRequest{PageToken: "x"})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "PAGE_TOKEN_INVALID", "page_token")
}

func TestTheTimelineMergesContextsAndNamesThoseThatAreAway(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	o := b.placed()
	b.confirm(o)
	res, err := b.client.GetOrderTimeline(t.Context(), &orderv1.GetOrderTimelineRequest{Id: o.GetId()})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, e := range res.GetEntries() {
		kinds = append(kinds, e.GetContext()+"/"+e.GetKind())
	}
	if got := strings.Join(kinds, " "); got != "order/PLACED order/AWAITING_PAYMENT order/CONFIRMED inventory/SALE" || !slices.Equal(res.GetMissing(), []string{"payment"}) {
		t.Errorf("the timeline is %s, missing %v", got, res.GetMissing())
	}
	_, err = b.client.GetOrderTimeline(t.Context(), &orderv1.GetOrderTimelineRequest{Id: uuid.NewString()})
	testkit.Refused(t, err, connect.CodeNotFound, "ORDER_NOT_FOUND")
}

// watch reads a stream to its end.
func (b *harness) watch(id string, after int64) ([]int64, error) {
	stream, err := b.client.WatchOrder(b.t.Context(), &orderv1.WatchOrderRequest{Id: id, AfterVersion: after})
	if err != nil {
		return nil, err
	}
	defer func() { _ = stream.Close() }()
	var versions []int64
	for {
		res, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			return versions, nil
		}
		if err != nil {
			return versions, err
		}
		versions = append(versions, res.GetEntry().GetVersion())
	}
}

func TestEveryWatcherGetsEveryEntryOnceInOrder(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	const orders = 8
	var watching sync.WaitGroup
	for i := range orders {
		o := b.placed()
		for after := range int64(3) {
			watching.Go(func() {
				want := []int64{1, 2, 3, 4, 5}[after:]
				if got, err := b.watch(o.GetId(), after); err != nil || !slices.Equal(got, want) {
					t.Errorf("order %d after %d: %v, %v", i, after, got, err)
				}
			})
		}
		watching.Go(func() {
			b.confirm(o)
			if _, err := b.client.ShipOrder(t.Context(), &orderv1.ShipOrderRequest{Id: o.GetId()}); err != nil {
				t.Error(err)
			}
			if _, err := b.client.MarkOrderDelivered(t.Context(), &orderv1.MarkOrderDeliveredRequest{Id: o.GetId()}); err != nil {
				t.Error(err)
			}
		})
	}
	watching.Wait()
	o := b.placed()
	if _, err := b.client.CancelOrder(t.Context(), &orderv1.CancelOrderRequest{RequestId: uuid.NewString(), Id: o.GetId()}); err != nil {
		t.Fatal(err)
	}
	if got, err := b.watch(o.GetId(), 0); err != nil || !slices.Equal(got, []int64{1, 2}) {
		t.Errorf("of the past: %v, %v", got, err)
	}
	if got, err := b.watch(o.GetId(), 99); err != nil || len(got) != 0 {
		t.Errorf("beyond the end: %v, %v", got, err)
	}
}

func TestADrainEndsStreams(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	o := b.placed()
	stream, err := b.client.WatchOrder(t.Context(), &orderv1.WatchOrderRequest{Id: o.GetId()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stream.Close() }()
	if _, err := stream.Receive(); err != nil {
		t.Fatal(err)
	}
	b.streams.Drain()
	_, err = stream.Receive()
	testkit.Refused(t, err, connect.CodeUnavailable, "DRAINING")
}

func TestTheSweeperExpiresAndRepublishes(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	if _, err := b.client.PlaceOrder(t.Context(), request()); err != nil {
		t.Fatal(err)
	}
	first := b.publishedWithIDs()
	b.sweep(0)
	b.wantPublished()
	b.wait(30 * time.Second)
	b.sweep(1)
	again := b.publishedWithIDs()
	if len(again) != 1 || again[0].id != first[0].id || !proto.Equal(again[0].message, first[0].message) {
		t.Errorf("published again with %v after %v", again, first)
	}
	b.sweep(0)
	b.wait(59 * time.Second)
	b.sweep(0)
	b.wait(29 * time.Minute)
	b.sweep(1)
	if published := b.wantPublished("OrderCancelled")[0].(*orderv1.OrderCancelled); published.GetReason() != orderv1.CancelReason_CANCEL_REASON_EXPIRED {
		t.Errorf("published %v", published)
	}
	var due time.Time
	for range 12 {
		if err := b.pool.QueryRow(t.Context(), `select due_time from orders`).Scan(&due); err != nil {
			t.Fatal(err)
		}
		b.now.Store(due.UnixMicro())
		b.sweep(1)
		b.wantPublished("OrderCancelled")
	}
	var findings []string
	err := b.audit(&findings)
	if err != nil || !slices.Equal(findings, []string{"ORDER_STUCK"}) {
		t.Errorf("found %v, %v", findings, err)
	}
}

func (b *harness) sweep(want int) {
	b.t.Helper()
	if n, err := b.orders.Sweep(b.t.Context()); err != nil || n != want {
		b.t.Errorf("swept %d, %v; want %d", n, err, want)
	}
}

func TestManySweepersSweepEachOrderOnce(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	const many = 450
	var placing sync.WaitGroup
	for range many {
		placing.Go(func() {
			if _, err := b.client.PlaceOrder(t.Context(), request()); err != nil {
				t.Error(err)
			}
		})
	}
	placing.Wait()
	b.published()
	b.wait(time.Hour)
	for range 4 {
		placing.Go(func() {
			if _, err := b.orders.Sweep(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	placing.Wait()
	b.sweep(0)
	if published := b.published(); len(published) != many {
		t.Errorf("%d orders were cancelled, of %d", len(published), many)
	}
}

func TestTheAuditStatesEveryOrderAndWhatIsWrong(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	o := b.placed()
	b.confirm(o)
	b.placed()
	var findings []string
	if err := b.audit(&findings); err != nil || len(findings) != 0 {
		t.Fatalf("found %v, %v", findings, err)
	}
	for _, sql := range []string{`delete from order_lines where order_id = $1`, `delete from order_history where order_id = $1 and version = 2`} {
		if _, err := b.pool.Exec(t.Context(), sql, o.GetId()); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.audit(&findings); err != nil || !slices.Equal(findings, []string{"TOTAL_MISMATCH", "HISTORY_MISMATCH"}) {
		t.Errorf("found %v, %v", findings, err)
	}
}
