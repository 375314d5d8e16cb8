package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/batch"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// recordAnswers records many answers in one transaction of two round trips, a third
// when there is a refund among them. When the transaction fails because of what is in
// it, each is recorded alone, so that one can't keep the others. The refunds that
// follow are queued after the commit. A result is how the payment then stands; zero
// when there is none.
func (w *ChargeWorker) recordAnswers(ctx context.Context, answered []domain.Answered) []batch.Result[domain.Payment] {
	results := make([]batch.Result[domain.Payment], len(answered))
	err := w.recordTogether(ctx, answered, results)
	if err == nil {
		return results
	}
	alone := len(answered) > 1 && !pg.Transient(err) && ctx.Err() == nil
	for i := range answered {
		results[i].Err = err
		if alone {
			results[i].Err = w.recordTogether(ctx, answered[i:i+1], results[i:i+1])
		}
	}
	return results
}

// recordTogether records the answers, and puts how their payments then stand into results.
func (w *ChargeWorker) recordTogether(ctx context.Context, answered []domain.Answered, results []batch.Result[domain.Payment]) error {
	ids := distinct(answered, func(a domain.Answered) uuid.UUID { return a.PaymentID })
	return w.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		accounts, err := store.On(tx).Lock(ctx, ids)
		if err != nil {
			return err
		}
		decision := w.decision()
		changes := domain.AnswerAll(accounts, answered, decision)
		for i, a := range answered {
			if account, known := accounts[a.PaymentID]; known {
				results[i].Value = account.Payment()
			}
		}
		tx.OnCommit(func() { w.Take(changes) })
		return w.Recorder.save(ctx, tx, changes)
	})
}
