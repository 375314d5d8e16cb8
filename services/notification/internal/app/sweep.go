package app

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/condition"
	"github.com/shopmesh/shopmesh/services/notification/internal/store"
)

const (
	// sweepInterval is the longest time between two polls of the mailbox.
	sweepInterval = time.Second
	// sweepPause is the shortest: mails that are due and locked by another sweep
	// must not make this one spin.
	sweepPause = 10 * time.Millisecond
	// maxClaim bounds the mails that one statement takes.
	maxClaim = 500
)

func (s *Sender) wakeSweep() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// sweep claims the due mails of the mailbox: those to be tried again, and those of a
// process whose lease ended.
func (s *Sender) sweep(ctx context.Context) {
	claiming := condition.New(s.cfg.Log, "polling for mails to send fails; it is tried again")
	for ctx.Err() == nil {
		pause, err := s.claim(ctx)
		claiming.Notice(ctx, err)
		if err != nil {
			pause = sweepInterval
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// claim takes what is due and returns when to poll again.
func (s *Sender) claim(ctx context.Context) (time.Duration, error) {
	room := min(cap(s.queue)-len(s.queue), maxClaim)
	if room <= 0 {
		return sweepInterval / 10, nil
	}
	mailbox := store.On(s.cfg.Pool.Hot())
	now := s.cfg.Now()
	lease := now.Add(s.cfg.Lease)
	if ids, dueTimes := s.takeSpilled(room, now); len(ids) > 0 {
		mails, err := mailbox.ClaimLeased(ctx, ids, dueTimes, lease)
		if err != nil {
			return 0, err
		}
		s.Offer(mails, lease)
		return sweepPause, nil
	}
	mails, err := mailbox.ClaimDue(ctx, now, lease, room)
	if err != nil {
		return 0, err
	}
	s.Offer(mails, lease)
	if len(mails) == room {
		return sweepPause, nil
	}
	next, pending, err := mailbox.NextDue(ctx)
	if err != nil {
		return 0, err
	}
	if !pending {
		return sweepInterval, nil
	}
	return min(max(next.Sub(now), sweepPause), sweepInterval), nil
}

// takeSpilled returns at most limit spilled mails whose lease still runs, and when it
// ends.
func (s *Sender) takeSpilled(limit int, now time.Time) (ids []uuid.UUID, dueTimes []time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := 0
	for _, one := range s.spilled {
		if len(ids) == limit {
			break
		}
		taken++
		if one.until.After(now) {
			ids, dueTimes = append(ids, one.id), append(dueTimes, one.until)
		}
	}
	s.spilled = s.spilled[taken:]
	return ids, dueTimes
}

// keep extends the leases of the mails in memory, and lets go of those that another
// process erased.
func (s *Sender) keep(ctx context.Context) {
	ticker := time.NewTicker(s.cfg.Lease / 10)
	defer ticker.Stop()
	extending := condition.New(s.cfg.Log, "extending the leases of mails fails; others may take them")
	erased := condition.New(s.cfg.Log, "polling for erased mails fails; it is tried again")
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			s.cfg.Server.Tend()
			extending.Notice(ctx, s.extend(ctx))
			erased.Notice(ctx, s.forgetErased(ctx))
		}
	}
}

// extend prolongs leases that have run for a third of their time. A mail whose
// lease can't be prolonged, because it ended or another took it, is let go.
func (s *Sender) extend(ctx context.Context) error {
	now := s.cfg.Now()
	lease := now.Add(s.cfg.Lease)
	old := s.holdings(func(until time.Time) bool { return until.Sub(now) < s.cfg.Lease*2/3 })
	for part := range slices.Chunk(old, 1000) {
		kept, err := s.setLeases(ctx, part, now, lease)
		if err != nil {
			return err
		}
		s.mu.Lock()
		for _, key := range part {
			if _, has := s.held[key]; !has {
				continue // recorded meanwhile
			}
			if _, erased := s.forgotten[key.id]; kept[key.id] && !erased {
				s.held[key] = lease
			} else {
				s.held[key] = time.Time{} // its worker finds it no longer ours
			}
		}
		s.mu.Unlock()
	}
	return nil
}

// forgetErased lets go of mails in memory that another process erased; an erasure in
// this process calls Forget itself. It looks up the mails only when there was an erasure
// within the last minute, which saves the query at all other times.
func (s *Sender) forgetErased(ctx context.Context) error {
	now := s.cfg.Now()
	s.mu.Lock()
	maps.DeleteFunc(s.forgotten, func(_ uuid.UUID, when time.Time) bool { return now.Sub(when) > forgetTime })
	s.mu.Unlock()
	mine := s.holdings(func(until time.Time) bool { return until.After(now) })
	if len(mine) == 0 {
		return nil
	}
	mailbox := store.On(s.cfg.Pool.Hot())
	if recent, err := mailbox.ErasedSince(ctx, now.Add(-forgetTime)); err != nil || !recent {
		return err
	}
	for part := range slices.Chunk(mine, 1000) {
		erased, err := mailbox.ErasedAmong(ctx, idsOf(part))
		if err != nil {
			return err
		}
		s.Forget(erased)
	}
	return nil
}

func idsOf(keys []holding) []uuid.UUID {
	ids := make([]uuid.UUID, len(keys))
	for i, key := range keys {
		ids[i] = key.id
	}
	return ids
}

// giveBack lets others take the mails in memory at once: the process ends.
func (s *Sender) giveBack(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	now := s.cfg.Now()
	for part := range slices.Chunk(s.holdings(func(until time.Time) bool { return until.After(now) }), 1000) {
		if _, err := s.setLeases(ctx, part, now, now); err != nil {
			s.cfg.Log.WarnContext(ctx, "giving mails back failed; they are sent when their leases end", "error", err)
			break
		}
	}
	s.mu.Lock()
	clear(s.held) // what is still in the queue is no longer ours
	clear(s.again)
	s.spilled = nil
	s.mu.Unlock()
}

// postpone has a mail whose outcome could not be recorded handed over again soon;
// where that fails too, its lease ends by itself.
func (s *Sender) postpone(ctx context.Context, key holding) {
	now := s.cfg.Now()
	if _, err := s.setLeases(ctx, []holding{key}, now, now.Add(s.cfg.Settings.Now().RetryPolicy.RetryAfter)); err == nil {
		s.wakeSweep()
	}
}

func (s *Sender) holdings(fits func(until time.Time) bool) []holding {
	s.mu.Lock()
	defer s.mu.Unlock()
	var keys []holding
	for key, until := range s.held {
		if fits(until) {
			keys = append(keys, key)
		}
	}
	return keys
}

func (s *Sender) setLeases(ctx context.Context, keys []holding, now, lease time.Time) (kept map[uuid.UUID]bool, err error) {
	still, err := store.On(s.cfg.Pool.Hot()).Extend(ctx, idsOf(keys), now, lease)
	if err != nil {
		return nil, err
	}
	kept = make(map[uuid.UUID]bool, len(still))
	for _, id := range still {
		kept[id] = true
	}
	return kept, nil
}
