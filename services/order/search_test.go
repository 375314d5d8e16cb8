package order_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// found returns the e-mail addresses of the orders that fit, and checks the total.
func (b *harness) found(filter string) []string {
	b.t.Helper()
	var emails []string
	for token := ""; ; {
		res, err := b.client.ListOrders(b.t.Context(), &orderv1.ListOrdersRequest{Filter: filter, PageSize: 2, PageToken: token, IncludeTotalSize: true})
		if err != nil {
			b.t.Fatalf("%s: %v", filter, err)
		}
		for _, o := range res.GetOrders() {
			emails = append(emails, o.GetContact().GetEmail())
		}
		if token = res.GetNextPageToken(); token == "" {
			if res.TotalSize == nil || int(res.GetTotalSize()) != len(emails) {
				b.t.Errorf("%s: a total of %v, listed are %d", filter, res.TotalSize, len(emails))
			}
			return emails
		}
	}
}

// One search box finds an order by how its number, its address or its last name begins.
func TestOrdersAreSearchedByWords(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	var numbers []string
	for _, contact := range []*orderv1.Contact{
		{FirstName: "Ada", LastName: "Lovelace", Email: "Ada@Example.com"},
		{FirstName: "Ada", LastName: "van der Berg", Email: "x_y%@example.com"},
		{FirstName: "Jürgen", LastName: "Straße", Email: "eva@bücher.example"},
		{FirstName: "Lovey", Email: "zoe@example.com"},
	} {
		b.wait(time.Minute)
		req := request()
		req.Contact = contact
		res, err := b.client.PlaceOrder(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, res.GetOrder().GetNumber())
	}
	const ada, berg, eva, zoe = "Ada@Example.com", "x_y%@example.com", "eva@xn--bcher-kva.example", "zoe@example.com"
	for filter, want := range map[string][]string{
		`ADA`: {ada}, `"ada@example.COM"`: {ada}, `love`: {ada}, `lovelace ada`: {ada}, `"ad" "lov"`: {ada}, `ada love state = PLACED`: {ada},
		`ada love state = CONFIRMED`: nil, `ada berg`: nil, `ada van der b`: {berg}, `van der berg`: {berg}, `"van der"`: {berg}, `x_`: {berg}, `x_y%`: {berg},
		`_`: nil, `xay`: nil, `strasse`: {eva}, `JÜRGEN STRASSE`: {eva}, `jürgen`: nil, `eva@bücher.example`: {eva}, `ada zoe`: nil, `lovey`: nil,
		`da`: nil, `exists`: nil,
		numbers[3]: {zoe}, strings.ToLower("#" + numbers[3]): {zoe}, numbers[3][:4]: {zoe}, numbers[3][:6] + " zoe": {zoe}, numbers[3][:3]: nil,
		numbers[3] + " ada": nil, `zoe email = "zoe@example.com"`: {zoe},
	} {
		if got := b.found(filter); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", filter, got, want)
		}
	}
	if all := b.found(""); len(all) != 4 {
		t.Errorf("all are %v", all)
	}
	res, err := b.client.ListOrders(t.Context(), &orderv1.ListOrdersRequest{Filter: "ada"})
	if err != nil || res.TotalSize != nil {
		t.Errorf("nobody asked for a total: %v, %v", res.TotalSize, err)
	}
	for _, filter := range []string{`number`, `-ada`, `ada OR eva`, `""`, `ada phone = "1"`, `ada*`} {
		_, err := b.client.ListOrders(t.Context(), &orderv1.ListOrdersRequest{Filter: filter})
		testkit.Refused(t, err, connect.CodeInvalidArgument, "FILTER_INVALID", "filter")
	}
}

// What is left of an erased person is not found by words.
func TestErasedOrdersAreNotFoundByWords(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	o := b.placed()
	if _, err := b.pool.Exec(t.Context(), `update orders set first_name = '', last_name = '', last_name_key = '', email = '', erased = true`); err != nil {
		t.Fatal(err)
	}
	for filter, want := range map[string]int{`ada`: 0, `lovelace`: 0, o.GetNumber(): 1} {
		if got := b.found(filter); len(got) != want {
			t.Errorf("%s: %v", filter, got)
		}
	}
}

