package app_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/kit/pg"
	kitsettings "github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/notification"
	"github.com/shopmesh/shopmesh/services/notification/internal/app"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/events"
	"github.com/shopmesh/shopmesh/services/notification/internal/mail"
	"github.com/shopmesh/shopmesh/services/notification/internal/smtp"
	"github.com/shopmesh/shopmesh/services/notification/internal/smtp/smtptest"
)

// harness is a mailbox and a mail server; senders work on them.
type harness struct {
	t      *testing.T
	pool   *pg.Pool
	server *smtptest.Server
	// stopped is when the senders' clock stopped; at the zero time it runs. ahead is by how
	// much the test moved it.
	stopped time.Time
	ahead   atomic.Int64
}

// now is what the senders' clock shows.
func (h *harness) now() time.Time {
	at := h.stopped
	if at.IsZero() {
		at = now()
	}
	return at.Add(time.Duration(h.ahead.Load()))
}

// move moves the senders' clock ahead.
func (h *harness) move(by time.Duration) { h.ahead.Add(int64(by)) }

func newHarness(t *testing.T, reply func(string, string) string) *harness {
	t.Helper()
	return &harness{
		t: t, pool: testkit.Database(t, notification.Migrations()), server: smtptest.New(t, smtptest.Options{Reply: reply}),
	}
}

func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// sender makes a replica; the config's numbers are what differs.
func (h *harness) sender(cfg app.SenderConfig) *app.Sender {
	h.t.Helper()
	where, err := smtp.ParseURL(smtptest.URL(h.server.Addr()))
	if err != nil {
		h.t.Fatal(err)
	}
	server := smtp.NewPool(where, 4, testkit.Log(h.t))
	h.t.Cleanup(server.Close)
	cfg.Pool, cfg.Server, cfg.Templates = h.pool, server, h.templates()
	cfg.Settings, cfg.Shop = cmp.Or(cfg.Settings, kitsettings.Fixed(settings())), kitsettings.Fixed(shop())
	cfg.Now, cfg.Log, cfg.ToOutbox = h.now, testkit.Log(h.t), events.ToOutbox
	cfg.Tracer, cfg.Meter = tracenoop.NewTracerProvider(), metricnoop.NewMeterProvider()
	return app.NewSender(cfg)
}

func (h *harness) templates() *mail.Templates {
	h.t.Helper()
	templates, err := mail.Parse()
	if err != nil {
		h.t.Fatal(err)
	}
	return templates
}

func settings() domain.Settings {
	return domain.Settings{RetryPolicy: domain.RetryPolicy{RetryAfter: 20 * time.Millisecond, GiveUpAfter: time.Hour}}
}

func shop() domain.Shop {
	return domain.Shop{ShopDetails: domain.ShopDetails{Name: "Shop"}, Sender: "shop@example.com"}
}

// run has a sender work until the test, or the function that it returns, ends it.
func (h *harness) run(s *app.Sender) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(h.t.Context()))
	var running sync.WaitGroup
	running.Go(func() { _ = s.Run(ctx) })
	stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	h.t.Cleanup(stop)
	return stop
}

// request has a process apply the events of n confirmed orders.
func (h *harness) request(s *app.Sender, n int) {
	h.t.Helper()
	requests := make([]domain.Request, n)
	for i := range requests {
		requests[i] = request(h.t)
	}
	h.apply(s, requests)
}

