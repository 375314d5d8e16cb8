package order_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/order/internal/app"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

const linkMail = notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_LINK

// requestLink requests the link of an order, as anybody.
func (b *harness) requestLink(number, email string) {
	b.t.Helper()
	if _, err := b.as(authz.Identity{}).SendOrderLink(b.t.Context(), &orderv1.SendOrderLinkRequest{Number: number, Email: email}); err != nil {
		b.t.Fatal(err)
	}
}

// mailedLinks decides about the links that were requested, and returns the mails that follow.
func (b *harness) mailedLinks() (mails []*orderv1.OrderLinkRequested) {
	b.t.Helper()
	if err := b.orders.MailLinks(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	for _, message := range b.published() {
		if requested, is := message.(*orderv1.OrderLinkRequested); is {
			mails = append(mails, requested)
		}
	}
	return mails
}

// Whoever lost the link gets it anew at the order's own address, however they write number
// and address; what was sent is not sent again, and what is lost is published again.
func TestALinkIsMailedAnew(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	o := b.guestBuys(t, "Ada@Example.com")
	order := o.GetOrder()
	b.published()
	b.requestLink("#"+strings.ToLower(strings.ReplaceAll(order.GetNumber(), "-", "")), " ADA@example.COM ")
	mails := b.mailedLinks()
	if len(mails) != 1 {
		t.Fatalf("%d mails follow, want 1", len(mails))
	}
	notice := mails[0].GetNotice()
	if notice.GetContact().GetEmail() != "Ada@Example.com" || notice.GetNumber() != order.GetNumber() || len(notice.GetLines()) != 1 || uuid.Validate(mails[0].GetRequestId()) != nil {
		t.Errorf("the mail is requested by %v", mails[0])
	}
	if a := b.awaits(order); len(a) != 2 || a[1] != "LINK_MAIL" {
		t.Errorf("the order awaits %v", a)
	}
	// The broker lost the event.
	b.wait(time.Minute)
	if _, err := b.orders.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	var again *orderv1.OrderLinkRequested
	for _, message := range b.published() {
		if m, is := message.(*orderv1.OrderLinkRequested); is {
			again = m
		}
	}
	if again.GetRequestId() != mails[0].GetRequestId() || again.GetNotice().GetVersion() != notice.GetVersion() {
		t.Errorf("published again as %v", again)
	}
	b.handle(mailFailed(order, linkMail, uuid.NewString()))
	if a := b.awaits(order); a[len(a)-1] != "LINK_MAIL" {
		t.Errorf("another mail's end counted: the order awaits %v", a)
	}
	for range 2 {
		b.handle(mailSent(order, linkMail, mails[0].GetRequestId()))
	}
	if a := b.awaits(order); len(a) != 1 && len(a) != 2 || a[len(a)-1] == "LINK_MAIL" {
		t.Errorf("the order awaits %v", a)
	}
	if history := b.get(order).GetHistory(); len(history) > 2 {
		t.Errorf("the history has %v", history)
	}
}

// The answer is one and the same, and so are the statements, whether there is such an order or
// not; whatever was requested leaves no row behind.
func TestNobodyLearnsOfOrdersByRequestingLinks(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	ada := aCustomer()
	own, guests, claimed, over := b.buy(t, ada, request()), b.guestBuys(t, "ada@example.com"), b.guestBuys(t, "ada@example.com"), b.guestBuys(t, "ada@example.com")
	if _, err := b.as(ada).ClaimOrder(t.Context(), &orderv1.ClaimOrderRequest{Id: claimed.GetOrder().GetId(), GuestToken: claimed.GetGuestToken()}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.pool.Exec(t.Context(), `update orders set create_time = $2 where id = $1`, over.GetOrder().GetId(), b.orders.Now().Add(-domain.GuestTokenLife)); err != nil {
		t.Fatal(err)
	}
	b.published()
	statements := &testkit.Statements{}
	deps := b.orders.Deps
	deps.Pool = testkit.Open(t, pg.Config{URL: b.database, Tracer: statements})
	anybody := orderv1connect.NewOrderServiceClient(b.serve(authz.Identity{}, app.NewOrders(deps), b.place))
	var first *orderv1.SendOrderLinkResponse
	var usual string
	for _, row := range []struct{ number, email string }{
		{guests.GetOrder().GetNumber(), "ada@example.com"}, {guests.GetOrder().GetNumber(), "eve@example.com"},
		{own.GetOrder().GetNumber(), "ada@example.com"}, {claimed.GetOrder().GetNumber(), "ada@example.com"},
		{over.GetOrder().GetNumber(), "ada@example.com"}, {"0000-0000", "ada@example.com"},
	} {
		statements.Begin()
		answer, err := anybody.SendOrderLink(t.Context(), &orderv1.SendOrderLinkRequest{Number: row.number, Email: row.email})
		took := statements.End()
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first, usual = answer, took
		}
		if !proto.Equal(answer, first) || took != usual || !strings.Contains(took, "LinkRequestInsert") || strings.Contains(took, "Order") {
			t.Errorf("%v: answered %v, which took\n%s\nwant\n%s", row, answer, took, usual)
		}
	}
	if mails := b.mailedLinks(); len(mails) != 1 || mails[0].GetNotice().GetOrderId() != guests.GetOrder().GetId() {
		t.Errorf("mails follow for %v", mails)
	}
	if n := b.count(`select count(*) from link_requests`); n != 0 {
		t.Errorf("%d requests are left", n)
	}
	for field, req := range map[string]*orderv1.SendOrderLinkRequest{
		"number": {Number: "7K3M-Q2X", Email: "ada@example.com"},
		"email":  {Number: "7K3M-Q2XD", Email: "ada"},
	} {
		_, err := b.as(authz.Identity{}).SendOrderLink(t.Context(), req)
		testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", field)
	}
}

// However many request a link, an address gets one at a time, and three an hour.
func TestAnAddressGetsAFewLinks(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	o := b.guestBuys(t, "ada@example.com").GetOrder()
	b.published()
	for i := range domain.MaxLinkMails + 1 {
		var calls sync.WaitGroup
		for range 4 {
			calls.Go(func() { b.requestLink(o.GetNumber(), "ada@example.com") })
		}
		calls.Wait()
		mails := b.mailedLinks()
		if want := min(1, domain.MaxLinkMails-i); len(mails) != want {
			t.Fatalf("round %d: %d mails, want %d", i, len(mails), want)
		}
		for _, m := range mails {
			b.handle(mailSent(o, linkMail, m.GetRequestId()))
		}
	}
	b.wait(domain.LinkMailWindow)
	b.requestLink(o.GetNumber(), "ada@example.com")
	if mails := b.mailedLinks(); len(mails) != 1 {
		t.Errorf("an hour later %d mails follow", len(mails))
	}
}

// A link that was mailed to a mistyped address is over once the address is corrected, before
// the payment, too; one that was claimed is no longer awaited.
func TestALinkEndsWithTheOrdersToken(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	corrected, claimed := b.guestBuys(t, "ada@exmaple.com"), b.guestBuys(t, "ada@example.com")
	b.requestLink(corrected.GetOrder().GetNumber(), "ada@exmaple.com")
	b.requestLink(claimed.GetOrder().GetNumber(), "ada@example.com")
	if mails := b.mailedLinks(); len(mails) != 2 {
		t.Fatalf("%d mails follow", len(mails))
	}
	contact := &orderv1.Contact{FirstName: "Ada", LastName: "Lovelace", Email: "ada@example.com"}
	if _, err := b.update(&orderv1.Order{Id: corrected.GetOrder().GetId(), Contact: contact}, "contact"); err != nil {
		t.Fatal(err)
	}
	links := b.links(orderMail(corrected, "ada@exmaple.com"), orderMail(corrected, "ada@example.com"))
	if b.opens(corrected.GetGuestToken(), corrected) || links[0] != "" || !b.opens(tokenIn(t, links[1]), corrected) {
		t.Errorf("the links are %q", links)
	}
	if _, err := b.as(aCustomer()).ClaimOrder(t.Context(), &orderv1.ClaimOrderRequest{Id: claimed.GetOrder().GetId(), GuestToken: claimed.GetGuestToken()}); err != nil {
		t.Fatal(err)
	}
	if a := b.awaits(claimed.GetOrder()); len(a) != 1 {
		t.Errorf("the claimed order awaits %v", a)
	}
}

// An order keeps the language that it was placed in, and its events and mails have it.
func TestAnOrderKeepsItsLanguage(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	b.uncap()
	for _, code := range []string{"", "en", "de-AT", "ar", "zh-Hant-TW"} {
		req := request()
		req.LanguageCode = code
		o := b.buy(t, authz.Identity{}, req).GetOrder()
		b.published()
		b.confirm(o)
		for _, message := range b.published() {
			if confirmed, is := message.(*orderv1.OrderConfirmed); is && confirmed.GetNotice().GetLanguageCode() != code {
				t.Errorf("%q: the event has %q", code, confirmed.GetNotice().GetLanguageCode())
			}
		}
		if got := b.get(o).GetLanguageCode(); got != code || o.GetLanguageCode() != code {
			t.Errorf("%q: the order has %q, and was answered with %q", code, got, o.GetLanguageCode())
		}
	}
	for _, code := range []string{"d", "de_AT", "deutsch-österreich", "-de", "de-", "en-" + strings.Repeat("x-", 17)} {
		req := request()
		req.LanguageCode = code
		_, err := b.as(authz.Identity{}).PlaceOrder(t.Context(), req)
		testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "language_code")
	}
	// Another language is another request.
	req := request()
	b.buy(t, authz.Identity{}, req)
	req.LanguageCode = "de"
	_, err := b.as(authz.Identity{}).PlaceOrder(t.Context(), req)
	testkit.Refused(t, err, connect.CodeAlreadyExists, "REQUEST_ID_REUSED")
}
