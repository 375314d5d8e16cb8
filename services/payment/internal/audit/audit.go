// Package audit states what operators and auditors see of payment.
package audit

import (
	"context"
	"fmt"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/kit/operations"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider/sandbox"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

const name = "payment"

// Operations is payment as operators see it.
type Operations struct {
	operations.Base

	pool    *pg.Pool
	relay   *outbox.Relay
	sandbox *sandbox.Sandbox
}

// New returns payment's operations.
func New(pool *pg.Pool, relay *outbox.Relay, orders *consumer.Consumer, provider *sandbox.Sandbox) *Operations {
	return &Operations{Base: operations.NewBase(name, pool, relay, orders), pool: pool, relay: relay, sandbox: provider}
}

// Audit states every payment, then what the provider's own ledger holds, each
// sorted by order id, with findings where the two databases contradict themselves.
// Payments are read first: what they say was captured, the ledger held before.
func (o *Operations) Audit(ctx context.Context, emit func(*operationsv1.AuditRecord) error) error {
	if err := store.Stands(ctx, o.pool, func(s store.Stand) error { return statePayment(s, emit) }); err != nil {
		return err
	}
	if err := o.sandbox.Balances(ctx, func(b sandbox.Balance) error { return stateBalance(b, emit) }); err != nil {
		return err
	}
	pending, _, err := o.relay.Pending(ctx)
	if err != nil || pending == 0 {
		return err
	}
	return emit(&operationsv1.AuditRecord{Record: &operationsv1.AuditRecord_Pending{
		Pending: &operationsv1.Pending{Kind: "OUTBOX", Count: pending, Context: name},
	}})
}

func statePayment(s store.Stand, emit func(*operationsv1.AuditRecord) error) error {
	err := emit(&operationsv1.AuditRecord{Record: &operationsv1.AuditRecord_Payment{Payment: &operationsv1.PaymentRecord{
		OrderId: s.OrderID.String(), PaymentId: s.PaymentID.String(), Status: s.Status.String(),
		Captured: moneypb.Proto(s.Captured), Refunded: moneypb.Proto(s.Refunded),
		Pending: s.Status == domain.PaymentPending || s.PendingRefunds > 0,
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
	if s.OrderCancelled && s.FailedRefunds > 0 && s.Refunded != s.Captured && s.PendingRefunds == 0 {
		return emit(finding("REFUND_FAILED", s.PaymentID.String(),
			"order %s is cancelled, the provider declined %d refunds: %s was captured and %s given back",
			s.OrderID, s.FailedRefunds, s.Captured, s.Refunded))
	}
	return nil
}

func stateBalance(b sandbox.Balance, emit func(*operationsv1.AuditRecord) error) error {
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
