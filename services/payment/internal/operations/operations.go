// Package operations states what operators and auditors see of payment.
package operations

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/kit/operations"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/app"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider/sandbox"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider/stripe"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

const name = "payment"

// Operations is payment as operators see it.
type Operations struct {
	operations.Base

	pool    *pg.Pool
	sandbox *sandbox.Sandbox
	stripe  Stripe
}

// Stripe returns the account that takes payments now; nil when there is no key.
type Stripe func() *stripe.Stripe

// New returns payment's operations.
func New(pool *pg.Pool, relay *outbox.Relay, events *consumer.Consumer, box *sandbox.Sandbox, cards Stripe, deps app.Deps) *Operations {
	base := operations.NewBase(name, pool, relay, events).
		Also(func(ctx context.Context) error { return openContradictions(ctx, pool) }).
		Also(func(ctx context.Context) error { return unansweredDisputes(ctx, pool) }).
		Also(func(ctx context.Context) error {
			if cards() == nil {
				return nil
			}
			return behind(ctx, deps)
		})
	return &Operations{Base: base, pool: pool, sandbox: box, stripe: cards}
}

// openContradictions is the condition that somebody has to look into contradictions.
func openContradictions(ctx context.Context, pool *pg.Pool) error {
	count, err := store.On(pool).OpenContradictions(ctx)
	if err != nil || count == 0 {
		return err
	}
	return fmt.Errorf("what a payment provider reported contradicts the books, %d times: see ListContradictions", count)
}

// unansweredDisputes is the condition that a bank waits for the shop's answer.
func unansweredDisputes(ctx context.Context, pool *pg.Pool) error {
	count, oldest, err := store.On(pool).UnansweredDisputes(ctx)
	if err != nil || count == 0 {
		return err
	}
	return fmt.Errorf("%d disputes of payments wait for the shop's answer at the provider, the oldest since %s", count, oldest.Format(time.DateOnly))
}

// behind is the condition that Stripe's list of events was not read of late, by any
// process.
func behind(ctx context.Context, deps app.Deps) error {
	cursor, known, err := store.On(deps.Pool).Cursor(ctx, stripe.Name)
	if err != nil || !known {
		return err
	}
	return cursor.Behind(deps.Now(), deps.Settings.Now().ReconcileInterval)
}

// clockSlack is how much a provider's clock may be behind ours.
const clockSlack = time.Hour

// Audit states every payment, then what the providers' own ledgers hold, each
// sorted by order id, with findings where the two databases contradict themselves.
// Payments are read first: what they hold as captured, the ledger held before.
func (o *Operations) Audit(ctx context.Context, emit func(*operationsv1.AuditRecord) error) error {
	var cards store.Stand // the oldest payment by Stripe
	err := o.pool.Snapshot(ctx, func(tx pgx.Tx) error {
		s := store.On(tx)
		err := s.Stands(ctx, func(stand store.Stand) error {
			if stand.Provider == stripe.Name && (cards.CreateTime.IsZero() || stand.CreateTime.Before(cards.CreateTime)) {
				cards = stand
			}
			return statePayment(stand, emit)
		})
		if err != nil {
			return err
		}
		return s.EachOpenContradiction(ctx, func(c domain.Contradiction) error { return stateContradiction(c, emit) })
	})
	if err != nil {
		return err
	}
	if err := o.stateBalances(ctx, cards, emit); err != nil {
		return err
	}
	return o.AuditOutbox(ctx, emit)
}

