package domain

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/shopmesh/shopmesh/kit/fault"
)

var policy = RetryPolicy{RetryAfter: time.Second, GiveUpAfter: 72 * time.Hour}

func at(seconds int) time.Time { return time.Unix(1_800_000_000+int64(seconds), 0).UTC() }

func input() AcceptInput {
	return AcceptInput{
		Now: at(0), Lease: 10 * time.Second, Shop: Shop{Sender: "shop@example.com"}, NewID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) },
		UsualSubject: func(kind Kind, language Language) string {
			return string(language) + ": " + kind.String() + " {number}"
		},
	}
}

func request() Request {
	return Request{
		Kind: OrderConfirmed, SubjectID: uuid.New(), OrderID: uuid.New(), CustomerID: uuid.New(),
		Recipient: "ada@example.com", Language: German, Values: SubjectValues{Number: "1"}, Content: []byte("content"),
	}
}

func pendingMail(tb testing.TB) Mail {
	tb.Helper()
	mails, events := Accept([]Request{request()}, []Existing{{}}, input())
	if len(mails) != 1 || len(events) != 0 {
		tb.Fatalf("a new mail made %v, %v", mails, events)
	}
	return Restore(mails[0].Snapshot)
}

func TestANewMailIsPendingUnderALease(t *testing.T) {
	t.Parallel()
	r := request()
	mails, _ := Accept([]Request{r}, []Existing{{}}, input())
	m := mails[0]
	if m.Status != Pending || m.Version != 1 || !m.DueTime.Equal(at(10)) || !m.EndTime.IsZero() || m.MessageID != m.ID.String()+"@example.com" {
		t.Errorf("the mail is %+v", m)
	}
	if m.Recipient != r.Recipient || m.Subject != "de: ORDER_CONFIRMED 1" || string(m.Content) != "content" {
		t.Errorf("the mail is %+v", m)
	}
}

func TestWhatIsKnownIsAnsweredAndNotMadeAgain(t *testing.T) {
	t.Parallel()
	r := request()
	for name, c := range map[string]struct {
		known Existing
		event *Event
	}{
		"pending": {Existing{ID: uuid.New(), Status: Pending, Version: 1}, nil},
		"sent":    {Existing{ID: uuid.New(), Status: Sent, Version: 2, EndTime: at(-5)}, &Event{Sent: true, Version: 2, Time: at(-5)}},
		"failed":  {Existing{ID: uuid.New(), Status: Failed, Version: 4, Cause: "550", EndTime: at(-9)}, &Event{Version: 4, Cause: "550", Time: at(-9)}},
		"erased":  {Existing{ID: uuid.New(), Status: Erased, Version: 2, Cause: CauseErased, EndTime: at(-1)}, &Event{Version: 2, Cause: CauseErased, Time: at(-1)}},
	} {
		mails, events := Accept([]Request{r, r}, []Existing{c.known, c.known}, input())
		if len(mails) != 0 {
			t.Errorf("%s: made %v", name, mails)
		}
		if c.event == nil {
			if len(events) != 0 {
				t.Errorf("%s: published %v", name, events)
			}
			continue
		}
		want := *c.event
		want.NotificationID, want.OrderID, want.SubjectID, want.Kind = c.known.ID, r.OrderID, r.SubjectID, r.Kind
		if len(events) != 1 || events[0] != want {
			t.Errorf("%s: published %+v, want %+v", name, events, want)
		}
	}
}

func TestAMailForAnErasedPersonIsNeverSent(t *testing.T) {
	t.Parallel()
	blank := request()
	blank.Recipient, blank.Content = "", nil
	for name, c := range map[string]struct {
		request Request
		known   Existing
	}{"an event from before": {request(), Existing{Erased: true}}, "an event from after": {blank, Existing{}}} {
		mails, events := Accept([]Request{c.request}, []Existing{c.known}, input())
		if len(mails) != 1 || len(events) != 1 {
			t.Fatalf("%s: made %v, published %v", name, mails, events)
		}
		m := mails[0]
		if m.Status != Erased || m.Recipient+m.Subject+string(m.Content) != "" || !m.DueTime.IsZero() {
			t.Errorf("%s: the mail is %+v", name, m)
		}
		if e := events[0]; e.Sent || e.Cause != CauseErased || e.Version != 1 {
			t.Errorf("%s: published %+v", name, e)
		}
	}
}

