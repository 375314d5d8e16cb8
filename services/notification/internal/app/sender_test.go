package app_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/notification"
	"github.com/shopmesh/shopmesh/services/notification/internal/app"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/mail"
	"github.com/shopmesh/shopmesh/services/notification/internal/smtp"
	"github.com/shopmesh/shopmesh/services/notification/internal/smtp/smtptest"
)

const soon = 20 * time.Second

// office is a mailbox and a mail server; senders work on them.
type office struct {
	t      *testing.T
	pool   *pg.Pool
	server *smtptest.Server
}

func openOffice(t *testing.T, reply func(string, string) string) *office {
	t.Helper()
	return &office{
		t: t, pool: testkit.Database(t, notification.Migrations()), server: smtptest.New(t, smtptest.Options{Reply: reply}),
	}
}

func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// sender makes a replica; the config's numbers are what differs.
func (o *office) sender(cfg app.SenderConfig) *app.Sender {
	o.t.Helper()
	where, err := smtp.ParseURL(smtptest.URL(o.server.Addr()))
	if err != nil {
		o.t.Fatal(err)
	}
	server := smtp.NewPool(where, 4, testkit.Log(o.t))
	o.t.Cleanup(server.Close)
	templates, err := mail.Parse()
	if err != nil {
		o.t.Fatal(err)
	}
	cfg.Pool, cfg.Server, cfg.Templates, cfg.Settings = o.pool, server, templates, settings()
	cfg.Now, cfg.Log = now, testkit.Log(o.t)
	cfg.Tracer, cfg.Meter = tracenoop.NewTracerProvider(), metricnoop.NewMeterProvider()
	return app.NewSender(cfg)
}

func settings() domain.Settings {
	return domain.Settings{
		ShopName: "Shop", Sender: "shop@example.com",
		RetryPolicy: domain.RetryPolicy{RetryAfter: 20 * time.Millisecond, GiveUpAfter: time.Hour},
	}
}

// run has a sender work until the test, or the function that it returns, ends it.
func (o *office) run(s *app.Sender) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(o.t.Context()))
	var running sync.WaitGroup
	running.Go(func() { _ = s.Run(ctx) })
	stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	o.t.Cleanup(stop)
	return stop
}

// ask has a sender's process hear of n confirmed orders.
func (o *office) ask(s *app.Sender, n int) {
	o.t.Helper()
	requests := make([]domain.Request, n)
	for i := range requests {
		requests[i] = request(o.t)
	}
	o.hear(s, requests, nil)
}

// hear has a sender's process hear of mails and erasures in one batch.
func (o *office) hear(s *app.Sender, requests []domain.Request, erased []uuid.UUID) {
	o.t.Helper()
	mailbox := &app.Mailbox{
		Sender: s, Erasure: o.erasure(s), Settings: settings(), Now: now,
		NewID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) },
	}
	err := o.pool.InTx(o.t.Context(), func(ctx context.Context, tx *pg.Tx) error { return mailbox.Hear(ctx, tx, requests, erased) })
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) erasure(s *app.Sender) *app.Erasure {
	return &app.Erasure{Pool: o.pool, Sender: s, Now: now, Log: testkit.Log(o.t)}
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
		Subject: "Order 1 confirmed", Content: content,
	}
}

func (o *office) count(where string) (n int) {
	o.t.Helper()
	if err := o.pool.QueryRow(o.t.Context(), "select count(*) from notifications where "+where).Scan(&n); err != nil {
		o.t.Fatal(err)
	}
	return n
}

// arrived returns how many mails came, and fails when one came twice.
func (o *office) arrived() int {
	o.t.Helper()
	var ids []string
	for _, m := range o.server.Mails() {
		ids = append(ids, m.MessageID)
	}
	slices.Sort(ids)
	if unique := slices.Compact(slices.Clone(ids)); len(unique) != len(ids) {
		o.t.Errorf("%d mails came, %d different ones", len(ids), len(unique))
	}
	return len(ids)
}

// The queue holds few mails; the others are sent all the same, and not only when
// their leases end.
func TestMailsThatTheQueueHasNoRoomForAreSentWithoutDelay(t *testing.T) {
	t.Parallel()
	o := openOffice(t, nil)
	s := o.sender(app.SenderConfig{Queue: 8, Workers: 4, Lease: time.Hour})
	o.ask(s, 300)
	o.run(s)
	testkit.Eventually(t, soon, "all were sent", func() bool { return o.count("status = 2") == 300 })
	if n := o.arrived(); n != 300 {
		t.Errorf("%d mails arrived", n)
	}
}

