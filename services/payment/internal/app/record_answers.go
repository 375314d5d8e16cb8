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
	Pool     *pg.Pool
	Deps     Deps
	Recorder Recorder
}

// Run records many answers in one transaction of two round trips, a third when
// there is a refund among them. When the transaction fails for a reason of its
// contents, each is recorded alone, so that one can't keep the others. The refunds
// that follow are handed to take after the commit. A result is how the payment then
// stands; zero when there is none.
func (r RecordAnswers) Run(ctx context.Context, answered []domain.Answered, take func(domain.Changes)) []batch.Result[domain.Payment] {
	results := make([]batch.Result[domain.Payment], len(answered))
	err := r.record(ctx, answered, results, take)
	if err == nil {
		return results
	}
	alone := len(answered) > 1 && !pg.Transient(err) && ctx.Err() == nil
	for i := range answered {
		results[i].Err = err
		if alone {
			results[i].Err = r.record(ctx, answered[i:i+1], results[i:i+1], take)
		}
	}
	return results
}

// record stores the answers, and puts how their payments then stand into results.
func (r RecordAnswers) record(ctx context.Context, answered []domain.Answered, results []batch.Result[domain.Payment], take func(domain.Changes)) error {
	ids := make([]uuid.UUID, len(answered))
	for i, a := range answered {
		ids[i] = a.PaymentID
	}
	return r.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		accounts, err := store.Lock(ctx, tx, ids)
		if err != nil {
			return err
		}
		decision := r.Deps.Decision()
		changes := domain.AnswerAll(accounts, answered, decision)
		for i, a := range answered {
			if account, known := accounts[a.PaymentID]; known {
				results[i].Value = account.Payment()
			}
		}
		tx.OnCommit(func() { take(changes) })
		return r.Recorder.save(ctx, tx, changes, decision.Now)
	})
}
