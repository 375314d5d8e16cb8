package notification_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services"
)

// orderLink is the link to a guest's order.
func orderLink(id string) string { return "https://shop.example/o/sm_go_" + id }

// orders gives links, as notification sees it: order's contract, on a server of its own.
type orders struct {
	orderv1connect.UnimplementedOrderServiceHandler

	mu      sync.Mutex
	away    int      // how many calls it does not answer
	claimed []string // orders that have no link any more
	wanted  []string // the orders that links were requested for, and the recipients
}

func (s *orders) MintOrderLinks(_ context.Context, req *orderv1.MintOrderLinksRequest) (*orderv1.MintOrderLinksResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away > 0 {
		s.away--
		return nil, fault.New(fault.Unavailable, fault.ReasonUnavailable, "order is away")
	}
	res := &orderv1.MintOrderLinksResponse{}
	for _, m := range req.GetMails() {
		s.wanted = append(s.wanted, m.GetOrderId()+" "+m.GetRecipient())
		link := ""
		if !slices.Contains(s.claimed, m.GetOrderId()) {
			link = orderLink(m.GetOrderId())
		}
		res.Links = append(res.Links, link)
	}
	return res, nil
}

func (s *orders) serve(tb testing.TB) string {
	tb.Helper()
	return testkit.Others(tb, services.Permissions(), func(server *connect.Server) {
		orderv1connect.RegisterOrderServiceHandler(server, s)
	}, "order")
}

// Every mail about a guest's order has the link to it, and nothing else has the link: not the
// mailbox, not what staff reads. A customer's has none, and nobody requests one for it.
func TestMailsOfGuestsLinkToTheirOrders(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	guest, customer := guestOrder("ada.guest@example.com"), newOrder()
	for _, o := range []order{guest, customer} {
		s.publish(
			o.confirmed(), o.cancelled(orderv1.CancelReason_CANCEL_REASON_REQUESTED, ""), o.refunded(uuid.Must(uuid.NewV7()), eur(1), eur(1)),
			o.shipped(uuid.Must(uuid.NewV7())), o.updated(uuid.NewString(), 7, "contact.phone"),
		)
	}
	link := orderLink(guest.id.String())
	const find = "https://shop.example/orders/find"
	for _, m := range s.mailTo(guest.email, 5) {
		if !strings.Contains(m.Text, "\nSee your order: "+link+"\n") || !strings.Contains(m.HTML, `<a dir="ltr" href="`+link+`">`+link+`</a>`) {
			t.Errorf("%s: the mail has no link:\n%s", m.Subject, m.Text)
		}
		if !strings.Contains(m.Text, "\nDoes the link no longer open? Have a new one sent: "+find+"\n") || !strings.Contains(m.HTML, ` href="`+find+`" style="color: #59616d;">`+find+`</a>`) {
			t.Errorf("%s: the mail names no page for another link:\n%s", m.Subject, m.Text)
		}
	}
	for _, m := range s.mailTo(customer.email, 5) {
		if strings.Contains(m.Text+m.HTML, "See your order") || strings.Contains(m.Text+m.HTML, "/orders/find") {
			t.Errorf("%s: a customer's mail has a link:\n%s", m.Subject, m.Text)
		}
	}
	s.orders.mu.Lock()
	for _, wanted := range s.orders.wanted {
		if wanted != guest.id.String()+" "+guest.email {
			t.Errorf("a link was requested for %s", wanted)
		}
	}
	s.orders.mu.Unlock()
	s.waitEvents(guest, 5)
	for _, m := range s.list(guest) {
		shown := s.get(m.GetId())
		if strings.Contains(shown.GetText()+shown.GetHtml(), "sm_go_") || !strings.Contains(shown.GetText(), "See your order: [link removed]\nDoes the link no longer open? Have a new one sent: [link removed]\n") {
			t.Errorf("%s: staff reads\n%s", m.GetKind(), shown.GetText())
		}
	}
	var rows int
	if err := s.pool.QueryRow(t.Context(), `select count(*) from notifications where position('sm_go_'::bytea in content) > 0 or to_jsonb(notifications)::text like '%sm_go_%'`).Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d rows hold a link, %v", rows, err)
	}
}

