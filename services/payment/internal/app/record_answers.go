package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/batch"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// Answered is a provider's answer about a payment's charge or one of its refunds.
type Answered struct {
	PaymentID uuid.UUID
	// RefundID is the refund; the nil id for the charge.
	RefundID uuid.UUID
	Answer   domain.Answer
}

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
func (r RecordAnswers) Run(ctx context.Context, answered []Answered, take func(domain.Changes)) []batch.Result[struct{}] {
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

func (r RecordAnswers) record(ctx context.Context, answered []Answered, take func(domain.Changes)) error {
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
		var changes domain.Changes
		for _, a := range answered {
			account, known := accounts[a.PaymentID]
			if !known {
				continue // an answer about nothing changes nothing
			}
			if a.RefundID == uuid.Nil {
				account.Charged(a.Answer, moment)
			} else {
				account.RefundAnswered(a.RefundID, a.Answer, moment)
			}
			changes.Collect(account)
		}
		tx.OnCommit(func() { take(changes) })
		return r.Ledger.save(ctx, tx, changes, moment.Now)
	})
}
