package app

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/store"
)

const (
	// levelRows bounds the levels that one transaction publishes.
	levelRows = 1000
	// reconcileEvery is how often levels are published that a crash left unpublished.
	reconcileEvery = 10 * time.Minute
	// reconcileOverlap covers changes that took their time before the pass began and
	// were committed after it, and clocks that differ.
	reconcileOverlap = 2 * time.Minute
	// plentyEvery is how often levels are published of products of which there is
	// plenty: nobody decides by whether 5,000 or 4,990 are left.
	plentyEvery = 30 * time.Second
	// lastPublication bounds what a process that stops publishes at its end.
	lastPublication = 2 * time.Second
)

// RunLevels publishes changed levels until ctx ends: those of this process every
// Settings.LevelInterval (with plenty left, every half minute) and at its end; those
// that another process left unpublished at the start and every ten minutes.
func (s *Stocks) RunLevels(ctx context.Context) error {
	err := s.keepLevels(ctx)
	if ctx.Err() == nil {
		return err
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastPublication)
	defer cancel()
	return s.PublishLevels(last)
}

func (s *Stocks) keepLevels(ctx context.Context) error {
	if err := s.ReconcileLevels(ctx); err != nil {
		return err
	}
	changed := s.Settings.Changed()
	often, plenty, seldom := time.NewTicker(s.Settings.Now().LevelInterval), time.NewTicker(plentyEvery), time.NewTicker(reconcileEvery)
	defer often.Stop()
	defer plenty.Stop()
	defer seldom.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
			changed = s.Settings.Changed()
			often.Reset(s.Settings.Now().LevelInterval)
		case <-often.C:
			err = s.publishLevels(ctx, s.Levels.take(false))
		case <-plenty.C:
			err = s.PublishLevels(ctx)
		case <-seldom.C:
			err = s.ReconcileLevels(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// PublishLevels publishes the levels that changed in this process since the last
// time. Those that could not be published are kept for the next time.
func (s *Stocks) PublishLevels(ctx context.Context) error {
	return s.publishLevels(ctx, s.Levels.take(true))
}

func (s *Stocks) publishLevels(ctx context.Context, ids []uuid.UUID) error {
	for len(ids) > 0 {
		some := ids[:min(len(ids), levelRows)]
		err := s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
			// Under the locks no newer level of these products can enter the outbox first.
			stocks, err := store.On(tx).LockStock(ctx, some)
			if err != nil {
				return err
			}
			return s.publishLevelsOf(ctx, tx, stocks...)
		})
		if err != nil {
			s.Levels.Add(ids...)
			return err
		}
		ids = ids[len(some):]
	}
	return nil
}

// ReconcileLevels publishes every level that changed since its last pass. Levels
// that were published already are published again, which does no harm.
func (s *Stocks) ReconcileLevels(ctx context.Context) error {
	began := s.Now()
	since, err := store.On(s.Pool).PassMark(ctx, store.PassPublishLevels)
	if err != nil {
		return err
	}
	for after, more := uuid.Nil, true; more; {
		err := s.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
			stocks, err := store.On(tx).LockChangedStock(ctx, since, after, levelRows)
			if err != nil {
				return err
			}
			if more = len(stocks) == levelRows; more {
				after = greatest(stocks)
			}
			return s.publishLevelsOf(ctx, tx, stocks...)
		})
		if err != nil {
			return err
		}
	}
	return store.On(s.Pool).AdvancePass(ctx, store.PassPublishLevels, began.Add(-reconcileOverlap))
}

// greatest is the greatest product id. A statement that locks may return rows in
// another order than it locked them when they changed meanwhile.
func greatest(stocks []domain.Stock) uuid.UUID {
	return slices.MaxFunc(stocks, func(a, b domain.Stock) int {
		x, y := a.ProductID(), b.ProductID()
		return bytes.Compare(x[:], y[:])
	}).ProductID()
}
