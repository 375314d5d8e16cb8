// Package sim runs notification's own decisions and translations of events on a
// store in memory, for the simulation of the whole shop. What ships does not
// import it.
//
// Every operation is one transaction. It returns what the transaction publishes and a
// function that commits it; one that is not committed did not happen.
package sim

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/events"
)

// Topics are those that notification consumes.
var Topics = []string{events.OrderTopic, events.CustomerTopic}

// Config is what notification stands on.
type Config struct {
	Now   func() time.Time
	NewID func() uuid.UUID
	// Lease is how long the process that stored a mail has it for itself.
	Lease time.Duration
	// RetryAfter and GiveUpAfter are notification's settings of these names.
	RetryAfter, GiveUpAfter time.Duration
	Bugs                    Bugs
}

// Bugs are mistakes that a test plants in the store, to see that they are found.
type Bugs struct {
	// ForgetKeys finds no mail known, so that each event that is handled requests one.
	ForgetKeys bool
	// ForgetErased finds no customer erased when a mail is requested afterwards.
	ForgetErased bool
}

// Key is what a mail is known by.
type Key struct {
	// Kind is the contract's name, such as "ORDER_CONFIRMED".
	Kind    string
	Subject uuid.UUID
}

// Store is notification: its tables and its decisions.
type Store struct {
	cfg    Config
	handle consumer.Handler

	mails []*row
	// erased are customers and orders.
	erased map[uuid.UUID]bool

	// waiting are mails that this process is to send; in its memory.
	waiting []Mail
	current *tx
}

// row is a mail with what is stored beside it.
type row struct {
	mail     domain.Notification
	attempts int
	seen     domain.Snapshot
}

// Mail is one to hand to the mail server.
type Mail struct {
	ID        uuid.UUID
	OrderID   uuid.UUID
	Key       Key
	Recipient string
	MessageID string
	Resends   int
}

// tx gathers what a transaction does: the rows as it sees them.
type tx struct {
	events []outbox.Event
	rows   []*row
	erased []uuid.UUID
}

// New returns a notification without mails.
func New(cfg Config) *Store {
	s := &Store{cfg: cfg, erased: map[uuid.UUID]bool{}}
	s.handle = events.NewHandler(events.Handlers{Apply: s.apply})
	return s
}

func (s *Store) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Microsecond) }

// Handle applies a batch of events.
func (s *Store) Handle(batch []consumer.Event) (published []outbox.Event, commit func(), err error) {
	t := &tx{}
	for _, r := range s.mails {
		kept := *r
		t.rows = append(t.rows, &kept)
	}
	s.current = t
	defer func() { s.current = nil }()
	if err := s.handle(context.Background(), nil, batch); err != nil {
		return nil, nil, err
	}
	return t.events, func() { s.commit(t) }, nil
}

func (s *Store) commit(t *tx) {
	for _, made := range t.rows[len(s.mails):] {
		if made.mail.Status == domain.Pending {
			s.waiting = append(s.waiting, outgoing(made.mail))
		}
	}
	s.mails = t.rows
	for _, id := range t.erased {
		s.erased[id] = true
	}
}

func (s *Store) apply(_ context.Context, _ *pg.Tx, requests []domain.Request, erased domain.Erasure) error {
	t, now := s.current, s.now()
	t.erased = slices.Clone(erased.Orders)
	for _, customer := range erased.Customers {
		t.erased = append(t.erased, customer.ID)
	}
	known := make([]domain.Existing, len(requests))
	for i, r := range requests {
		known[i].Erased = !s.cfg.Bugs.ForgetErased && (s.erased[r.CustomerID] || s.erased[r.OrderID] ||
			slices.Contains(t.erased, r.CustomerID) || slices.Contains(t.erased, r.OrderID))
		at := slices.IndexFunc(t.rows, func(m *row) bool { return m.mail.Kind == r.Kind && m.mail.SubjectID == r.SubjectID })
		if at >= 0 && !s.cfg.Bugs.ForgetKeys {
			m := t.rows[at].mail
			known[i].ID, known[i].Status, known[i].Version = m.ID, m.Status, m.Version
			known[i].Cause, known[i].EndTime = m.Cause, m.EndTime
		}
	}
	mails, published := domain.Accept(requests, known, domain.AcceptInput{
		Now: now, Lease: s.cfg.Lease, Shop: domain.Shop{Sender: "shop@shop.example"}, NewID: s.cfg.NewID,
		UsualSubject: func(kind domain.Kind, _ domain.Language) string { return kind.String() },
	})
	for _, m := range mails {
		t.rows = append(t.rows, &row{mail: m})
	}
	for _, r := range t.rows {
		if !r.mail.Readable || (!slices.Contains(t.erased, r.mail.CustomerID) && !slices.Contains(t.erased, r.mail.OrderID)) {
			continue
		}
		after, event := domain.Restore(r.mail.Snapshot).Erase(now)
		r.mail.Snapshot, r.mail.Recipient, r.mail.Subject, r.mail.Content = after.Snapshot(), "", "", nil
		if event != nil {
			published = append(published, *event)
		}
	}
	for _, e := range published {
		t.events = append(t.events, events.ToOutbox(e))
	}
	return nil
}

func outgoing(m domain.Notification) Mail {
	return Mail{
		ID: m.ID, OrderID: m.OrderID, Key: Key{m.Kind.String(), m.SubjectID}, Recipient: m.Recipient,
		MessageID: m.MessageID, Resends: m.Resends,
	}
}

