// Package store reads and writes payments, refunds and attempts. Many rows travel
// in one statement; a use case calls it inside its transaction.
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

// LockByOrders locks the payments of orders and reads them with their refunds, in
// one round trip, or two when something was captured: only then can there be refunds.
func LockByOrders(ctx context.Context, tx *pg.Tx, orderIDs []uuid.UUID) (map[uuid.UUID]*domain.Account, error) {
	rows, err := db.New(tx).PaymentLockByOrders(ctx, orderIDs)
	if err != nil {
		return nil, fmt.Errorf("lock payments of %d orders: %w", len(orderIDs), err)
	}
	return accounts(ctx, tx, rows, func(p domain.Payment) uuid.UUID { return p.OrderID })
}

// Lock locks payments and reads them with their refunds, by payment id.
func Lock(ctx context.Context, tx *pg.Tx, ids []uuid.UUID) (map[uuid.UUID]*domain.Account, error) {
	rows, err := db.New(tx).PaymentLock(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("lock %d payments: %w", len(ids), err)
	}
	return accounts(ctx, tx, rows, func(p domain.Payment) uuid.UUID { return p.ID })
}

func accounts(ctx context.Context, tx *pg.Tx, rows []db.Payment, key func(domain.Payment) uuid.UUID) (map[uuid.UUID]*domain.Account, error) {
	payments := make([]domain.Payment, len(rows))
	var paid []uuid.UUID
	for i, row := range rows {
		payments[i] = fromDBPayment(row)
		if payments[i].Captured.Amount > 0 {
			paid = append(paid, payments[i].ID)
		}
	}
	refunds, err := refundsOf(ctx, tx, paid)
	if err != nil {
		return nil, err
	}
	loaded := make(map[uuid.UUID]*domain.Account, len(payments))
	for _, p := range payments {
		loaded[key(p)] = domain.Load(p, refunds[p.ID])
	}
	return loaded, nil
}

func refundsOf(ctx context.Context, tx *pg.Tx, payments []uuid.UUID) (map[uuid.UUID][]domain.Refund, error) {
	if len(payments) == 0 {
		return nil, nil
	}
	rows, err := db.New(tx).RefundListByPayments(ctx, payments)
	if err != nil {
		return nil, fmt.Errorf("read refunds of %d payments: %w", len(payments), err)
	}
	refunds := make(map[uuid.UUID][]domain.Refund, len(payments))
	for _, row := range rows {
		refunds[row.PaymentID] = append(refunds[row.PaymentID], fromDBRefund(row))
	}
	return refunds, nil
}

// Save queues what was decided; events are the caller's.
func Save(ctx context.Context, tx *pg.Tx, c domain.Changes) error {
	q := db.New(tx)
	if len(c.Insert) > 0 {
		if err := q.PaymentInsertMany(ctx, toDBInserts(c.Insert)); err != nil {
			return err
		}
	}
	if len(c.Update) > 0 {
		if err := q.PaymentUpdateMany(ctx, toDBUpdates(c.Update)); err != nil {
			return err
		}
	}
	if len(c.InsertRefunds) > 0 {
		if err := q.RefundInsertMany(ctx, toDBRefundInserts(c.InsertRefunds)); err != nil {
			return err
		}
	}
	if len(c.UpdateRefunds) > 0 {
		if err := q.RefundUpdateMany(ctx, toDBRefundUpdates(c.UpdateRefunds)); err != nil {
			return err
		}
	}
	if len(c.Attempts) > 0 {
		return q.AttemptInsertMany(ctx, toDBAttempts(c.Attempts))
	}
	return nil
}

// TakeDuePayments returns at most maximum payments that were due by now, and gives
// the caller until lease to ask the provider for them.
func TakeDuePayments(ctx context.Context, pool *pg.Pool, due, lease time.Time, maximum int32) ([]domain.Payment, error) {
	rows, err := db.New(pool).PaymentTakeDue(ctx, db.PaymentTakeDueParams{Lease: lease, Due: due, Maximum: maximum})
	if err != nil {
		return nil, fmt.Errorf("take due payments: %w", err)
	}
	payments := make([]domain.Payment, len(rows))
	for i, row := range rows {
		payments[i] = fromDBPayment(row)
	}
	return payments, nil
}

// TakeDueRefunds is TakeDuePayments for refunds.
func TakeDueRefunds(ctx context.Context, pool *pg.Pool, due, lease time.Time, maximum int32) ([]domain.RefundOrder, error) {
	rows, err := db.New(pool).RefundTakeDue(ctx, db.RefundTakeDueParams{Lease: lease, Due: due, Maximum: maximum})
	if err != nil {
		return nil, fmt.Errorf("take due refunds: %w", err)
	}
	orders := make([]domain.RefundOrder, len(rows))
	for i, row := range rows {
		orders[i] = domain.RefundOrder{Refund: fromDBRefund(row.Refund), Provider: row.Provider, ChargeID: row.ProviderChargeID}
	}
	return orders, nil
}

// Get reads a payment with its attempts; PAYMENT_NOT_FOUND.
func Get(ctx context.Context, pool *pg.Pool, id uuid.UUID) (domain.Payment, []domain.Attempt, error) {
	row, err := db.New(pool).PaymentGet(ctx, id)
	if pg.IsNoRows(err) {
		return domain.Payment{}, nil, domain.PaymentNotFound(id.String())
	}
	if err != nil {
		return domain.Payment{}, nil, fmt.Errorf("read payment %s: %w", id, err)
	}
	attempts, err := Attempts(ctx, pool, []uuid.UUID{id})
	return fromDBPayment(row), attempts[id], err
}

// GetRefund reads a refund with its attempts.
func GetRefund(ctx context.Context, pool *pg.Pool, id uuid.UUID) (domain.Refund, []domain.Attempt, error) {
	row, err := db.New(pool).RefundGet(ctx, id)
	if err != nil {
		return domain.Refund{}, nil, fmt.Errorf("read refund %s: %w", id, err)
	}
	attempts, err := Attempts(ctx, pool, []uuid.UUID{id})
	return fromDBRefund(row), attempts[id], err
}

// Attempts reads the attempts of payments or refunds, oldest first.
func Attempts(ctx context.Context, pool *pg.Pool, subjects []uuid.UUID) (map[uuid.UUID][]domain.Attempt, error) {
	if len(subjects) == 0 {
		return nil, nil
	}
	rows, err := db.New(pool).AttemptList(ctx, subjects)
	if err != nil {
		return nil, fmt.Errorf("read attempts of %d: %w", len(subjects), err)
	}
	attempts := make(map[uuid.UUID][]domain.Attempt, len(subjects))
	for _, row := range rows {
		attempts[row.SubjectID] = append(attempts[row.SubjectID], fromDBAttempt(row))
	}
	return attempts, nil
}
