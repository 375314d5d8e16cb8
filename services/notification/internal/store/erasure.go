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
		customers, accounts := idsOf(e.Customers)
		err := s.q.ErasedCustomerInsertMany(ctx, db.ErasedCustomerInsertManyParams{CustomerIds: customers, AccountIds: accounts, CreateTime: now})
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
	p := db.NotificationLockOfErasedParams{OrderIds: e.Orders, MaxRows: int32(limit)}
	p.CustomerIds, p.AccountIds = idsOf(e.Customers)
	for _, guest := range e.Guests {
		p.GuestEmails, p.GuestTimes = append(p.GuestEmails, guest.Email), append(p.GuestTimes, guest.Time)
	}
	rows, err := s.q.NotificationLockOfErased(ctx, p)
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
		customers, _ := idsOf(e.Customers)
		err := s.q.ErasedCustomerSetUnfinished(ctx, db.ErasedCustomerSetUnfinishedParams{Unfinished: unfinished, CustomerIds: customers})
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
	rows, err := s.q.ErasedCustomerLockUnfinished(ctx, int32(limit))
	if err != nil {
		return domain.Erasure{}, fmt.Errorf("find erased customers whose mails are left: %w", err)
	}
	var customers []domain.ErasedCustomer
	for _, row := range rows {
		customers = append(customers, domain.ErasedCustomer{ID: row.CustomerID, AccountID: row.AccountID})
	}
	orders, err := s.q.ErasedOrderLockUnfinished(ctx, int32(limit))
	if err != nil {
		return domain.Erasure{}, fmt.Errorf("find erased orders whose mails are left: %w", err)
	}
	return domain.Erasure{Customers: customers, Orders: orders}, nil
}

// idsOf returns the ids of customers and, at the same places, of their accounts; the nil id
// where there is none.
func idsOf(erased []domain.ErasedCustomer) (customers, accounts []uuid.UUID) {
	for _, c := range erased {
		customers, accounts = append(customers, c.ID), append(accounts, c.AccountID)
	}
	return customers, accounts
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
