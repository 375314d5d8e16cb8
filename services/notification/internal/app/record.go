package app

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/batch"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/store"
)

// recorder gathers the outcomes of many mails into one transaction.
type recorder = batch.Collector[domain.Outcome, struct{}]

// record writes an outcome down. While the database is away it tries again, and
// thereby takes no further mail: what can't be recorded should not be sent. It
// reports false when that fails otherwise; the mail is then handed over again.
func (s *Sender) record(ctx context.Context, recorder *recorder, o domain.Outcome) bool {
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		_, err := recorder.Do(context.WithoutCancel(ctx), o.NotificationID, o)
		if err == nil {
			return true
		}
		if ctx.Err() != nil || !passes(err) {
			s.cfg.Log.ErrorContext(ctx, "the outcome of a mail was not recorded; it is handed over again with the same Message-ID",
				"notification", o.NotificationID, "accepted", o.Accepted, "error", err)
			return false
		}
		wait(ctx, pause)
	}
}

// passes reports that trying again can help.
func passes(err error) bool { return pg.Transient(err) || errors.Is(err, context.DeadlineExceeded) }

// wait pauses until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// recordMany writes outcomes of different mails. When they fail together for a
// reason that is one mail's, each is written alone.
func (s *Sender) recordMany(ctx context.Context, outcomes []domain.Outcome) []batch.Result[struct{}] {
	results := make([]batch.Result[struct{}], len(outcomes))
	err := s.recordBatch(ctx, outcomes)
	if err == nil {
		return results
	}
	alone := len(outcomes) > 1 && !pg.Transient(err) && ctx.Err() == nil
	for i, o := range outcomes {
		results[i].Err = err
		if alone {
			results[i].Err = s.recordBatch(ctx, []domain.Outcome{o})
		}
	}
	return results
}

// recordBatch costs two round trips: lock and read, then all writes and the commit.
func (s *Sender) recordBatch(ctx context.Context, outcomes []domain.Outcome) error {
	by := make(map[uuid.UUID]domain.Outcome, len(outcomes))
	ids := make([]uuid.UUID, len(outcomes))
	for i, o := range outcomes {
		by[o.NotificationID], ids[i] = o, o.NotificationID
	}
	retry := s.cfg.Settings.Now().RetryPolicy
	return s.cfg.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		mails, err := store.On(tx).Lock(ctx, ids)
		if err != nil {
			return err
		}
		var attempts []domain.Attempt
		var published []domain.Event
		retried := false
		for i := range mails {
			mail, attempt, event := mails[i].Record(by[mails[i].Snapshot().ID], retry)
			mails[i], attempts = mail, append(attempts, attempt)
			if event != nil {
				published = append(published, *event)
			}
			retried = retried || mail.Snapshot().Status == domain.Pending
		}
		if len(mails) == 0 {
			return nil
		}
		if err := store.On(tx).Update(ctx, mails, attempts); err != nil {
			return err
		}
		if retried {
			tx.OnCommit(s.wakeSweep)
		}
		return s.cfg.ToOutbox.publish(ctx, tx, published)
	})
}
