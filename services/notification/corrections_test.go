package notification_test

import (
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	"github.com/shopmesh/shopmesh/kit/embedded/inbox"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// Each correction of a paid order is mailed once to the contact as it is now, names what
// changed, and names the delivery address as it is now.
func TestACorrectionIsMailedToTheNewContactOnce(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	o := newOrder()
	s.publish(o.confirmed())
	s.waitEvents(o, 1)

	o.email = "new-" + o.email
	o.notice.Contact.Email, o.notice.ShippingAddress.AddressLines = o.email, []string{"Marktplatz 3 <4>"}
	moved := o.updated(uuid.NewString(), 4, "contact.email", "contact.first_name", "contact.last_name", "contact.phone", "shipping_address")
	tracked := o.updated(uuid.NewString(), 5, "shipment.tracking_code")
	s.publish(moved, moved, tracked)
	s.waitEvents(o, 3)
	s.publish(moved, tracked)
	all := s.waitEvents(o, 5)
	for _, event := range all[1:] {
		if event.message.GetKind() != updated {
			t.Errorf("published %v", event.message)
		}
	}
	if first, again := ids(all[1:3]), ids(all[3:5]); first[0] != again[0] || first[1] != again[1] {
		t.Errorf("published again it published %q, before %q", again, first)
	}

	arrived := s.received(o)
	if len(arrived) != 2 {
		t.Fatalf("%d mails arrived at the new address, want 2", len(arrived))
	}
	of := func(what string) inbox.Mail {
		t.Helper()
		for _, m := range arrived {
			if strings.Contains(m.Text, what) {
				return m
			}
		}
		t.Fatalf("no mail has %q: %v", what, arrived)
		return inbox.Mail{}
	}
	m := of("Delivery address\nMarktplatz 3 <4>")
	if want := "Order " + o.number + " was changed"; m.Subject != want {
		t.Errorf("the subject is %q, want %q", m.Subject, want)
	}
	m = of("- E-mail address: " + o.email)
	for _, want := range []string{"- Name: Ada O'Neil\n", "- Phone number\n", "- Delivery address\n", "Marktplatz 3 <4>", "10117 Berlin"} {
		if !strings.Contains(unix(m.Text), want) {
			t.Errorf("the text lacks %q:\n%s", want, m.Text)
		}
	}
	for _, want := range []string{"E-mail address", o.email, "Phone number", "Marktplatz 3 &lt;4&gt;", "10117 Berlin"} {
		if !strings.Contains(m.HTML, want) {
			t.Errorf("the HTML lacks %q", want)
		}
	}
	if strings.Count(m.Text, "- Name") != 1 || strings.Contains(m.Text, "Tracking code") {
		t.Errorf("the text names what did not change, or names it twice:\n%s", m.Text)
	}
	if m = of("- Tracking code: EP42"); !strings.Contains(m.Text, "Marktplatz 3 <4>") || strings.Contains(m.Text, "- E-mail") {
		t.Errorf("the mail of the tracking code is\n%s", m.Text)
	}
}

// A mail that is resent names the delivery address as it is by then, whatever order the
// corrections arrived in, and so does the mail of an older correction. The mailbox shows
// what was sent last; an erasure blanks it.
func TestAResentMailNamesTheAddressAsItIsNow(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	o := newOrder()
	s.publish(o.confirmed())
	s.waitEvents(o, 1)
	first, second := o.moved(4, "Marktplatz 3"), o.moved(5, "Hafenstraße 7")
	s.publish(second)
	s.waitEvents(o, 2)
	s.publish(first)
	s.waitEvents(o, 3)
	for n, m := range s.list(o) {
		old := s.get(m.GetId()).GetText()
		if m.GetKind() == confirmed && (!strings.Contains(old, "Unter den Linden") || strings.Contains(old, "Hafenstraße")) {
			t.Errorf("before it was resent, the mailbox shows\n%s", old)
		}
		s.resend(m)
		s.waitEvents(o, 4+n)
		if now := s.get(m.GetId()).GetText(); !strings.Contains(now, "Hafenstraße 7") {
			t.Errorf("the mailbox shows of the %s\n%s", m.GetKind(), now)
		}
	}
	arrived := s.received(o)
	if len(arrived) != 6 {
		t.Fatalf("%d mails arrived, want 3 and each once more", len(arrived))
	}
	for _, m := range arrived[3:] {
		if !strings.Contains(m.Text, "Hafenstraße 7") || strings.Contains(m.Text, "Unter den Linden") || strings.Contains(m.Text, "Marktplatz") {
			t.Errorf("%q was resent with\n%s", m.Subject, m.Text)
		}
	}
	s.publish(o.erased())
	testkit.Eventually(t, "the mails are blank", func() bool {
		var left int
		err := s.pool.QueryRow(t.Context(), "select count(*) from notifications where recipient <> '' or content <> ''").Scan(&left)
		return err == nil && left == 0
	})
}

// The texts of delivered mails are dropped in time. A mail whose address was corrected in
// one of them could only be resent with the old address, so it is refused, unless it took
// the new one over before.
func TestAMailIsNotResentWhenTheCorrectionOfItsAddressIsGone(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	stale, current := newOrder(), newOrder()
	for _, o := range []order{stale, current} {
		s.publish(o.confirmed())
		s.waitEvents(o, 1)
		s.publish(o.moved(4, "Hafenstraße 7"))
		s.waitEvents(o, 2)
	}
	confirmation := func(o order) *notificationv1.Notification { return s.list(o)[0] }
	s.resend(confirmation(current))
	s.waitEvents(current, 3)
	if _, err := s.pool.Exec(t.Context(), "update notifications set content = '' where kind = 5"); err != nil {
		t.Fatal(err)
	}
	_, err := s.mails.ResendNotification(t.Context(), &notificationv1.ResendNotificationRequest{Id: confirmation(stale).GetId()})
	testkit.Refused(t, err, connect.CodeFailedPrecondition, "NOTIFICATION_STATE")
	s.resend(confirmation(current))
	s.waitEvents(current, 4)
	if all := s.received(current); len(all) != 4 || !strings.Contains(all[3].Text, "Hafenstraße 7") {
		t.Errorf("the customer got %v", all)
	}
}

// moved is a correction of the delivery address, as the order's version.
func (o order) moved(version int64, street string) outbox.Event {
	o.notice = proto.CloneOf(o.notice)
	o.notice.Version, o.notice.ShippingAddress.AddressLines = version, []string{street}
	return o.updated(uuid.NewString(), version, "shipping_address")
}

func (s *harness) resend(m *notificationv1.Notification) {
	s.t.Helper()
	if _, err := s.mails.ResendNotification(s.t.Context(), &notificationv1.ResendNotificationRequest{Id: m.GetId()}); err != nil {
		s.t.Fatalf("resend the %s: %v", m.GetKind(), err)
	}
}

// An order that is not paid yet needs no mail about a correction, and somebody who was
// erased gets none.
func TestNobodyIsMailedAboutACorrectionThatNeedsNoMail(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	unpaid, gone := newOrder(), newOrder()
	s.publish(unpaid.updated("", 2, "contact.email"), unpaid.confirmed(), gone.customerErased())
	s.waitStatus(unpaid, sent)
	if mails := s.received(unpaid); len(mails) != 1 || strings.Contains(mails[0].Subject, "changed") {
		t.Errorf("the unpaid order's customer got %v", mails)
	}
	testkit.Eventually(t, "the person is erased", func() bool {
		var n int
		err := s.pool.QueryRow(t.Context(), "select count(*) from erased_customers").Scan(&n)
		return err == nil && n == 1
	})
	s.publish(gone.updated(uuid.NewString(), 4, "contact.email"))
	s.waitStatus(gone, erased)
	if mails := s.received(gone); len(mails) > 0 {
		t.Errorf("the person who was erased got %v", mails)
	}
}
