// Package store reads and writes payments, refunds, attempts, disputes and
// contradictions. Many rows travel in one statement.
//
// Lock order: payments by id, then their refunds and disputes. Whoever writes a
// refund or a dispute holds its payment's lock, so that neither needs one of its own.
package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store/db"
)

// Store runs payment's statements on a pool or in a transaction.
type Store struct {
	dbtx pg.DBTX
	q    *db.Queries
}

// On returns the store on a pool or a transaction.
func On(dbtx pg.DBTX) Store { return Store{dbtx: dbtx, q: db.New(dbtx)} }

// LockByOrders locks the payments of orders and reads them with their refunds, by
// order id. It takes one round trip, or two when something was captured: only then
// can there be refunds. Disputes are read where there are any, in one round trip more.
func (s Store) LockByOrders(ctx context.Context, orderIDs []uuid.UUID) (map[uuid.UUID]*domain.Account, error) {
	rows, err := s.q.PaymentLockByOrders(ctx, orderIDs)
	if err != nil {
		return nil, fmt.Errorf("lock payments of %d orders: %w", len(orderIDs), err)
	}
	return s.accounts(ctx, rows, func(p domain.Payment) uuid.UUID { return p.OrderID })
}

// Lock locks payments and reads them with their refunds, by payment id.
func (s Store) Lock(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*domain.Account, error) {
	rows, err := s.q.PaymentLock(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("lock %d payments: %w", len(ids), err)
	}
	return s.accounts(ctx, rows, func(p domain.Payment) uuid.UUID { return p.ID })
}

func (s Store) accounts(ctx context.Context, rows []db.Payment, key func(domain.Payment) uuid.UUID) (map[uuid.UUID]*domain.Account, error) {
	payments := make([]domain.Payment, len(rows))
	var paid []uuid.UUID
	for i, row := range rows {
		payments[i] = fromDBPayment(row)
		if payments[i].Captured.Amount > 0 {
			paid = append(paid, payments[i].ID)
		}
	}
	refunds, err := s.refundsOf(ctx, paid)
	if err != nil {
		return nil, err
	}
	loaded := make(map[uuid.UUID]*domain.Account, len(payments))
	var disputed []uuid.UUID
	for _, p := range payments {
		account := domain.Load(p, refunds[p.ID])
		if account.Disputed() {
			disputed = append(disputed, p.ID)
		}
		loaded[key(p)] = account
	}
	disputes, err := s.Disputes(ctx, disputed...)
	if err != nil {
		return nil, err
	}
	for _, account := range loaded {
		account.LoadDisputes(disputes[account.Payment().ID])
	}
	return loaded, nil
}

func (s Store) refundsOf(ctx context.Context, payments []uuid.UUID) (map[uuid.UUID][]domain.Refund, error) {
	if len(payments) == 0 {
		return nil, nil
	}
	rows, err := s.q.RefundListByPayments(ctx, payments)
	if err != nil {
		return nil, fmt.Errorf("read refunds of %d payments: %w", len(payments), err)
	}
	refunds := make(map[uuid.UUID][]domain.Refund, len(payments))
	for _, row := range rows {
		refunds[row.PaymentID] = append(refunds[row.PaymentID], fromDBRefund(row))
	}
	return refunds, nil
}

// Save queues what was decided; the events are the caller's to write.
func (s Store) Save(ctx context.Context, c domain.Changes) error {
	if len(c.Insert) > 0 {
		if err := s.q.PaymentInsertMany(ctx, toDBInserts(c.Insert)); err != nil {
			return err
		}
	}
	if len(c.Update) > 0 {
		if err := s.q.PaymentUpdateMany(ctx, toDBUpdates(c.Update)); err != nil {
			return err
		}
	}
	if len(c.InsertRefunds) > 0 {
		if err := s.q.RefundInsertMany(ctx, toDBRefundInserts(c.InsertRefunds)); err != nil {
			return err
		}
	}
	if len(c.UpdateRefunds) > 0 {
		if err := s.q.RefundUpdateMany(ctx, toDBRefundUpdates(c.UpdateRefunds)); err != nil {
			return err
		}
	}
	if len(c.Disputes) > 0 {
		if err := s.q.DisputeUpsertMany(ctx, toDBDisputes(c.Disputes)); err != nil {
			return err
		}
	}
	if len(c.Attempts) > 0 {
		return s.q.AttemptInsertMany(ctx, toDBAttempts(c.Attempts))
	}
	return nil
}

// ClaimDuePayments returns at most maximum payments that were due by now, and gives
// the caller until lease to call the provider for them.
func (s Store) ClaimDuePayments(ctx context.Context, due, lease time.Time, maximum int32) ([]domain.Payment, error) {
	rows, err := s.q.PaymentClaimDue(ctx, db.PaymentClaimDueParams{Lease: lease, Due: due, Maximum: maximum})
	if err != nil {
		return nil, fmt.Errorf("claim due payments: %w", err)
	}
	payments := make([]domain.Payment, len(rows))
	for i, row := range rows {
		payments[i] = fromDBPayment(row)
	}
	return payments, nil
}

// ClaimDueRefunds is ClaimDuePayments for refunds.
func (s Store) ClaimDueRefunds(ctx context.Context, due, lease time.Time, maximum int32) ([]domain.RefundOrder, error) {
	rows, err := s.q.RefundClaimDue(ctx, db.RefundClaimDueParams{Lease: lease, Due: due, Maximum: maximum})
	if err != nil {
		return nil, fmt.Errorf("claim due refunds: %w", err)
	}
	orders := make([]domain.RefundOrder, len(rows))
	for i, row := range rows {
		orders[i] = domain.RefundOrder{Refund: fromDBRefund(row.Refund), Provider: row.Provider, ChargeID: row.ProviderChargeID}
	}
	return orders, nil
}

// Get reads a payment; PAYMENT_NOT_FOUND.
func (s Store) Get(ctx context.Context, id uuid.UUID) (domain.Payment, error) {
	row, err := s.q.PaymentGet(ctx, id)
	if pg.IsNoRows(err) {
		return domain.Payment{}, domain.ErrPaymentNotFound(id.String())
	}
	if err != nil {
		return domain.Payment{}, fmt.Errorf("read payment %s: %w", id, err)
	}
	return fromDBPayment(row), nil
}

// GetRefund reads a refund.
func (s Store) GetRefund(ctx context.Context, id uuid.UUID) (domain.Refund, error) {
	row, err := s.q.RefundGet(ctx, id)
	if err != nil {
		return domain.Refund{}, fmt.Errorf("read refund %s: %w", id, err)
	}
	return fromDBRefund(row), nil
}

// Attempts reads the attempts of payments or refunds, oldest first.
func (s Store) Attempts(ctx context.Context, subjects ...uuid.UUID) (map[uuid.UUID][]domain.Attempt, error) {
	if len(subjects) == 0 {
		return nil, nil
	}
	rows, err := s.q.AttemptList(ctx, subjects)
	if err != nil {
		return nil, fmt.Errorf("read attempts of %d: %w", len(subjects), err)
	}
	attempts := make(map[uuid.UUID][]domain.Attempt, len(subjects))
	for _, row := range rows {
		attempts[row.SubjectID] = append(attempts[row.SubjectID], fromDBAttempt(row))
	}
	return attempts, nil
}