// TakeWaiting returns the mails that this process has to send, and forgets them.
func (s *Store) TakeWaiting() []Mail {
	waiting := s.waiting
	s.waiting = nil
	return waiting
}

// Restart loses what the process had in memory.
func (s *Store) Restart() { s.waiting = nil }

// NextDue is when a mail is due that no process has; zero when none is.
func (s *Store) NextDue() time.Time {
	var next time.Time
	for _, r := range s.mails {
		if due := r.mail.DueTime; !due.IsZero() && (next.IsZero() || due.Before(next)) {
			next = due
		}
	}
	return next
}

// TakeDue returns the mails that are due, and keeps others from them for a lease.
func (s *Store) TakeDue() (due []Mail, commit func()) {
	now := s.now()
	var taken []*row
	for _, r := range s.mails {
		if d := r.mail.DueTime; !d.IsZero() && !d.After(now) {
			due = append(due, outgoing(r.mail))
			taken = append(taken, r)
		}
	}
	return due, func() {
		for _, r := range taken {
			r.mail.DueTime = now.Add(s.cfg.Lease)
		}
	}
}

// Record notes what the mail server answered: it took the mail, refused it for good,
// or neither.
func (s *Store) Record(m Mail, accepted, permanent bool) (published []outbox.Event, commit func()) {
	at := slices.IndexFunc(s.mails, func(r *row) bool { return r.mail.ID == m.ID })
	if at < 0 {
		return nil, func() {}
	}
	r := s.mails[at]
	recorded, _, event := domain.Restore(r.mail.Snapshot).Record(domain.Outcome{
		NotificationID: m.ID, Resends: m.Resends, Accepted: accepted, Permanent: permanent,
		Result: "250 or not", Recipient: m.Recipient, Time: s.now(),
	}, domain.RetryPolicy{RetryAfter: s.cfg.RetryAfter, GiveUpAfter: s.cfg.GiveUpAfter})
	if event != nil {
		published = []outbox.Event{events.ToOutbox(*event)}
	}
	return published, func() {
		r.mail.Snapshot = recorded.Snapshot()
		r.attempts++
	}
}

// Resend has the n-th mail sent once more; false when that is refused.
func (s *Store) Resend(n int) (id uuid.UUID, commit func(), done bool) {
	if n >= len(s.mails) {
		return uuid.Nil, nil, false
	}
	r, now := s.mails[n], s.now()
	next, err := domain.Restore(r.mail.Snapshot).Resend(now, now.Add(s.cfg.Lease), "")
	if err != nil {
		return uuid.Nil, nil, false
	}
	return r.mail.OrderID, func() {
		r.mail.Snapshot = next.Snapshot()
		r.mail.MessageID = domain.MessageID(r.mail.ID, next.Snapshot().Resends, "shop.example")
		s.waiting = append(s.waiting, outgoing(r.mail))
	}, true
}

// Len is how many mails there are.
func (s *Store) Len() int { return len(s.mails) }

// Status is the status of the mail of a key, and how often it was resent; empty
// when there is none.
func (s *Store) Status(key Key) (status string, resends int) {
	for _, r := range s.mails {
		if r.mail.Kind.String() == key.Kind && r.mail.SubjectID == key.Subject {
			return r.mail.Status.String(), r.mail.Resends
		}
	}
	return "", 0
}

// Check finds what must never be in any mail, between any two steps. order is
// the one that is concerned.
func (s *Store) Check() (order uuid.UUID, what string) {
	for i, r := range s.mails {
		m := r.mail.Snapshot
		switch {
		case slices.ContainsFunc(s.mails[:i], func(o *row) bool { return o.mail.Kind == m.Kind && o.mail.SubjectID == m.SubjectID }):
			return m.OrderID, fmt.Sprintf("there are two mails %s about %s", m.Kind, m.SubjectID)
		case m.Version < r.seen.Version:
			return m.OrderID, fmt.Sprintf("mail %s went back from version %d to %d", m.Kind, r.seen.Version, m.Version)
		case m.Version == r.seen.Version && m.Status != r.seen.Status:
			return m.OrderID, fmt.Sprintf("mail %s came from %s to %s within version %d", m.Kind, r.seen.Status, m.Status, m.Version)
		case (m.Status == domain.Pending) == m.DueTime.IsZero():
			return m.OrderID, fmt.Sprintf("mail %s is %s and due at %s", m.Kind, m.Status, m.DueTime)
		case (s.erased[r.mail.CustomerID] || s.erased[r.mail.OrderID]) && (r.mail.Recipient != "" || r.mail.Subject != "" || len(r.mail.Content) > 0):
			return m.OrderID, fmt.Sprintf("mail %s is %s and still names a customer who was erased", m.Kind, m.Status)
		case m.Attempts != r.attempts:
			return m.OrderID, fmt.Sprintf("mail %s counts %d attempts, %d are kept", m.Kind, m.Attempts, r.attempts)
		}
		r.seen = m
	}
	return uuid.Nil, ""
}

// Unsent names the mails that wait to be sent.
func (s *Store) Unsent() []Key {
	var keys []Key
	for _, r := range s.mails {
		if r.mail.Status == domain.Pending {
			keys = append(keys, Key{r.mail.Kind.String(), r.mail.SubjectID})
		}
	}
	return keys
}

// Waits reports whether this process has mails to send.
func (s *Store) Waits() bool { return len(s.waiting) > 0 }
