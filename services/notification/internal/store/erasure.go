package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/store/db"
)

// AwaitErasures queues a lock that is taken before mails are written or resent: an
// erasure waits for the transaction, and the transaction for an erasure.
func (s Store) AwaitErasures(ctx context.Context) error { return s.q.ErasedCustomerShare(ctx) }

// BeginErasure queues the lock that keeps mails from being written or resent
// meanwhile, and notes who is erased.
func (s Store) BeginErasure(ctx context.Context, e domain.Erasure, now time.Time) error {
	if err := s.q.ErasedCustomerExclude(ctx); err != nil {
		return err
	}
	if len(e.Customers) > 0 {
		err := s.q.ErasedCustomerInsertMany(ctx, db.ErasedCustomerInsertManyParams{CustomerIds: e.Customers, CreateTime: now})
		if err != nil {
			return err
		}
	}
	if len(e.Orders) == 0 {
		return nil
	}
	return s.q.ErasedOrderInsertMany(ctx, db.ErasedOrderInsertManyParams{OrderIds: e.Orders, CreateTime: now})
}

// LockOfErased locks and reads up to limit mails of erased people that are not blank
// yet, those first that are to be sent.
func (s Store) LockOfErased(ctx context.Context, e domain.Erasure, limit int) ([]domain.Mail, error) {
	rows, err := s.q.NotificationLockOfErased(ctx, db.NotificationLockOfErasedParams{
		CustomerIds: e.Customers, OrderIds: e.Orders, MaxRows: int32(limit),
	})
	if err != nil {
		return nil, fmt.Errorf("lock the mails of erased people: %w", err)
	}
	mails := make([]domain.Mail, len(rows))
	for i, row := range rows {
		mails[i] = fromDBMail(db.NotificationLockRow(row))
	}
	return mails, nil
}

// Blank queues the blanking of locked mails that were erased.
func (s Store) Blank(ctx context.Context, mails []domain.Mail) error {
	return s.q.NotificationEraseMany(ctx, toDBErased(mails))
}

// SetUnfinished queues the note whether mails of erased people are left to blank.
func (s Store) SetUnfinished(ctx context.Context, e domain.Erasure, unfinished bool) error {
	if len(e.Customers) > 0 {
		err := s.q.ErasedCustomerSetUnfinished(ctx, db.ErasedCustomerSetUnfinishedParams{Unfinished: unfinished, CustomerIds: e.Customers})
		if err != nil {
			return err
		}
	}
	if len(e.Orders) == 0 {
		return nil
	}
	return s.q.ErasedOrderSetUnfinished(ctx, db.ErasedOrderSetUnfinishedParams{Unfinished: unfinished, OrderIds: e.Orders})
}

// LockUnfinished locks and reads up to limit customers, and orders, whose mails are
// not all blank yet, but for those that another process is about to blank.
func (s Store) LockUnfinished(ctx context.Context, limit int) (domain.Erasure, error) {
	customers, err := s.q.ErasedCustomerLockUnfinished(ctx, int32(limit))
	if err != nil {
		return domain.Erasure{}, fmt.Errorf("find erased customers whose mails are left: %w", err)
	}
	orders, err := s.q.ErasedOrderLockUnfinished(ctx, int32(limit))
	if err != nil {
		return domain.Erasure{}, fmt.Errorf("find erased orders whose mails are left: %w", err)
	}
	return domain.Erasure{Customers: customers, Orders: orders}, nil
}

// ErasedSince reports whether mails may have been blanked since a time.
func (s Store) ErasedSince(ctx context.Context, since time.Time) (bool, error) {
	recent, err := s.q.ErasedRecent(ctx, since)
	return recent != nil && *recent, err
}

// ErasedAmong returns those of the mails that were erased before they were sent.
func (s Store) ErasedAmong(ctx context.Context, ids []uuid.UUID) ([]uuid.UUID, error) {
	return s.q.NotificationErasedAmong(ctx, ids)
}