// A confirmed order is overdue when it is not shipped in the time that the shop promises.
func TestConfirmedOrdersBecomeOverdue(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	unpaid, cancelled, shipped, open, recent := b.placed(), b.placed(), b.placed(), b.placed(), b.placed()
	for _, o := range []*orderv1.Order{cancelled, shipped, open} {
		b.confirm(o)
	}
	if _, err := b.client.CancelOrder(t.Context(), &orderv1.CancelOrderRequest{RequestId: request().GetRequestId(), Id: cancelled.GetId()}); err != nil {
		t.Fatal(err)
	}
	overdue := func(filter string) []string {
		t.Helper()
		res, err := b.client.ListOrders(t.Context(), &orderv1.ListOrdersRequest{Filter: filter, OrderBy: "create_time", IncludeTotalSize: true})
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, o := range res.GetOrders() {
			ids = append(ids, o.GetId())
		}
		if int(res.GetTotalSize()) != len(ids) {
			t.Errorf("%s: a total of %d, listed are %d", filter, res.GetTotalSize(), len(ids))
		}
		return ids
	}
	if got := overdue(`overdue = true`); len(got) != 0 {
		t.Errorf("at once: %v", got)
	}
	b.wait(47 * time.Hour)
	b.confirm(recent)
	if got := overdue(`overdue = true`); len(got) != 0 {
		t.Errorf("after 47 hours: %v", got)
	}
	b.wait(90 * time.Minute)
	if _, err := b.client.ShipOrder(t.Context(), &orderv1.ShipOrderRequest{Id: shipped.GetId()}); err != nil {
		t.Fatal(err)
	}
	if got := overdue(`overdue = true`); !slices.Equal(got, []string{open.GetId()}) {
		t.Errorf("after two days: %v, want %s", got, open.GetId())
	}
	for filter, want := range map[string]int{
		`overdue = false`: 4, `overdue != true`: 4, `overdue != false`: 1, `overdue = true AND state = SHIPPED`: 0, `overdue = true ada`: 1, `overdue = true eva`: 0,
		`state = CONFIRMED`: 2, `state != CONFIRMED`: 3, `state = PLACED`: 1, `state = CANCELLED`: 1, `state = SHIPPED`: 1,
	} {
		if got := overdue(filter); len(got) != want {
			t.Errorf("%s: %v, want %d", filter, got, want)
		}
	}
	if got := overdue(`state = PLACED`); !slices.Equal(got, []string{unpaid.GetId()}) {
		t.Errorf("unpaid are %v", got)
	}
}

// An order is disputed from when a bank demands its money back until the bank has decided.
func TestDisputedOrdersAreListedUntilTheBankDecides(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	quiet, lost, open := b.placed(), b.placed(), b.placed()
	for _, o := range []*orderv1.Order{quiet, lost, open} {
		b.confirm(o)
	}
	opened := b.orders.Now()
	b.handle(disputed(lost, 3, paymentv1.DisputeStatus_DISPUTE_STATUS_NEEDS_RESPONSE, opened), disputed(open, 3, paymentv1.DisputeStatus_DISPUTE_STATUS_NEEDS_RESPONSE, opened))
	b.wantListed("disputed = true", lost, open)
	b.handle(disputed(lost, 4, paymentv1.DisputeStatus_DISPUTE_STATUS_LOST, opened), disputed(open, 4, paymentv1.DisputeStatus_DISPUTE_STATUS_UNDER_REVIEW, opened))
	b.wantListed("disputed = true", open)
	b.wantListed("disputed != false AND state = CONFIRMED", open)
	b.wantListed("disputed = true AND state = CANCELLED")
	b.wantListed("disputed = false", quiet, lost)
	b.handle(disputed(open, 5, paymentv1.DisputeStatus_DISPUTE_STATUS_WON, opened))
	b.wantListed("disputed = true")
}
