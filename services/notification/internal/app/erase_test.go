package app_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/pg"
	kitsettings "github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/notification"
	"github.com/shopmesh/shopmesh/services/notification/internal/app"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/smtp/smtptest"
)

// requestsOf are n mails to one customer.
func requestsOf(t *testing.T, customer uuid.UUID, n int) []domain.Request {
	t.Helper()
	requests := make([]domain.Request, n)
	for i := range requests {
		requests[i] = request(t)
		requests[i].CustomerID = customer
	}
	return requests
}

// hold keeps the mail server from answering a verb; started reports that one waits.
func hold(verb string) (reply func(string, string) string, started <-chan struct{}, release func()) {
	waiting, gate := make(chan struct{}, 1), make(chan struct{}) // size 1: one signal for the first
	reply = func(got, _ string) string {
		if got == verb {
			select {
			case waiting <- struct{}{}:
			default:
			}
			<-gate
		}
		return ""
	}
	return reply, waiting, func() { close(gate) }
}

// An erasure reaches the mails that are in memory already: those that wait for a
// worker or a connection, and those that the mail server is about to answer.
func TestAMailInMemoryDoesNotLeaveAfterItsErasure(t *testing.T) {
	t.Parallel()
	reply, started, release := hold("RCPT")
	h := newHarness(t, reply)
	s := h.sender(app.SenderConfig{Workers: 8})
	h.run(s)
	customer := uuid.New()
	h.apply(s, requestsOf(t, customer, 40))
	<-started
	h.apply(s, nil, customer)
	release()
	h.request(s, 1)
	testkit.Eventually(t, "another's mail was sent", func() bool { return h.count("status = 2") == 1 })
	if n := h.count("status = 4 and recipient = ''"); n != 40 {
		t.Errorf("%d mails are erased, want 40", n)
	}
	if n := h.arrived(); n != 1 {
		t.Errorf("%d mails arrived, want the other's alone", n)
	}
}

// statementCounter counts how often a statement was answered.
type statementCounter struct {
	statement string
	n         atomic.Int64
}

type countedKey struct{}

func (a *statementCounter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	return context.WithValue(ctx, countedKey{}, strings.Contains(d.SQL, a.statement))
}

func (a *statementCounter) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	if is, _ := ctx.Value(countedKey{}).(bool); is {
		a.n.Add(1)
	}
}

// A process lets go of the mails in its memory that another process erased.
func TestAMailInAnotherProcesssMemoryDoesNotLeaveAfterItsErasure(t *testing.T) {
	t.Parallel()
	url := testkit.DatabaseURL(t, notification.Migrations())
	polls := &statementCounter{statement: "NotificationErasedAmong"}
	reply, started, release := hold("RCPT")
	server := smtptest.New(t, smtptest.Options{Reply: reply})
	here := &harness{t: t, pool: testkit.Open(t, pg.Config{URL: url, Tracer: polls}), server: server}
	there := &harness{t: t, pool: testkit.Open(t, pg.Config{URL: url}), server: server}
	busy := here.sender(app.SenderConfig{Workers: 1, Lease: 3 * time.Second})
	here.run(busy)
	stays, gone := uuid.New(), uuid.New()
	here.apply(busy, append(requestsOf(t, stays, 1), requestsOf(t, gone, 20)...))
	<-started

	there.apply(there.sender(app.SenderConfig{}), nil, gone)
	before := polls.n.Load()
	// The second poll begins after the first one was acted on.
	testkit.Eventually(t, "the busy process polled twice", func() bool { return polls.n.Load() >= before+2 })
	release()
	here.request(busy, 1) // which goes through the same worker, after all others
	testkit.Eventually(t, "the others' mails were sent", func() bool { return here.count("status = 2") == 2 })
	if n := here.count("status = 4"); n != 20 {
		t.Errorf("%d mails are erased, want 20", n)
	}
	if n := here.arrived(); n != 2 {
		t.Errorf("%d mails arrived, want the others' two", n)
	}
}

// sentMany has one mail to a customer pending and 5600 sent.
func (h *harness) sentMany(s *app.Sender, customer uuid.UUID) {
	h.t.Helper()
	h.apply(s, requestsOf(h.t, customer, 1))
	if _, err := h.pool.Exec(h.t.Context(), `
		insert into notifications
		select (jsonb_populate_record(n, jsonb_build_object('id', md5('s' || i)::uuid, 'subject_id', gen_random_uuid(),
			'status', 2, 'due_time', null, 'end_time', now(), 'send_time', now()))).*
		from notifications n, generate_series(1, 5600) i`); err != nil {
		h.t.Fatal(err)
	}
}

// A customer of very many mails is erased part by part, so that no batch of events
// outlasts its time and is tried for ever; what is not sent yet comes first.
func TestAnErasureOfVeryManyMailsIsCompletedLater(t *testing.T) {
	t.Parallel()
	h := newHarness(t, nil)
	s := h.sender(app.SenderConfig{})
	customer := uuid.New()
	h.sentMany(s, customer)
	h.apply(s, nil, customer)
	if left, pending := h.count("recipient <> ''"), h.count("status = 1"); left != 601 || pending != 0 {
		t.Errorf("%d mails are left for later and %d to be sent, want 601 and 0", left, pending)
	}
	if err := h.erasure(s).Late(t.Context()); err != nil || h.count("recipient <> ''") != 0 {
		t.Errorf("%d mails are left, %v", h.count("recipient <> ''"), err)
	}
	var unfinished int
	if err := h.pool.QueryRow(t.Context(), `select count(*) from erased_customers where unfinished`).Scan(&unfinished); err != nil || unfinished != 0 {
		t.Errorf("%d customers are unfinished, %v", unfinished, err)
	}
	if n := h.count("status = 2 and send_time is not null"); n != 5600 {
		t.Errorf("%d mails are still to be sent, want 5600", n)
	}
}

// What is left of an erasure for later is sent to nobody once more.
func TestAMailThatIsYetToBeErasedIsNotResent(t *testing.T) {
	t.Parallel()
	h := newHarness(t, nil)
	s := h.sender(app.SenderConfig{})
	gone, stays := uuid.New(), uuid.New()
	h.sentMany(s, gone)
	h.apply(s, requestsOf(t, stays, 1), gone)
	one := func(where string, of uuid.UUID) (id uuid.UUID) {
		err := h.pool.QueryRow(t.Context(), "select id from notifications where customer_id = $1 and "+where+" limit 1", of).Scan(&id)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	mails := &app.Notifications{Deps: app.Deps{Pool: h.pool, Sender: s, Shop: kitsettings.Fixed(shop()), Now: now}}
	for name, id := range map[string]uuid.UUID{"left": one("recipient <> ''", gone), "blank": one("recipient = ''", gone)} {
		if _, err := mails.Resend(t.Context(), uuid.Nil, nil, id, ""); fault.ReasonOf(err) != domain.ReasonNotificationState {
			t.Errorf("%s: resending it was answered with %v", name, err)
		}
	}
	if n := h.count("status = 1 and customer_id = '" + gone.String() + "'"); n != 0 {
		t.Errorf("%d mails to the erased customer are pending", n)
	}
	if _, err := h.pool.Exec(t.Context(), "update notifications set status = 2, due_time = null, end_time = now(), send_time = now() where customer_id = $1", stays); err != nil {
		t.Fatal(err)
	}
	if _, err := mails.Resend(t.Context(), uuid.Nil, nil, one("true", stays), ""); err != nil {
		t.Errorf("another's mail: %v", err)
	}
}