// Two replicas share the mailbox; each mail is sent by one of them.
func TestReplicasNeverSendTheSameMail(t *testing.T) {
	t.Parallel()
	o := openOffice(t, smtptest.Times(50, "RCPT", "451 later"))
	first, second := o.sender(app.SenderConfig{Workers: 4}), o.sender(app.SenderConfig{Workers: 4})
	o.run(first)
	o.run(second)
	for range 5 {
		o.ask(first, 40)
		o.ask(second, 40)
	}
	testkit.Eventually(t, soon, "all were sent", func() bool { return o.count("status = 2") == 400 })
	if n := o.arrived(); n != 400 {
		t.Errorf("%d mails arrived", n)
	}
}

// A process that died before it sent its mails leaves them under leases.
func TestAnotherReplicaSendsWhatADeadOneHad(t *testing.T) {
	t.Parallel()
	o := openOffice(t, nil)
	dead, living := o.sender(app.SenderConfig{Lease: 300 * time.Millisecond}), o.sender(app.SenderConfig{})
	o.run(living)
	o.ask(dead, 30) // which never runs
	testkit.Eventually(t, soon, "all were sent", func() bool { return o.count("status = 2") == 30 })
	if n := o.arrived(); n != 30 {
		t.Errorf("%d mails arrived", n)
	}
}

// Mails wait behind a slow one for longer than their leases: the process that has
// them extends those, and no other takes them.
func TestALivingProcessKeepsItsMails(t *testing.T) {
	t.Parallel()
	slow := make(chan struct{})
	var once sync.Once
	waiting := make(chan struct{})
	o := openOffice(t, func(verb, _ string) string {
		if verb == "." {
			once.Do(func() { close(waiting); <-slow })
		}
		return ""
	})
	lease := 500 * time.Millisecond
	busy := o.sender(app.SenderConfig{Workers: 1, Lease: lease})
	o.run(busy)
	o.ask(busy, 10)
	<-waiting
	other := o.sender(app.SenderConfig{Lease: lease})
	o.run(other)
	started := now()
	testkit.Eventually(t, soon, "three leases have passed", func() bool { return now().Sub(started) > 3*lease })
	if n := o.count("status = 2"); n != 0 {
		t.Errorf("the other replica sent %d mails that were not its own", n)
	}
	close(slow)
	testkit.Eventually(t, soon, "all were sent", func() bool { return o.count("status = 2") == 10 })
	if n := o.arrived(); n != 10 {
		t.Errorf("%d mails arrived", n)
	}
}

// A process that ends in order gives back what it did not send.
func TestAProcessThatEndsGivesItsMailsBack(t *testing.T) {
	t.Parallel()
	hold, held := make(chan struct{}), make(chan struct{})
	var once sync.Once
	o := openOffice(t, func(verb, _ string) string {
		if verb == "MAIL" {
			once.Do(func() { close(held); <-hold })
		}
		return ""
	})
	s := o.sender(app.SenderConfig{Workers: 1, Lease: time.Hour})
	stop := o.run(s)
	o.ask(s, 10)
	<-held
	var stopping sync.WaitGroup
	stopping.Go(stop)
	close(hold)
	stopping.Wait()
	left := o.count("due_time <= now()")
	if done := o.count("status = 2"); done == 0 || left+done != 10 {
		t.Errorf("%d were sent, %d given back, of 10", done, left)
	}
	o.run(o.sender(app.SenderConfig{}))
	testkit.Eventually(t, soon, "all were sent", func() bool { return o.count("status = 2") == 10 })
	if n := o.arrived(); n != 10 {
		t.Errorf("%d mails arrived", n)
	}
}

// The database is away when the mail server has taken the mail: it is recorded when
// the database is back, and not sent again.
func TestAnOutcomeWaitsForTheDatabase(t *testing.T) {
	t.Parallel()
	o := openOffice(t, nil)
	_, err := o.pool.Exec(t.Context(), `create sequence away;
		create function refuse() returns trigger language plpgsql as $$
		begin
			if nextval('away') <= 3 then raise exception using errcode = '57P03', message = 'the database is starting up'; end if;
			return new;
		end $$;
		create trigger refuse before insert on delivery_attempts for each row execute function refuse();`)
	if err != nil {
		t.Fatal(err)
	}
	s := o.sender(app.SenderConfig{})
	o.run(s)
	o.ask(s, 1)
	testkit.Eventually(t, soon, "it was recorded", func() bool { return o.count("status = 2 and attempt_count = 1") == 1 })
	if n := o.arrived(); n != 1 {
		t.Errorf("%d mails arrived", n)
	}
}
