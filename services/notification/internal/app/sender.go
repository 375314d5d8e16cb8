package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/shopmesh/shopmesh/kit/batch"
	"github.com/shopmesh/shopmesh/kit/condition"
	"github.com/shopmesh/shopmesh/kit/crashpoint"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/settings"
	kittrace "github.com/shopmesh/shopmesh/kit/trace"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/mail"
	"github.com/shopmesh/shopmesh/services/notification/internal/smtp"
)

// SenderConfig is what a Sender stands on; the numbers are 0 for their defaults.
type SenderConfig struct {
	Pool      *pg.Pool
	Server    *smtp.Pool
	Templates *mail.Templates
	Settings  *settings.Live[domain.Settings]
	Shop      *settings.Live[domain.Shop]
	ToOutbox  ToOutbox
	// MintLink returns the link of a mail about an account, while it is sent. It returns
	// ErrLinkOver when the link is not good any more.
	MintLink func(ctx context.Context, linkID string) (string, error)
	// MintOrderLinks returns the links by which guests open their orders, one for each mail;
	// empty where a mail is to have none.
	MintOrderLinks func(ctx context.Context, mails []domain.OrderMail) ([]string, error)
	Now            func() time.Time
	Log            *slog.Logger
	Tracer         trace.TracerProvider
	Meter          metric.MeterProvider

	// Workers render, hand over and record, one mail each at a time. More of them
	// than connections keep those busy while outcomes are written. 0 means 64.
	Workers int
	// Queue bounds the mails in memory that wait for a worker. 0 means 4096.
	Queue int
	// Lease is how long a mail is this process's own before others may take it,
	// unless it is extended. 0 means 10 s.
	Lease time.Duration
}

// Sender hands mails over. Those that it has in memory are its own until their lease
// ends, and it extends the leases while it runs. Mails that a dead process left behind,
// and those that are to be tried again, it claims in the mailbox (sweep.go).
//
// A mail's outcome is written after the mail server's answer. Between the two lies the
// one window in which a mail can be handed over twice: a crash, or a database that
// stays away, after the server's 250 and before our commit. The mail is then handed
// over again with the same Message-ID. A server that knows what it took, as the
// built-in inbox does, keeps one; others may deliver both. The opposite, a mail that
// is never sent, can't happen.
type Sender struct {
	cfg      SenderConfig
	tracer   trace.Tracer
	attempts metric.Int64Counter
	// orderLinks shows whether order gives links: very many mails can wait for them.
	orderLinks *condition.Condition
	queue      chan *domain.Outgoing
	wake       chan struct{} // size 1: a wake-up that waits stands for all

	mu   sync.Mutex
	held map[holding]time.Time // until when
	// again are mails in held that were claimed once more: their outcome was recorded, and they
	// were due again before their worker let go of them.
	again map[holding]bool
	// forgotten are mails that were erased, and when this process noticed: a claim that
	// runs meanwhile can still bring them into memory.
	forgotten map[uuid.UUID]time.Time
	// spilled are mails that are ours and not in memory: the queue had no room for them, or they
	// were claimed while their worker still held them. They are read from the mailbox
	// when it has room; once their lease has ended, any process may claim them.
	spilled []spill
}

// spill is a mail that is ours until its lease ends, but not in memory.
type spill struct {
	id    uuid.UUID
	until time.Time
}

// maxSpilled bounds what is remembered of mails without room: some megabytes.
const maxSpilled = 100_000

// holding is a mail as requested: resending it makes another.
type holding struct {
	id      uuid.UUID
	resends int
}

// drainTime is how long mails that are under way may take when the process ends.
const drainTime = 10 * time.Second

