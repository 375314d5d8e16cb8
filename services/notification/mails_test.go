package notification_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/outbox"
)

// However often an order's events come, in one batch or later, each mail arrives
// once, and the same event is published again.
func TestEachMailIsSentOnceHoweverOftenItIsRequested(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	o := newOrder()
	first, second, shipment := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	all := []outbox.Event{
		o.confirmed(),
		o.refunded(first, eur(1_00), eur(1_00)), o.refunded(second, eur(2_05), eur(3_05)),
		o.shipped(shipment),
		o.cancelled(orderv1.CancelReason_CANCEL_REASON_EXPIRED, ""),
	}
	s.publish(slices.Concat(all, all, all)...)
	s.waitEvents(o, 5)

	var subjects []string
	for _, m := range s.received(o) {
		subjects = append(subjects, m.Subject)
	}
	slices.Sort(subjects)
	want := []string{
		"Order " + o.number + " cancelled", "Order " + o.number + " confirmed", "Order " + o.number + " is on its way",
		"Order " + o.number + ": refund of €1.00", "Order " + o.number + ": refund of €2.05",
	}
	if !slices.Equal(subjects, want) {
		t.Errorf("subjects are %q, want %q", subjects, want)
	}

	once := ids(s.eventsOf(o))
	s.publish(all...)
	s.waitEvents(o, 10)
	if got := ids(s.eventsOf(o)); !slices.Equal(slices.Compact(got), slices.Compact(once)) {
		t.Errorf("published again it published %q, before %q", got, once)
	}
	kinds := map[string]notificationv1.NotificationKind{}
	for _, e := range s.eventsOf(o) {
		if _, ok := e.message.(*notificationv1.NotificationSent); !ok || e.message.GetVersion() != 2 {
			t.Errorf("it published %T %v", e.message, e.message)
		}
		kinds[e.message.GetSubjectId()+e.message.GetKind().String()] = e.message.GetKind()
	}
	for subject, kind := range map[uuid.UUID]notificationv1.NotificationKind{first: refunded, second: refunded, shipment: shipped} {
		if kinds[subject.String()+kind.String()] != kind {
			t.Errorf("nothing was published of %s %s", kind, subject)
		}
	}
	if n := len(s.received(o)); n != 5 {
		t.Errorf("%d mails arrived, want 5", n)
	}
}

func ids(all []received) []string {
	out := make([]string, len(all))
	for i, one := range all {
		out[i] = one.id
	}
	slices.Sort(out)
	return out
}

func TestTheConfirmationShowsTheWholeOrder(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	o := newOrder()
	s.publish(o.confirmed())
	s.waitEvents(o, 1)
	m := s.received(o)[0]

	if want := "Order " + o.number + " confirmed"; m.Subject != want {
		t.Errorf("the subject is %q, want %q", m.Subject, want)
	}
	for _, want := range []string{
		o.number, "Ada O'Neil", "2 × Desk lamp <brass> & \"steel\"", "LAMP-01", "€49.90", "€99.80",
		"10000 × مصباح", "BULB", "€0.05", "€500.00", "€599.80", "Standard delivery: €4.90", "Discount: -€1.00",
		"Total: €603.70", "Ada's Lamps", "Unter den Linden 1 <2>", "10117 Berlin", "Germany",
	} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("the text lacks %q:\n%s", want, m.Text)
		}
	}
	for _, want := range []string{
		o.number, "Ada O&#39;Neil", "Desk lamp &lt;brass&gt; &amp; &#34;steel&#34;", "LAMP-01", "€49.90", "€99.80", ">2</td>",
		"Unter den Linden 1 &lt;2&gt;", "10117 Berlin", "مصباح", `dir="auto"`, "€0.05", "€603.70", `scope="col"`, `scope="row"`, `lang="en"`, "prefers-color-scheme: dark",
	} {
		if !strings.Contains(m.HTML, want) {
			t.Errorf("the HTML lacks %q", want)
		}
	}
	shown := s.get(s.waitStatus(o, sent).GetId())
	for name, want := range map[string]string{
		"Message-Id": "<" + shown.GetId() + "@example.com>", "Auto-Submitted": "auto-generated",
		"From": `"Ada's Lamps" <lamps@example.com>`, "To": `"Ada O'Neil" <` + o.email + `>`,
	} {
		if got := m.Headers[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if m.From != "lamps@example.com" || len(m.Headers["Date"]) != 1 {
		t.Errorf("it came from %s at %s", m.From, m.Headers["Date"])
	}
	if unix(shown.GetText()) != unix(m.Text) || unix(shown.GetHtml()) != unix(m.HTML) || shown.GetSubject() != m.Subject {
		t.Error("GetNotification shows other texts than those that were sent")
	}
}

// unix takes the line ends of mail away.
func unix(text string) string { return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")) }

func TestTheCancellationGivesItsReasonInPlainWords(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	for reason, want := range map[orderv1.CancelReason]string{
		orderv1.CancelReason_CANCEL_REASON_OUT_OF_STOCK:   "less was in stock than you ordered",
		orderv1.CancelReason_CANCEL_REASON_PAYMENT_FAILED: "the payment was declined",
		orderv1.CancelReason_CANCEL_REASON_EXPIRED:        "it was not paid in time",
		orderv1.CancelReason_CANCEL_REASON_REQUESTED:      "on request. What was said: ordered twice",
	} {
		o := newOrder()
		s.publish(o.cancelled(reason, "ordered\r\ntwice"))
		s.waitEvents(o, 1)
		m := s.received(o)[0]
		if !strings.Contains(m.Text, want) {
			t.Errorf("%s: the text lacks %q:\n%s", reason, want, m.Text)
		}
		if reason != orderv1.CancelReason_CANCEL_REASON_REQUESTED && strings.Contains(m.Text+m.HTML, "twice") {
			t.Errorf("%s: an operator's note went to the customer", reason)
		}
	}
}

func TestRefundAndShipmentAreMailed(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	o := newOrder()
	s.publish(o.refunded(uuid.Must(uuid.NewV7()), eur(12_34), eur(20_00)), o.shipped(uuid.Must(uuid.NewV7())))
	s.waitEvents(o, 2)
	all := s.received(o)[0].Text + s.received(o)[1].Text
	for _, want := range []string{"€12.34", "€20.00 of €603.70", "It was broken", "Carrier: Example Parcel", "Tracking code: EP42"} {
		if !strings.Contains(all, want) {
			t.Errorf("the texts lack %q:\n%s", want, all)
		}
	}
}

// The mailbox keeps no more of a person than mails need.
func TestThePhoneNumberIsNotKept(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	o := newOrder()
	s.publish(o.confirmed())
	s.waitStatus(o, sent)
	var kept int
	err := s.pool.QueryRow(t.Context(), "select count(*) from notifications where position('1234567'::bytea in content) > 0").Scan(&kept)
	if err != nil || kept != 0 {
		t.Errorf("%d rows hold the phone number (%v)", kept, err)
	}
}
