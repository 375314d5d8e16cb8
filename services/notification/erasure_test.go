package notification_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func causeOf(t *testing.T, one received) string {
	t.Helper()
	failure, ok := one.message.(*notificationv1.NotificationFailed)
	if !ok {
		t.Fatalf("it published %T", one.message)
	}
	return failure.GetCause()
}

// personal counts the rows that hold anything of a person.
func (s *harness) personal() (count int) {
	s.t.Helper()
	err := s.pool.QueryRow(s.t.Context(), `select count(*) from notifications
		where recipient <> '' or subject <> '' or content <> '' or position('@' in cause) > 0`).Scan(&count)
	if err != nil {
		s.t.Fatal(err)
	}
	return count
}

func TestAnErasureBlanksWhatWasSent(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	o := newOrder()
	s.publish(o.confirmed())
	m := s.waitStatus(o, sent)
	s.waitEvents(o, 1)
	s.publish(o.customerErased())
	testkit.Eventually(t, "the mail is blank", func() bool { return s.list(o)[0].GetRecipient() == "" })
	got := s.get(m.GetId())
	if got.GetStatus() != sent || got.GetSubject() != "" || got.GetText() != "" || got.GetHtml() != "" || got.GetSendTime() == nil || len(got.GetAttempts()) != 1 {
		t.Errorf("what is left is %v", got)
	}
	if n := s.personal(); n != 0 {
		t.Errorf("%d rows hold personal data", n)
	}
	// Its event stays what it was.
	s.publish(o.confirmed())
	if events := s.waitEvents(o, 2); events[0].id != events[1].id {
		t.Errorf("it published %s, before %s", events[1].id, events[0].id)
	}
}

func TestAnErasureEndsWhatIsNotSent(t *testing.T) {
	t.Parallel()
	server, with := scripted(t, func(verb, _ string) string {
		if verb == "RCPT" {
			return "451 4.7.1 later"
		}
		return ""
	})
	s := newHarness(t, with)
	o := newOrder()
	s.publish(o.confirmed())
	testkit.Eventually(t, "it was tried", func() bool {
		found := s.list(o)
		return len(found) == 1 && len(found[0].GetAttempts()) > 0
	})
	s.publish(o.customerErased(), o.customerErased())
	m := s.waitStatus(o, erased)
	if m.GetRecipient() != "" || m.GetNextAttemptTime() != nil {
		t.Errorf("what is left is %v", m)
	}
	if cause := causeOf(t, s.waitEvents(o, 1)[0]); cause != "erased" {
		t.Errorf("the cause is %q", cause)
	}
	if n := s.personal(); n != 0 {
		t.Errorf("%d rows hold personal data", n)
	}
	s.publish(o.confirmed())
	if events := s.waitEvents(o, 2); events[0].id != events[1].id {
		t.Errorf("it published %s, before %s", events[1].id, events[0].id)
	}
	if n := len(server.Mails()); n != 0 {
		t.Errorf("%d mails arrived", n)
	}
}

// Events of customers and orders come in any order: whichever is first, nobody is
// written to after the erasure, and nothing of them is kept.
func TestAnErasureBeforeTheOrderIsAppliedSendsNothing(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	stale, together, empty := newOrder(), newOrder(), newOrder()
	guest := newOrder()
	guest.notice.CustomerId = ""

	s.publish(stale.customerErased())
	testkit.Eventually(t, "the erasure is known", func() bool {
		var n int
		return s.pool.QueryRow(t.Context(), "select count(*) from erased_customers").Scan(&n) == nil && n == 1
	})
	// An event from before the erasure, both at once, and an event from after it.
	s.publish(stale.confirmed(), together.confirmed(), together.customerErased(), empty.forgotten().confirmed(),
		guest.forgotten().shipped(uuid.Must(uuid.NewV7())))
	for name, o := range map[string]order{"stale": stale, "empty": empty, "guest": guest} {
		s.waitStatus(o, erased)
		if cause := causeOf(t, s.waitEvents(o, 1)[0]); cause != "erased" {
			t.Errorf("%s: the cause is %q", name, cause)
		}
		if n := len(s.received(o)); n != 0 {
			t.Errorf("%s: %d mails arrived", name, n)
		}
	}
	s.waitEvents(together, 1)
	testkit.Eventually(t, "nothing is left", func() bool { return s.personal() == 0 })
}

func TestOthersMailsSurviveAnErasure(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	gone, stays, guest := newOrder(), newOrder(), newOrder()
	guest.notice.CustomerId = ""
	s.publish(gone.confirmed(), stays.confirmed(), guest.confirmed())
	for _, o := range []order{gone, stays, guest} {
		s.waitStatus(o, sent)
	}
	s.publish(gone.customerErased())
	testkit.Eventually(t, "the mail is blank", func() bool { return s.list(gone)[0].GetRecipient() == "" })
	for _, o := range []order{stays, guest} {
		if got := s.get(s.list(o)[0].GetId()); got.GetRecipient() != o.email || !strings.Contains(got.GetText(), o.number) {
			t.Errorf("the other's mail is %v", got)
		}
	}
}
