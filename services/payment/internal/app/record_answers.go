package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/batch"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// RecordAnswers stores what came of asking the provider.
type RecordAnswers struct {
	Pool   *pg.Pool
	Source Source
	Ledger Ledger
}

// Run records many answers in one transaction of two round trips, a third when
// there is a refund among them. When the transaction fails for a reason of its
// contents, each is recorded alone, so that one can't keep the others. The refunds
// that follow are handed to take after the commit.
func (r RecordAnswers) Run(ctx context.Context, answered []domain.Answered, take func(domain.Changes)) []batch.Result[struct{}] {
	results := make([]batch.Result[struct{}], len(answered))
	err := r.record(ctx, answered, take)
	if err == nil {
		return results
	}
	alone := len(answered) > 1 && !pg.Transient(err) && ctx.Err() == nil
	for i := range answered {
		results[i].Err = err
		if alone {
			results[i].Err = r.record(ctx, answered[i:i+1], take)
		}
	}
	return results
}

func (r RecordAnswers) record(ctx context.Context, answered []domain.Answered, take func(domain.Changes)) error {
	ids := make([]uuid.UUID, len(answered))
	for i, a := range answered {
		ids[i] = a.PaymentID
	}
	return r.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		accounts, err := store.Lock(ctx, tx, ids)
		if err != nil {
			return err
		}
		moment := r.Source.Moment()
		changes := domain.AnswerAll(accounts, answered, moment)
		tx.OnCommit(func() { take(changes) })
		return r.Ledger.save(ctx, tx, changes, moment.Now)
	})
}