func TestAttemptsDecideTheMailsFate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		outcome Outcome
		status  Status
		due     time.Time
		cause   string
	}{
		"taken":                  {Outcome{Accepted: true, Result: "250 ok", Time: at(1)}, Sent, time.Time{}, ""},
		"refused for good":       {Outcome{Permanent: true, Result: "550 no", Time: at(1)}, Failed, time.Time{}, "550 no"},
		"deferred":               {Outcome{Result: "451 later", Time: at(1)}, Pending, at(2), ""},
		"deferred to the end":    {Outcome{Result: "451 later", Time: at(72*3600 - 0)}, Failed, time.Time{}, "given up after 72h0m0s: 451 later"},
		"the last is not missed": {Outcome{Result: "451 later", Time: at(72*3600 - 1).Add(500 * time.Millisecond)}, Pending, at(72 * 3600), ""},
	} {
		s := pendingMail(t)
		c.outcome.NotificationID = s.Snapshot().ID
		after, attempt, event := s.Record(c.outcome, policy)
		next := after.Snapshot()
		if next.Status != c.status || !next.DueTime.Equal(c.due) || next.Cause != c.cause || next.Attempts != 1 {
			t.Errorf("%s: the mail is %+v", name, next)
		}
		if attempt.Number != 1 || attempt.Accepted != c.outcome.Accepted || attempt.Result != c.outcome.Result {
			t.Errorf("%s: the attempt is %+v", name, attempt)
		}
		if (event == nil) != (c.status == Pending) || event != nil && (event.Sent != c.outcome.Accepted || event.Version != 2 || event.Cause != c.cause) {
			t.Errorf("%s: published %+v", name, event)
		}
	}
}

func TestAnAttemptThatComesTooLateChangesNothing(t *testing.T) {
	t.Parallel()
	s := pendingMail(t)
	sentMail, _, _ := s.Record(Outcome{Accepted: true, Result: "250", Time: at(1)}, policy)
	erasedMail, _ := s.Erase(at(1))
	resent, err := sentMail.Resend(at(2), at(12), "")
	if err != nil {
		t.Fatal(err)
	}
	for name, mail := range map[string]Mail{"sent": sentMail, "erased": erasedMail, "requested again": resent} {
		after, attempt, event := mail.Record(Outcome{Result: "451", Time: at(3)}, policy)
		next, before := after.Snapshot(), mail.Snapshot()
		if attempt.Number != before.Attempts+1 || event != nil {
			t.Errorf("%s: attempt %+v, published %+v", name, attempt, event)
		}
		next.Attempts--
		if next != before {
			t.Errorf("%s became %+v", name, next)
		}
	}
}

func TestDelaysDoubleUpToAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	for failed, want := range map[int]time.Duration{
		1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 10: 512 * time.Second, 11: 15 * time.Minute, 1_000_000: 15 * time.Minute,
	} {
		if got := policy.Delay(failed); got != want {
			t.Errorf("after %d failures: %s, want %s", failed, got, want)
		}
	}
	if got := (RetryPolicy{RetryAfter: time.Hour}).Delay(3); got != time.Hour {
		t.Errorf("an owner's hour became %s", got)
	}
}

func TestResendingMakesTheMailPendingUnderAnotherMessageID(t *testing.T) {
	t.Parallel()
	s := pendingMail(t)
	if _, err := s.Resend(at(1), at(11), ""); fault.ReasonOf(err) != ReasonNotificationState {
		t.Errorf("a pending mail was resent: %v", err)
	}
	done, _, _ := s.Record(Outcome{Permanent: true, Result: "550", Time: at(1)}, policy)
	resent, err := done.Resend(at(2), at(12), "trace")
	next := resent.Snapshot()
	if err != nil || next.Status != Pending || next.Version != 3 || next.Retries != 0 || next.Cause != "" || !next.RequestedTime.Equal(at(2)) || !next.DueTime.Equal(at(12)) {
		t.Errorf("it is %+v, %v", next, err)
	}
	if MessageID(next.ID, next.Resends, "a.b") == MessageID(next.ID, 0, "a.b") {
		t.Error("the Message-ID is the same")
	}
	blank, _ := done.Erase(at(3))
	if _, err := blank.Resend(at(4), at(14), ""); fault.ReasonOf(err) != ReasonNotificationState {
		t.Errorf("an erased mail was resent: %v", err)
	}
}

func TestResultsHoldNoAddressAndNoSecondLine(t *testing.T) {
	t.Parallel()
	for result, want := range map[string]string{
		"550 5.1.1 <ada@example.com>: unknown":    "550 5.1.1 <[address]>: unknown",
		"550 \"odd name\"@example.com is unknown": "550 [address] is unknown",
		"451 try\r\nlater\tplease\x00":            "451 try later please",
		"":                                        "no answer",
		"\xff\n":                                  "no answer",
		"550 mailbox of bob+x@sub.example.org (bob) is full": "550 mailbox of [address] (bob) is full",
	} {
		if got := Clean(result, "\"odd name\"@example.com"); got != want {
			t.Errorf("%q became %q, want %q", result, got, want)
		}
	}
}

