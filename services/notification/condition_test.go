package notification_test

import (
	"strings"
	"sync/atomic"
	"testing"

	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/notification/internal/smtp/smtptest"
)

func scripted(t *testing.T, reply func(verb, argument string) string) (*smtptest.Server, options) {
	t.Helper()
	server := smtptest.New(t, smtptest.Options{Reply: reply})
	return server, options{server: func(string) string { return server.Addr() }}
}

func TestARefusedMailFailsAtOnceAndPublishesThat(t *testing.T) {
	t.Parallel()
	server, with := scripted(t, func(verb, argument string) string {
		if verb == "RCPT" {
			return "550 5.1.1 " + argument + " does not exist"
		}
		return ""
	})
	s := newHarness(t, with)
	o := newOrder()
	s.publish(o.confirmed())
	m := s.waitStatus(o, failed)
	if len(m.GetAttempts()) != 1 || m.GetAttempts()[0].GetAccepted() || m.GetNextAttemptTime() != nil || m.GetSendTime() != nil {
		t.Errorf("the mail is %v", m)
	}
	events := s.waitEvents(o, 1)
	failure, ok := events[0].message.(*notificationv1.NotificationFailed)
	if !ok || !strings.HasPrefix(failure.GetCause(), "550 5.1.1") || strings.Contains(failure.GetCause(), o.email) {
		t.Errorf("it published %v", events[0].message)
	}
	if result := m.GetAttempts()[0].GetResult(); strings.Contains(result, o.email) {
		t.Errorf("the attempt shows the recipient: %s", result)
	}
	s.publish(o.confirmed())
	if again := s.waitEvents(o, 2); again[1].id != again[0].id {
		t.Errorf("published again it published %s, before %s", again[1].id, again[0].id)
	}
	if n := len(server.Mails()); n != 0 {
		t.Errorf("%d mails arrived", n)
	}
}

func TestAMailIsTriedAgainUntilItIsTaken(t *testing.T) {
	t.Parallel()
	server, with := scripted(t, smtptest.Times(2, "RCPT", "451 4.7.1 greylisted"))
	s := newHarness(t, with)
	o := newOrder()
	s.publish(o.confirmed())
	m := s.waitStatus(o, sent)
	var results []string
	for i, a := range m.GetAttempts() {
		if int(a.GetNumber()) != i+1 || a.GetAccepted() != (i == 2) || len(a.GetTraceId()) != 32 {
			t.Errorf("attempt %d is %v", i+1, a)
		}
		results = append(results, a.GetResult())
	}
	if got := strings.Join(results, "|"); got != "451 4.7.1 greylisted|451 4.7.1 greylisted|250 2.0.0 taken" {
		t.Errorf("the attempts were %s", got)
	}
	if n := len(server.Mails()); n != 1 {
		t.Errorf("%d mails arrived", n)
	}
	if events := s.waitEvents(o, 1); len(events) != 1 || events[0].message.GetVersion() != 2 {
		t.Errorf("it published %v", events)
	}
}

// The mail server took the mail and the connection ended before its answer: the next
// attempt carries the same Message-ID, and the inbox keeps one mail.
func TestAConnectionCutBeforeTheAnswerMakesNoSecondMail(t *testing.T) {
	t.Parallel()
	var proxy *smtptest.Proxy
	s := newHarness(t, options{server: func(inbox string) string {
		proxy = smtptest.NewProxy(t, inbox, 2)
		return proxy.Addr()
	}})
	o := newOrder()
	s.publish(o.confirmed())
	m := s.waitStatus(o, sent)
	if n := len(m.GetAttempts()); n != 3 || proxy.Cuts() != 2 {
		t.Errorf("there were %d attempts and %d cuts, want 3 and 2", n, proxy.Cuts())
	}
	if mails := s.received(o); len(mails) != 1 {
		t.Errorf("%d mails are in the inbox, want 1", len(mails))
	}
}

// The mail server took the mail, and writing that down failed.
func TestAnOutcomeThatIsLostMakesNoSecondMail(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	_, err := s.pool.Exec(t.Context(), `create sequence lost;
		create function lose() returns trigger language plpgsql as $$
		begin
			if nextval('lost') <= 2 then raise exception 'the outcome is lost'; end if;
			return new;
		end $$;
		create trigger lose before insert on delivery_attempts for each row execute function lose();`)
	if err != nil {
		t.Fatal(err)
	}
	o := newOrder()
	s.publish(o.confirmed())
	m := s.waitStatus(o, sent)
	var tries int
	if err := s.pool.QueryRow(t.Context(), "select last_value from lost").Scan(&tries); err != nil || tries != 3 {
		t.Errorf("the outcome was written %d times (%v), want 3", tries, err)
	}
	if n := len(m.GetAttempts()); n != 1 {
		t.Errorf("%d attempts are recorded; those whose record was lost left none", n)
	}
	if mails := s.received(o); len(mails) != 1 {
		t.Errorf("%d mails are in the inbox, want 1", len(mails))
	}
	if events := s.waitEvents(o, 1); len(events) != 1 {
		t.Errorf("it published %v", events)
	}
}

// A process was killed after the mail server's 250 and before the commit: its lease
// ends, and the mail is handed over again with the same Message-ID.
func TestAMailLeftBehindByAKilledProcessIsHandedOverAgain(t *testing.T) {
	t.Parallel()
	server, with := scripted(t, nil)
	s := newHarness(t, with)
	o := newOrder()
	s.publish(o.confirmed())
	s.waitStatus(o, sent)
	first := s.waitEvents(o, 1)
	_, err := s.pool.Exec(t.Context(), `
		with gone as (delete from delivery_attempts)
		update notifications set status = 1, version = 1, attempt_count = 0, end_time = null, send_time = null, due_time = now() - interval '1 s'`)
	if err != nil {
		t.Fatal(err)
	}
	s.waitStatus(o, sent)
	mails := server.Mails()
	if len(mails) != 2 || mails[0].MessageID != mails[1].MessageID || mails[0].MessageID == "" {
		t.Errorf("the mail server saw %v", mails)
	}
	if again := s.waitEvents(o, 2); again[1].id != first[0].id {
		t.Errorf("it published %s, before %s", again[1].id, first[0].id)
	}
}

// What is wrong with our way in is no failure of the mail: it waits.
func TestAMailServerThatRefusesUsFailsNoMail(t *testing.T) {
	t.Parallel()
	var welcome atomic.Bool
	_, with := scripted(t, func(verb, _ string) string {
		if verb == "MAIL" && !welcome.Load() {
			return "530 5.7.0 sign in first"
		}
		return ""
	})
	s := newHarness(t, with)
	o := newOrder()
	s.publish(o.confirmed())
	testkit.Eventually(t, "it was tried", func() bool {
		found := s.list(o)
		return len(found) == 1 && len(found[0].GetAttempts()) >= 2
	})
	if m := s.list(o)[0]; m.GetStatus() != pending || m.GetNextAttemptTime() == nil {
		t.Errorf("the mail is %v", m)
	}
	welcome.Store(true)
	s.waitStatus(o, sent)
}