// apply has a process apply mails and erasures in one batch.
func (h *harness) apply(s *app.Sender, requests []domain.Request, erased ...uuid.UUID) {
	h.t.Helper()
	mailbox := &app.Mailbox{
		Sender: s, Erasure: h.erasure(s), Templates: h.templates(), Shop: kitsettings.Fixed(shop()), ToOutbox: events.ToOutbox, Now: h.now,
		NewID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) },
	}
	err := h.pool.InTx(h.t.Context(), func(ctx context.Context, tx *pg.Tx) error {
		var e domain.Erasure
		for _, id := range erased {
			e.Customers = append(e.Customers, domain.ErasedCustomer{ID: id})
		}
		return mailbox.Apply(ctx, tx, requests, e)
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *harness) erasure(s *app.Sender) *app.Erasure {
	return &app.Erasure{Pool: h.pool, Sender: s, ToOutbox: events.ToOutbox, Now: h.now, Log: testkit.Log(h.t)}
}

func request(t *testing.T) domain.Request {
	t.Helper()
	price := moneypb.Proto(money.Money{Currency: "EUR", Amount: 1})
	event := &orderv1.OrderConfirmed{Notice: &orderv1.OrderNotice{Number: "1", Subtotal: price, Total: price}}
	content, err := mail.Encode(event)
	if err != nil {
		t.Fatal(err)
	}
	order := uuid.Must(uuid.NewV7())
	return domain.Request{
		Kind: domain.OrderConfirmed, SubjectID: order, OrderID: order, Recipient: fmt.Sprintf("%s@example.com", order),
		Values: domain.SubjectValues{Number: "1"}, Content: content,
	}
}

func (h *harness) count(where string) (n int) {
	h.t.Helper()
	if err := h.pool.QueryRow(h.t.Context(), "select count(*) from notifications where "+where).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// arrived returns how many mails came, and fails when one came twice.
func (h *harness) arrived() int {
	h.t.Helper()
	var ids []string
	for _, m := range h.server.Mails() {
		ids = append(ids, m.MessageID)
	}
	slices.Sort(ids)
	if unique := slices.Compact(slices.Clone(ids)); len(unique) != len(ids) {
		h.t.Errorf("%d mails came, %d different ones", len(ids), len(unique))
	}
	return len(ids)
}

// The queue holds few mails; the others are sent all the same, and not only when
// their leases end.
func TestMailsThatTheQueueHasNoRoomForAreSentWithoutDelay(t *testing.T) {
	t.Parallel()
	h := newHarness(t, nil)
	s := h.sender(app.SenderConfig{Queue: 8, Workers: 4, Lease: time.Hour})
	h.request(s, 300)
	h.run(s)
	testkit.Eventually(t, "all were sent", func() bool { return h.count("status = 2") == 300 })
	if n := h.arrived(); n != 300 {
		t.Errorf("%d mails arrived", n)
	}
}

// A mail can be due again, and be claimed, after its outcome was recorded and before its worker
// lets go of it. It is sent then, and not only when its lease ends.
func TestAMailThatIsClaimedBeforeItIsLetGoIsSent(t *testing.T) {
	t.Parallel()
	h := newHarness(t, nil)
	s := h.sender(app.SenderConfig{Lease: time.Hour})
	h.request(s, 1)
	var id uuid.UUID
	lease := h.now().Add(time.Hour)
	if err := h.pool.QueryRow(t.Context(), `update notifications set due_time = $1 returning id`, lease).Scan(&id); err != nil {
		t.Fatal(err)
	}
	s.Offer([]domain.Outgoing{{ID: id}}, lease)
	app.Drop(s, id)
	h.run(s)
	testkit.Eventually(t, "it was sent", func() bool { return h.count("status = 2") == 1 })
	if n := h.arrived(); n != 1 {
		t.Errorf("%d mails arrived", n)
	}
}

// Two replicas share the mailbox; each mail is sent by one of them.
func TestReplicasNeverSendTheSameMail(t *testing.T) {
	t.Parallel()
	h := newHarness(t, smtptest.Times(50, "RCPT", "451 later"))
	cfg := app.SenderConfig{Workers: 4, Lease: time.Minute} // a busy machine holds no sender up for as long
	first, second := h.sender(cfg), h.sender(cfg)
	h.run(first)
	h.run(second)
	for range 5 {
		h.request(first, 40)
		h.request(second, 40)
	}
	testkit.Eventually(t, "all were sent", func() bool { return h.count("status = 2") == 400 })
	if n := h.arrived(); n != 400 {
		t.Errorf("%d mails arrived", n)
	}
}

// A process that died before it sent its mails leaves them under leases.
func TestAnotherReplicaSendsWhatADeadOneHad(t *testing.T) {
	t.Parallel()
	h := newHarness(t, nil)
	dead, living := h.sender(app.SenderConfig{Lease: 300 * time.Millisecond}), h.sender(app.SenderConfig{})
	h.run(living)
	h.request(dead, 30) // which never runs
	testkit.Eventually(t, "all were sent", func() bool { return h.count("status = 2") == 30 })
	if n := h.arrived(); n != 30 {
		t.Errorf("%d mails arrived", n)
	}
}

// Mails wait behind a slow one for longer than their leases: the process that has
// them extends those, and no other takes them, but for one of a dead process.
func TestALivingProcessKeepsItsMails(t *testing.T) {
	t.Parallel()
	slow, waiting := make(chan struct{}), make(chan struct{})
	var met atomic.Bool
	h := newHarness(t, func(verb, _ string) string {
		if verb == "." && met.CompareAndSwap(false, true) {
			close(waiting)
			<-slow
		}
		return ""
	})
	h.stopped = now() // a busy machine extends in time all the same
	const lease, leases, queue = 500 * time.Millisecond, 4, 10
	h.request(h.sender(app.SenderConfig{Lease: leases * lease}), 1) // which never runs
	var dead uuid.UUID
	if err := h.pool.QueryRow(t.Context(), "select id from notifications").Scan(&dead); err != nil {
		t.Fatal(err)
	}
	busy := h.sender(app.SenderConfig{Workers: 1, Lease: lease, Queue: queue})
	h.run(busy)
	h.request(busy, 1)
	<-waiting
	h.request(busy, queue) // it has no room for that of the dead process
	h.run(h.sender(app.SenderConfig{Lease: lease}))
	for range 4 * leases {
		h.move(lease / 4)
		extended := fmt.Sprintf("status = 1 and id <> '%s' and due_time < '%s'", dead, h.now().Add(lease*2/3).Format(time.RFC3339Nano))
		testkit.Eventually(t, "the leases are extended", func() bool { return h.count(extended) == 0 })
	}
	testkit.Eventually(t, "the other replica sends the dead one's", func() bool { return h.count(fmt.Sprintf("status = 2 and id = '%s'", dead)) == 1 })
	if n := h.count("status = 2"); n != 1 {
		t.Errorf("the other replica sent %d mails that were not its own", n-1)
	}
	close(slow)
	testkit.Eventually(t, "all were sent", func() bool { return h.count("status = 2") == queue+2 })
	if n := h.arrived(); n != queue+2 {
		t.Errorf("%d mails arrived", n)
	}
}

// A process that ends in order gives back what it did not send.
func TestAProcessThatEndsGivesItsMailsBack(t *testing.T) {
	t.Parallel()
	hold, held := make(chan struct{}), make(chan struct{})
	var once sync.Once
	h := newHarness(t, func(verb, _ string) string {
		if verb == "MAIL" {
			once.Do(func() { close(held); <-hold })
		}
		return ""
	})
	s := h.sender(app.SenderConfig{Workers: 1, Lease: time.Hour})
	stop := h.run(s)
	h.request(s, 10)
	<-held
	var stopping sync.WaitGroup
	stopping.Go(stop)
	close(hold)
	stopping.Wait()
	left := h.count("due_time <= now()")
	if done := h.count("status = 2"); done == 0 || left+done != 10 {
		t.Errorf("%d were sent, %d given back, of 10", done, left)
	}
	h.run(h.sender(app.SenderConfig{}))
	testkit.Eventually(t, "all were sent", func() bool { return h.count("status = 2") == 10 })
	if n := h.arrived(); n != 10 {
		t.Errorf("%d mails arrived", n)
	}
}

// The database is away when the mail server has taken the mail: it is recorded when
// the database is back, and not sent again.
func TestAnOutcomeWaitsForTheDatabase(t *testing.T) {
	t.Parallel()
	h := newHarness(t, nil)
	_, err := h.pool.Exec(t.Context(), `create sequence away;
		create function refuse() returns trigger language plpgsql as $$
		begin
			if nextval('away') <= 3 then raise exception using errcode = '57P03', message = 'the database is starting up'; end if;
			return new;
		end $$;
		create trigger refuse before insert on delivery_attempts for each row execute function refuse();`)
	if err != nil {
		t.Fatal(err)
	}
	s := h.sender(app.SenderConfig{})
	h.run(s)
	h.request(s, 1)
	testkit.Eventually(t, "it was recorded", func() bool { return h.count("status = 2 and attempt_count = 1") == 1 })
	if n := h.arrived(); n != 1 {
		t.Errorf("%d mails arrived", n)
	}
}

// No mail is lost because order stays away: it waits for its link for a while, and is sent
// without it then.
func TestAMailIsSentWithoutALinkAtLast(t *testing.T) {
	t.Parallel()
	h := newHarness(t, nil)
	s := h.sender(app.SenderConfig{
		MintOrderLinks: func(context.Context, []domain.OrderMail) ([]string, error) {
			return nil, errors.New("order is away")
		},
	})
	r := request(t)
	event := &orderv1.OrderConfirmed{Notice: &orderv1.OrderNotice{
		Number: "1", OrderId: r.OrderID.String(), Subtotal: moneypb.Proto(money.Money{Currency: "EUR"}), Total: moneypb.Proto(money.Money{Currency: "EUR"}),
	}}
	var err error
	if r.Content, err = mail.Encode(event); err != nil {
		t.Fatal(err)
	}
	h.apply(s, []domain.Request{r})
	h.run(s)
	testkit.Eventually(t, "the mail waits for its link", func() bool { return h.count("status = 1 and attempt_count > 0") == 1 })
	h.move(settings().RetryPolicy.GiveUpAfter / 2)
	testkit.Eventually(t, "the mail was sent", func() bool { return h.count("status = 2") == 1 })
	if n := h.arrived(); n != 1 || strings.Contains(h.server.Mails()[0].Raw, "See your order") {
		t.Errorf("%d mails arrived: %v", n, h.server.Mails())
	}
}