func TestAResultNamesNobody(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ result, recipient, want string }{
		{"550 <ada@example.com>: unknown", "ada@example.com", "550 <[address]>: unknown"},
		{`550 <"user."@docomo.ne.jp>: unknown`, "user.@docomo.ne.jp", "550 <[address]>: unknown"},
		{"550 <info@xn--bcher-kva.example> unknown", "info@xn--bcher-kva.example", "550 <[address]> unknown"},
		{"552 full: other@example.com, ADA@EXAMPLE.COM", "ada@example.com", "552 full: [address], [address]"},
	} {
		if got := Clean(c.result, c.recipient); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.result, got, c.want)
		}
	}
}

func TestCleanResultsFitTheMailbox(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		got := Clean(rapid.String().Draw(t, "result")+strings.Repeat("x", rapid.IntRange(0, 600).Draw(t, "more")), "")
		if n := utf8.RuneCountInString(got); n < 1 || n > maxResult || strings.ContainsAny(got, "\r\n\x00") || !utf8.ValidString(got) {
			t.Fatalf("%q has %d characters", got, n)
		}
	})
}

// Whatever happens to a mail: versions rise by one with each change of status, each
// end is published once, a mail is due exactly while it is pending, and it is never published
// as sent unless the mail server took it.
func TestAMailsLifeKeepsItsPromises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		mails, _ := Accept([]Request{request()}, []Existing{{}}, input())
		mail := Restore(mails[0].Snapshot)
		published := map[int64]bool{}
		now := 0
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now += rapid.IntRange(0, 100_000).Draw(t, "seconds")
			before, accepted := mail.Snapshot(), false
			var event *Event
			switch rapid.SampledFrom([]string{"attempt", "attempt", "resend", "erase"}).Draw(t, "step") {
			case "attempt":
				o := Outcome{
					Accepted: rapid.Bool().Draw(t, "accepted"), Permanent: rapid.Bool().Draw(t, "permanent"), Result: "x", Time: at(now),
					Resends: rapid.IntRange(0, before.Resends).Draw(t, "resends"),
				}
				o.Permanent = o.Permanent && !o.Accepted
				accepted = o.Accepted && o.Resends == before.Resends && before.Status == Pending
				var attempt Attempt
				mail, attempt, event = mail.Record(o, policy)
				if attempt.Number != before.Attempts+1 {
					t.Fatalf("attempt %d after %d", attempt.Number, before.Attempts)
				}
			case "resend":
				next, err := mail.Resend(at(now), at(now+10), "")
				if (err == nil) != (before.Status != Pending && before.Readable) {
					t.Fatalf("%+v: %v", before, err)
				}
				if err == nil {
					mail = next
				}
			case "erase":
				mail, event = mail.Erase(at(now))
			}
			s := mail.Snapshot()
			switch {
			case (s.Status != before.Status) != (s.Version == before.Version+1) || s.Version > before.Version+1:
				t.Fatalf("from %+v to %+v", before, s)
			case (s.Status == Pending) != !s.DueTime.IsZero() || (s.Status == Pending) != s.EndTime.IsZero():
				t.Fatalf("times of %+v", s)
			case (s.Status == Failed || s.Status == Erased) != (s.Cause != ""):
				t.Fatalf("cause of %+v", s)
			case s.Status == Sent && before.Status != Sent && !accepted:
				t.Fatalf("sent though not taken: %+v", s)
			case event != nil && (published[event.Version] || event.Sent != (s.Status == Sent) || event.Version != s.Version):
				t.Fatalf("published %+v of %+v", event, s)
			case event == nil && before.Status == Pending && s.Status != Pending:
				t.Fatalf("nothing was published of %+v", s)
			case before.Status == Erased && s.Status != Erased:
				t.Fatalf("an erased mail came back: %+v", s)
			}
			if event != nil {
				published[event.Version] = true
			}
		}
	})
}

func TestTheAuditCountsAMailThatArrivedOnceAsSent(t *testing.T) {
	t.Parallel()
	if AuditStatus(Failed, true) != Sent || AuditStatus(Failed, false) != Failed || AuditStatus(Pending, true) != Pending {
		t.Error("the audit's status is wrong")
	}
}

func TestAMailWaitsForItsLinkForTenMinutesAtMost(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		giveUp time.Duration
		after  int // seconds
		waits  bool
	}{
		{72 * time.Hour, 0, true}, {72 * time.Hour, 599, true}, {72 * time.Hour, 600, false},
		{time.Minute, 29, true}, {time.Minute, 30, false}, // half a minute is left to send it
	} {
		policy := RetryPolicy{RetryAfter: time.Second, GiveUpAfter: row.giveUp}
		if got := policy.WaitsForLink(at(0), at(row.after)); got != row.waits {
			t.Errorf("given up after %s, %d s after the request: %t", row.giveUp, row.after, got)
		}
	}
}