// stateBalances merges the providers' balances by order id. Stripe's are
// read from the oldest payment by it on, and not at all when there is none.
func (o *Operations) stateBalances(ctx context.Context, oldest store.Stand, emit func(*operationsv1.AuditRecord) error) error {
	var cards []provider.Balance
	account := o.stripe()
	switch {
	case oldest.CreateTime.IsZero():
	case account == nil:
		if err := emit(finding("PROVIDER_NOT_COMPARED", stripe.Name,
			"there are payments by Stripe, and there is no key of Stripe: they were not compared with Stripe's ledger")); err != nil {
			return err
		}
	default:
		var err error
		if cards, err = account.Balances(ctx, oldest.CreateTime.Add(-clockSlack)); err != nil {
			return err
		}
	}
	upTo := func(order string) error {
		for len(cards) > 0 && (order == "" || cards[0].OrderID.String() < order) {
			if err := stateBalance(cards[0], emit); err != nil {
				return err
			}
			cards = cards[1:]
		}
		return nil
	}
	err := o.sandbox.Balances(ctx, func(b provider.Balance) error {
		if err := upTo(b.OrderID.String()); err != nil {
			return err
		}
		return stateBalance(b, emit)
	})
	if err != nil {
		return err
	}
	return upTo("")
}

func statePayment(s store.Stand, emit func(*operationsv1.AuditRecord) error) error {
	err := emit(&operationsv1.AuditRecord{Record: &operationsv1.AuditRecord_Payment{Payment: &operationsv1.PaymentRecord{
		OrderId: s.OrderID.String(), PaymentId: s.PaymentID.String(), Status: s.Status.String(),
		Captured: moneypb.Proto(s.Captured), Refunded: moneypb.Proto(s.Refunded),
		Pending: s.Status == domain.PaymentPending || s.PendingRefunds > 0, Lost: moneypb.Proto(s.Lost),
	}}})
	if err != nil {
		return err
	}
	if s.Succeeded != s.Refunded {
		if err := emit(finding("PAYMENT_MISMATCH", s.PaymentID.String(),
			"payment %s counts %s given back, its refunds sum to %s", s.PaymentID, s.Refunded, s.Succeeded)); err != nil {
			return err
		}
	}
	// What a bank took back needs no refund.
	open := s.Captured.Amount - s.Refunded.Amount - s.Lost.Amount
	if s.OrderCancelled && s.FailedRefunds > 0 && open > 0 && s.PendingRefunds == 0 {
		return emit(finding("REFUND_FAILED", s.PaymentID.String(),
			"order %s is cancelled, the provider declined %d refunds: %s was captured and %s given back",
			s.OrderID, s.FailedRefunds, s.Captured, s.Refunded))
	}
	return nil
}

func stateContradiction(c domain.Contradiction, emit func(*operationsv1.AuditRecord) error) error {
	return emit(finding("CONTRADICTION", c.ID.String(), "payment %s, event %s (%s): %s", c.PaymentID, c.EventID, c.EventType, c.Cause))
}

func stateBalance(b provider.Balance, emit func(*operationsv1.AuditRecord) error) error {
	err := emit(&operationsv1.AuditRecord{Record: &operationsv1.AuditRecord_Provider{Provider: &operationsv1.ProviderRecord{
		OrderId: b.OrderID.String(), PaymentId: b.PaymentID.String(), Charges: b.Charges,
		Charged: moneypb.Proto(b.Charged), Refunded: moneypb.Proto(b.Refunded),
	}}})
	if err != nil {
		return err
	}
	if b.Charges > 1 {
		if err := emit(finding("DOUBLE_CHARGE", b.PaymentID.String(),
			"the provider charged payment %s %d times, %s in all", b.PaymentID, b.Charges, b.Charged)); err != nil {
			return err
		}
	}
	if b.Refunded.Amount > b.Charged.Amount {
		return emit(finding("REFUND_EXCEEDS_CHARGE", b.PaymentID.String(),
			"the provider gave back %s of payment %s, which it charged %s for", b.Refunded, b.PaymentID, b.Charged))
	}
	return nil
}

func finding(kind, subject, format string, args ...any) *operationsv1.AuditRecord {
	return &operationsv1.AuditRecord{Record: &operationsv1.AuditRecord_Finding{Finding: &operationsv1.Finding{
		Kind: kind, Subject: subject, Message: fmt.Sprintf(format, args...), Context: name,
	}}}
}