// A mail waits for the link while order is away. One that is resent after the order was
// claimed goes without; order, which judges that, is given the address that it goes to.
func TestMailsWaitForTheLinksToTheirOrders(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	s.orders.mu.Lock()
	s.orders.away = 2
	s.orders.mu.Unlock()
	o := guestOrder("late.guest@example.com")
	s.publish(o.confirmed())
	if m := s.mailTo(o.email, 1)[0]; !strings.Contains(m.Text, orderLink(o.id.String())) {
		t.Errorf("the mail has no link:\n%s", m.Text)
	}
	m := s.waitStatus(o, sent)
	if tried := m.GetAttempts(); len(tried) != 3 || tried[0].GetResult() != "order gave no link" {
		t.Errorf("the attempts were %v", tried)
	}
	s.orders.mu.Lock()
	s.orders.claimed = []string{o.id.String()}
	s.orders.mu.Unlock()
	if _, err := s.mails.ResendNotification(t.Context(), &notificationv1.ResendNotificationRequest{Id: m.GetId(), Recipient: "other@example.com"}); err != nil {
		t.Fatal(err)
	}
	resent := s.mailTo("other@example.com", 1)[0]
	if strings.Contains(resent.Text+resent.HTML, "See your order") || !strings.Contains(resent.Text, o.number) {
		t.Errorf("the mail was resent as\n%s", resent.Text)
	}
	s.orders.mu.Lock()
	defer s.orders.mu.Unlock()
	if want := []string{o.id.String() + " " + o.email, o.id.String() + " other@example.com"}; !slices.Equal(s.orders.wanted, want) {
		t.Errorf("links were requested for %q, want %q", s.orders.wanted, want)
	}
}

// linkRequested has somebody request the link of an order.
func (o order) linkRequested(id string) outbox.Event {
	return o.event(8, &orderv1.OrderLinkRequested{Notice: o.notice, RequestId: id})
}

// A mail that somebody requested holds the link and nothing that was ordered, once for each
// request. It waits for its link however long that takes.
func TestALinkIsMailedOnRequest(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	s.orders.mu.Lock()
	s.orders.away = 2
	s.orders.mu.Unlock()
	o := guestOrder("lost.link@example.com")
	first, second := uuid.NewString(), uuid.NewString()
	s.publish(o.linkRequested(first), o.linkRequested(first), o.linkRequested(second))
	for _, m := range s.mailTo(o.email, 2) {
		if m.Subject != "The link to your order "+o.number || !strings.Contains(m.Text, "See your order: "+orderLink(o.id.String())+"\n") || strings.Contains(m.Text, "LAMP-01") {
			t.Errorf("%s:\n%s", m.Subject, m.Text)
		}
	}
	for _, e := range s.waitEvents(o, 2) {
		done, is := e.message.(*notificationv1.NotificationSent)
		if !is || done.GetKind() != notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_LINK || done.GetSubjectId() != first && done.GetSubjectId() != second {
			t.Errorf("published %v", e.message)
		}
	}
	for _, m := range s.list(o) {
		if shown := s.get(m.GetId()); strings.Contains(shown.GetText()+shown.GetHtml(), "sm_go_") {
			t.Errorf("staff reads\n%s", shown.GetText())
		}
	}
}

// Where no token opens the order any more, a mail that is nothing but the link is not sent.
func TestALinkThatIsOverIsNotMailed(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	claimed, customers := guestOrder("claimed.link@example.com"), newOrder()
	s.orders.mu.Lock()
	s.orders.claimed = []string{claimed.id.String()}
	s.orders.mu.Unlock()
	for _, o := range []order{claimed, customers} {
		s.publish(o.linkRequested(uuid.NewString()))
		if m := s.waitStatus(o, failed); len(m.GetAttempts()) != 1 {
			t.Errorf("the mail was tried %d times", len(m.GetAttempts()))
		}
		if mails := s.received(o); len(mails) != 0 {
			t.Errorf("mailed %v", mails)
		}
	}
}
