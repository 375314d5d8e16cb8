package app

import (
	"context"
	"time"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

const (
	// sweptAtOnce bounds the orders of one transaction of the sweeper.
	sweptAtOnce = 200
	// sweepPause is how long the sweeper sleeps at most, and leastSweepPause at
	// least while something is due soon.
	sweepPause      = time.Second
	leastSweepPause = 20 * time.Millisecond
	// tidyPause is how long the sweeper leaves between searches for late erasures.
	tidyPause = time.Minute
)

// Sweep handles the orders that are due: it cancels those that expired and publishes
// the events of overdue steps again, until none is due. Any number of replicas may sweep: each
// takes orders that no other holds. It returns how many it handled.
func (s *Orders) Sweep(ctx context.Context) (int, error) {
	total := 0
	for {
		swept, err := s.sweepSome(ctx)
		total += swept
		if err != nil || swept < sweptAtOnce {
			return total, err
		}
	}
}

func (s *Orders) sweepSome(ctx context.Context) (swept int, err error) {
	err = s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		at := domain.Cause{Time: s.Now(), Actor: service}
		orders, err := store.On(tx).LockDue(ctx, at.Time, sweptAtOnce)
		if swept = len(orders); err != nil || swept == 0 {
			return err
		}
		retry := s.Backlog.retryPolicy(s.Settings.Now().Retry)
		decided := make([]domain.Decided, len(orders))
		for i, o := range orders {
			decided[i] = domain.Decided{Order: o, Decision: o.Sweep(retry, at)}
		}
		return s.save(ctx, tx, decided)
	})
	return swept, err
}

// RunSweeper sweeps whenever an order is due, and now and then blanks what an
// erasure missed, until ctx ends.
func (s *Orders) RunSweeper(ctx context.Context) error {
	var tidied time.Time
	for {
		if _, err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		if time.Since(tidied) > tidyPause {
			if err := s.EraseLate(ctx); err != nil && ctx.Err() == nil {
				return err
			}
			tidied = time.Now()
		}
		pause := time.NewTimer(s.untilNextDue(ctx))
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil
		case <-pause.C:
		}
	}
}

// untilNextDue is how long to sleep: until the next order is due, within bounds.
// An order that is placed meanwhile may be due earlier, hence the upper one.
func (s *Orders) untilNextDue(ctx context.Context) time.Duration {
	due, err := store.On(s.Pool.Hot()).NextDue(ctx)
	if err != nil || due.IsZero() {
		return sweepPause
	}
	return min(max(due.Sub(s.Now()), leastSweepPause), sweepPause)
}