// NewSender makes a sender; Run has it work.
func NewSender(cfg SenderConfig) *Sender {
	if cfg.Workers == 0 {
		cfg.Workers = 64
	}
	if cfg.Queue == 0 {
		cfg.Queue = 4096
	}
	if cfg.Lease == 0 {
		cfg.Lease = 10 * time.Second
	}
	const scope = "github.com/shopmesh/shopmesh/services/notification"
	// The error reports an invalid name; it is a constant and valid.
	attempts, _ := cfg.Meter.Meter(scope).Int64Counter("shopmesh.notification.attempts",
		metric.WithDescription("Mails handed to the mail server, by outcome."))
	return &Sender{
		cfg: cfg, tracer: cfg.Tracer.Tracer(scope), attempts: attempts,
		queue: make(chan *domain.Outgoing, cfg.Queue), wake: make(chan struct{}, 1), held: make(map[holding]time.Time), again: make(map[holding]bool),
		forgotten:  make(map[uuid.UUID]time.Time),
		orderLinks: condition.New(cfg.Log, "order gives no links for mails about guests' orders; those wait for ten minutes, and then go without"),
	}
}

// Lease is how long a mail that is inserted belongs to this process.
func (s *Sender) Lease() time.Duration { return s.cfg.Lease }

// Offer gives the sender mails that are its own until the lease ends. It never
// blocks: what the queue has no room for is read from the mailbox later.
func (s *Sender) Offer(mails []domain.Outgoing, lease time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range mails {
		if _, erased := s.forgotten[m.ID]; erased {
			continue
		}
		key := holding{m.ID, m.Resends}
		if _, has := s.held[key]; has {
			s.held[key], s.again[key] = lease, true
			continue
		}
		select {
		case s.queue <- &m:
			s.held[key] = lease
		default:
			if len(s.spilled) < maxSpilled {
				s.spilled = append(s.spilled, spill{m.ID, lease})
			}
		}
	}
}

// forgetTime is how long an erased mail is remembered: longer than its row can be on
// the way from the database.
const forgetTime = time.Minute

// Forget keeps erased mails that are in memory from being handed over, except those whose
// text is about to be sent or is being sent.
func (s *Sender) Forget(mails []uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	for _, id := range mails {
		s.forgotten[id] = now
	}
	for key := range s.held {
		if _, erased := s.forgotten[key.id]; erased {
			s.held[key] = time.Time{} // its worker finds it no longer ours
		}
	}
}

// recordWait is how long an outcome waits for others that are recorded in the same
// transaction. The mail was handed over by then, so the wait delays no mail.
const recordWait = 15 * time.Millisecond

// Run sends until ctx ends. Mails under way get ten seconds more; the others are
// given back to the mailbox.
func (s *Sender) Run(ctx context.Context) error {
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		wait(sending, drainTime)
		cancel()
	})
	defer stop()
	together := batches{
		outcomes: batch.New(batch.Config{Workers: 1, Wait: recordWait}, s.recordMany),
		links:    batch.New(batch.Config{Workers: 1, Max: maxLinks, Timeout: linksTimeout}, s.mintOrderLinks),
	}
	var working sync.WaitGroup
	working.Go(func() { s.sweep(ctx) })
	working.Go(func() { s.keep(ctx) })
	for range s.cfg.Workers {
		working.Go(func() { s.work(ctx, sending, together) })
	}
	working.Wait()
	together.links.Close()
	together.outcomes.Close()
	s.giveBack(context.WithoutCancel(ctx))
	return nil
}

// batches are what the workers do together, for several mails at once.
type batches struct {
	outcomes *recorder
	links    *minter
}

func (s *Sender) work(ctx, sending context.Context, together batches) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case m := <-s.queue:
			s.handle(sending, *m, together)
		}
	}
}

func (s *Sender) handle(ctx context.Context, m domain.Outgoing, together batches) {
	key := holding{m.ID, m.Resends}
	if !s.ours(key) {
		s.drop(key)
		return
	}
	outcome, err := s.attempt(ctx, m, together.links)
	if errors.Is(err, smtp.ErrUnwanted) {
		s.drop(key)
		return
	}
	if err != nil {
		return // still held: Run gives it back
	}
	crashpoint.Cross("after mail", "notification", m.Kind.String())
	if !s.record(ctx, together.outcomes, outcome) {
		s.postpone(ctx, key)
	}
	s.drop(key)
}

