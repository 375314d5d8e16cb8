package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/condition"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

const (
	// maxEvents bounds what one request for a list of events returns, and maxLists how
	// many such requests one round makes: what is left is read in the next round.
	maxEvents = 1000
	maxLists  = 20
	// claimInterval is the longest time between two attempts to claim the cursor.
	claimInterval = 10 * time.Second
	// waitForOutcome is how long an event may wait for its payment's outcome.
	waitForOutcome = 24 * time.Hour
)

var errNotHeld = errors.New("another process reads the list of events")

// Reconciler reads a provider's list of events, while the provider has one, so that what
// others did there reaches the books though a webhook was lost or is not configured. It
// hands each event to the use case that a webhook's go to: an event that comes both ways
// has one effect. Every process has a Reconciler, and one of them at a time has the lease
// of the provider's cursor.
type Reconciler struct {
	Payments

	name  string
	added bool // the provider has a cursor
	// applied are the events within the overlap of two rounds that this process applied.
	applied map[string]time.Time
}

// Reconciler makes the Reconciler of a provider.
func (p Payments) Reconciler(name string) *Reconciler {
	return &Reconciler{Payments: p, name: name, applied: map[string]time.Time{}}
}

// Run reads the list whenever it is due, until ctx ends.
func (r *Reconciler) Run(ctx context.Context) error {
	failing := condition.New(r.Log, "can't read what others did at the payment provider; it is tried again")
	changed := r.Settings.Changed()
	ticker := time.NewTicker(min(claimInterval, r.Settings.Now().ReconcileInterval))
	defer ticker.Stop()
	for {
		if claimed, err := r.round(ctx); claimed || err != nil {
			failing.Notice(ctx, err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
			changed = r.Settings.Changed()
			ticker.Reset(min(claimInterval, r.Settings.Now().ReconcileInterval))
		case <-ticker.C:
		}
	}
}

// round reads the list to its end, or as far as one round may, if it is due.
func (r *Reconciler) round(ctx context.Context) (claimed bool, err error) {
	lister, lists := r.Providers(r.name).(provider.EventLister)
	if !lists {
		return false, nil
	}
	now, s := r.Now(), store.On(r.Pool)
	if !r.added {
		if err := s.AddCursor(ctx, r.name, now, now.Add(-lister.EventsKept())); err != nil {
			return false, err
		}
		r.added = true
	}
	cursor, claimed, err := s.ClaimCursor(ctx, r.name, now, now.Add(domain.CursorLease))
	if err != nil || !claimed {
		return false, err
	}
	reading := &reading{Reconciler: r, lister: lister, cursor: cursor}
	incomplete, err := reading.read(ctx)
	next, interval := reading.cursor, r.Settings.Now().ReconcileInterval
	switch now := r.Now(); {
	case errors.Is(err, errNotHeld):
		return true, err
	case ctx.Err() != nil:
		next.Due = now // the process ends: another one goes on
	case err != nil:
		next = next.Failed(now, interval, err.Error())
	default:
		next = next.Read(now, interval, incomplete)
	}
	return true, errors.Join(err, reading.save(context.WithoutCancel(ctx), next))
}

// reading is one round.
type reading struct {
	*Reconciler

	lister provider.EventLister
	cursor domain.Cursor // its Due is the end of the lease
	// waiting is the first event that waits for its payment's outcome: the cursor stays
	// before it. Its time is zero while there is none.
	waiting provider.Event
}

// read applies the events of the list from the cursor on, part by part, and returns why
// the end was not reached; empty when it was. A part that holds too many events is halved.
func (r *reading) read(ctx context.Context) (incomplete string, err error) {
	from, end, gap := r.cursor.Window(r.Now(), r.lister.EventsKept())
	if gap != "" {
		id := fmt.Sprintf("gap-%s-%d", r.name, r.cursor.EventTime.Unix())
		if err := r.contradict(ctx, id, "events.gap", uuid.Nil, gap); err != nil {
			return "", err
		}
	}
	to := end
	for range maxLists {
		events, whole, err := r.lister.ListEvents(ctx, from, to, maxEvents)
		if err != nil {
			return "", err
		}
		if !whole {
			half := to.Sub(from) / 2
			if half < time.Second {
				return "", fmt.Errorf("%s lists more than %d events at %s", r.name, maxEvents, from.Format(time.DateTime))
			}
			to = from.Add(half)
			continue
		}
		if err := r.applyAll(ctx, events); err != nil {
			return "", err
		}
		if err := r.advance(ctx, to); err != nil {
			return "", err
		}
		if to.Equal(end) {
			return r.unapplied(), nil
		}
		from, to = to, minTime(end, to.Add(2*to.Sub(from)))
	}
	return "there are more events than are read at a time; the rest follows", nil
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// advance keeps that every event up to a time was applied, but for those that wait.
func (r *reading) advance(ctx context.Context, to time.Time) error {
	if at := r.waiting.Time; !at.IsZero() {
		to = minTime(to, at)
	}
	next := r.cursor.Advanced(to)
	next.Due = r.Now().Add(domain.CursorLease)
	for id, at := range r.applied {
		if at.Before(next.EventTime.Add(-2 * domain.CursorOverlap)) {
			delete(r.applied, id)
		}
	}
	return r.save(ctx, next)
}

// save keeps the cursor; errNotHeld when the lease was over and another process has it.
func (r *reading) save(ctx context.Context, next domain.Cursor) error {
	held, err := store.On(r.Pool).SaveCursor(ctx, next, r.cursor.Due)
	if err == nil && !held {
		err = errNotHeld
	}
	if err == nil {
		r.cursor = next
	}
	return err
}

func (r *reading) unapplied() string {
	if r.waiting.Time.IsZero() {
		return ""
	}
	return fmt.Sprintf("event %s waits for its payment's outcome", r.waiting.ID)
}

func (r *reading) applyAll(ctx context.Context, events []provider.Event) error {
	for _, e := range events {
		if _, done := r.applied[e.ID]; done {
			continue
		}
		err := r.apply(ctx, e)
		if errors.Is(err, errTooEarly) {
			if r.waiting.Time.IsZero() {
				r.waiting = e
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("event %s: %w", e.ID, err)
		}
		r.applied[e.ID] = e.Time
	}
	return nil
}

// apply applies one event. What can't be applied, today or later, is kept for people, so
// that it does not hold up the others.
func (r *reading) apply(ctx context.Context, e provider.Event) error {
	if e.Err != nil {
		r.Log.WarnContext(ctx, "can't read a listed event", "event", e.ID, "type", e.Type, "error", e.Err)
		return r.contradict(ctx, e.ID, e.Type, uuid.Nil, "the event can't be read")
	}
	if !e.Concerns {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, r.Settings.Now().ProviderTimeout)
	defer cancel()
	notice, err := r.lister.Complete(ctx, e.Notice)
	if errors.Is(err, provider.ErrNotFound) {
		return r.contradict(ctx, e.ID, e.Type, e.Notice.PaymentID, "what the event is about is gone from the provider")
	}
	if err != nil {
		return err
	}
	err = r.HandleNotice(ctx, r.name, notice)
	if errors.Is(err, errTooEarly) && r.Now().Sub(e.Time) > waitForOutcome {
		return r.contradict(ctx, e.ID, e.Type, notice.PaymentID, "its payment has no outcome after a day")
	}
	return err
}
