package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/trace"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// errTooEarly is a notice about a payment whose own outcome is not recorded yet.
var errTooEarly = errors.New("the payment is not decided yet")

// HandleNotice applies what the provider named reports of its own accord, by a webhook
// or in its list of events. No money is booked by a notice: it makes the worker look up
// at once how things stand. What contradicts the books is kept for people and changes
// nothing. An error means that the notice must come again.
func (p Payments) HandleNotice(ctx context.Context, name string, n provider.Notice) error {
	if n.Foreign != "" {
		return p.contradict(ctx, n.ID, n.Type, n.PaymentID, n.Foreign)
	}
	if n.PaymentID == uuid.Nil {
		// Others may use the same account.
		p.Log.DebugContext(ctx, "a notice about something else", "provider", name, "event", n.ID, "type", n.Type)
		return nil
	}
	verdict, err := p.applyNotice(ctx, name, n)
	switch {
	case err != nil:
		return err
	case verdict.TooEarly:
		return fmt.Errorf("notice %s: %w: payment %s", n.ID, errTooEarly, n.PaymentID)
	case verdict.Contradiction != "":
		return p.contradict(ctx, n.ID, n.Type, n.PaymentID, verdict.Contradiction)
	}
	return nil
}

func (p Payments) applyNotice(ctx context.Context, name string, n provider.Notice) (verdict domain.Verdict, err error) {
	notice := toDomainNotice(n, trace.FromContext(ctx))
	err = p.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		s := store.On(tx)
		accounts, err := s.Lock(ctx, []uuid.UUID{n.PaymentID})
		if err != nil {
			return err
		}
		account, known := accounts[n.PaymentID]
		if !known || account.Payment().Provider != name {
			verdict = domain.Verdict{Contradiction: "there is no such payment by " + name}
			return nil
		}
		decision := p.decision()
		verdict = account.ApplyNotice(notice, decision)
		var changes domain.Changes
		changes.Collect(account, decision.Now)
		tx.OnCommit(func() {
			p.Worker.Take(changes)
			for _, dispute := range changes.Disputes {
				p.Alerts.dispute(ctx, dispute)
			}
		})
		return p.Recorder.save(ctx, tx, changes)
	})
	return verdict, err
}

func toDomainNotice(n provider.Notice, trace string) domain.Notice {
	notice := domain.Notice{OrderID: n.OrderID, ChargeID: n.ChargeID, OpenedID: n.OpenedID, Amount: n.Amount, Succeeded: n.Succeeded, Trace: trace}
	if r := n.Refund; r != nil {
		notice.Refund = &domain.RefundNotice{ID: r.ID, ProviderID: r.ProviderID, Reversed: r.Reversed}
	}
	if d := n.Dispute; d != nil {
		notice.Dispute = &domain.Dispute{
			ID: d.ID, Amount: d.Amount, Reason: d.Reason, Status: domain.DisputeStatus(d.Status), OpenTime: d.OpenTime, ObserveTime: d.ObserveTime,
		}
	}
	return notice
}

// contradict keeps a contradiction and reports it, once until it is resolved.
func (d Deps) contradict(ctx context.Context, eventID, eventType string, paymentID uuid.UUID, cause string) error {
	c := domain.NewContradiction(d.NewID(), eventID, eventType, paymentID, cause, d.Now())
	added, err := store.On(d.Pool).AddContradiction(ctx, c)
	if added {
		d.Alerts.contradiction(ctx, c)
	}
	return err
}