// ours reports whether a mail may be handed over: with less than a third of its lease
// left, extending failed, and another process may soon take it.
func (s *Sender) ours(key holding) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	until, has := s.held[key]
	return has && until.Sub(s.cfg.Now()) > s.cfg.Lease/3
}

// drop lets go of a mail. One that was claimed again meanwhile is ours until its lease ends,
// and is read from the mailbox once more.
func (s *Sender) drop(key holding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.again[key] && len(s.spilled) < maxSpilled {
		s.spilled = append(s.spilled, spill{key.id, s.held[key]})
		s.wakeSweep()
	}
	delete(s.held, key)
	delete(s.again, key)
}

// attempt hands a mail over once. It fails when the process ends before, or the mail
// is no longer ours: nothing was handed over then.
func (s *Sender) attempt(ctx context.Context, m domain.Outgoing, links *minter) (outcome domain.Outcome, err error) {
	if parent := kittrace.Parse(m.Traceparent); parent.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, parent)
	}
	ctx, span := s.tracer.Start(ctx, "send mail", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("notification.id", m.ID.String()), attribute.String("notification.kind", m.Kind.String()),
	))
	defer span.End()
	answer, err := s.handOver(ctx, m, links)
	if err != nil {
		return domain.Outcome{}, err
	}
	if !answer.Accepted {
		span.SetStatus(codes.Error, "not taken")
	}
	s.attempts.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", outcomeName(answer))))
	outcome = domain.Outcome{
		NotificationID: m.ID, Resends: m.Resends, Accepted: answer.Accepted, Permanent: answer.Permanent,
		Result: answer.Text, Recipient: m.Recipient, Time: s.cfg.Now(),
	}
	if sc := span.SpanContext(); sc.HasTraceID() {
		outcome.TraceID = sc.TraceID().String()
	}
	return outcome, nil
}

func outcomeName(a smtp.Answer) string {
	switch {
	case a.Accepted:
		return "accepted"
	case a.Permanent:
		return "refused"
	default:
		return "deferred"
	}
}

// handOver renders and sends. A mail that can't be rendered, as by a process older
// than the templates, is deferred like one that the server did not take.
func (s *Sender) handOver(ctx context.Context, m domain.Outgoing, links *minter) (answer smtp.Answer, err error) {
	defer func() {
		// A mail whose rendering panics must not end the process at each attempt.
		if value := recover(); value != nil {
			s.cfg.Log.ErrorContext(ctx, "sending a mail panicked", "notification", m.ID, "panic", fmt.Sprint(value), "stack", string(debug.Stack()))
			answer, err = smtp.Answer{Text: "an internal error; see the log"}, nil
		}
	}()
	written, err := mail.Decode(m.Kind, m.Content)
	if err != nil {
		return smtp.Answer{Text: err.Error()}, nil
	}
	if m.Kind.NeedsLink() || written.GuestOrder != uuid.Nil {
		var without *smtp.Answer
		written.Link, without, err = s.link(ctx, m, written, links)
		if err != nil {
			return smtp.Answer{}, err
		}
		if without != nil {
			return *without, nil
		}
	}
	written.Subject = m.Subject
	rendered, err := s.cfg.Templates.Render(written, m.Template, m.Shop)
	if err != nil {
		return smtp.Answer{Text: err.Error()}, nil
	}
	crashpoint.Cross("before mail", "notification", m.Kind.String())
	shop := s.cfg.Shop.Now()
	return s.cfg.Server.Send(ctx, smtp.Mail{
		SenderName: cmp.Or(shop.SenderName, m.Shop.Name), Sender: shop.Sender, ReplyTo: shop.ReplyTo,
		RecipientName: written.Name, Recipient: m.Recipient,
		Subject: m.Subject, Text: rendered.Text, HTML: rendered.HTML, MessageID: m.MessageID, Time: m.RequestedTime,
		Wanted: func() bool { return s.ours(holding{m.ID, m.Resends}) },
	})
}
