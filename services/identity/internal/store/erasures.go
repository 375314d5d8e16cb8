package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store/db"
)

// AwaitErasures takes the lock under which an account or a link is made: an erasure waits
// for the transaction, and the transaction for an erasure. It comes before other locks.
func (s Store) AwaitErasures(ctx context.Context) error { return s.q.ErasedCustomerShare(ctx) }

// BeginErasure takes the lock that keeps accounts and links from being made meanwhile, and
// stores which customers are erased.
func (s Store) BeginErasure(ctx context.Context, customers []uuid.UUID, now time.Time) error {
	if err := s.q.ErasedCustomerExclude(ctx); err != nil || len(customers) == 0 {
		return err
	}
	return s.q.ErasedCustomerInsertMany(ctx, db.ErasedCustomerInsertManyParams{CustomerIds: customers, CreateTime: now})
}

// IsErased reports whether a customer's data was erased.
func (s Store) IsErased(ctx context.Context, customer uuid.UUID) (bool, error) {
	return s.q.ErasedCustomerExists(ctx, customer)
}

// LockAccountsOf locks and reads the accounts of customers.
func (s Store) LockAccountsOf(ctx context.Context, customers []uuid.UUID) ([]domain.Account, error) {
	rows, err := s.q.AccountLockOfCustomers(ctx, customers)
	if err != nil {
		return nil, fmt.Errorf("lock the accounts of customers: %w", err)
	}
	return s.fromDBAccounts(rows)
}

// DeleteAccount deletes an account with its sessions and recovery codes, its links and mails,
// and what was requested for its address.
func (s Store) DeleteAccount(ctx context.Context, a domain.AccountSnapshot) error {
	if err := s.q.AccountDelete(ctx, a.ID); err != nil {
		return err
	}
	if err := s.q.LinkDeleteOf(ctx, db.LinkDeleteOfParams{AccountID: a.ID, Kind: int16(a.Kind), EmailKey: a.Email.Key}); err != nil {
		return err
	}
	if err := s.q.MailRequestDeleteOf(ctx, db.MailRequestDeleteOfParams{AccountID: optional(a.ID), Kind: int16(a.Kind), EmailKey: a.Email.Key}); err != nil {
		return err
	}
	return s.q.MailDeleteOf(ctx, db.MailDeleteOfParams{AccountID: a.ID, Kind: int16(a.Kind), EmailKey: a.Email.Key})
}

// DeleteLinksOf deletes the links and mails that are about accounts, or were to make them.
func (s Store) DeleteLinksOf(ctx context.Context, accounts []uuid.UUID) error {
	if err := s.q.LinkDeleteOfAccounts(ctx, accounts); err != nil {
		return err
	}
	return s.q.MailDeleteOfAccounts(ctx, accounts)
}

// DeleteRequestsOf deletes what a guest requested for an address before the erasure.
func (s Store) DeleteRequestsOf(ctx context.Context, g domain.ErasedGuest) error {
	if err := s.q.LinkDeleteOfGuest(ctx, db.LinkDeleteOfGuestParams{EmailLower: g.Email, Before: g.Time}); err != nil {
		return err
	}
	if err := s.q.MailRequestDeleteOfGuest(ctx, db.MailRequestDeleteOfGuestParams{EmailLower: g.Email, Before: g.Time}); err != nil {
		return err
	}
	return s.q.MailDeleteOfGuest(ctx, db.MailDeleteOfGuestParams{EmailLower: g.Email, Before: g.Time})
}

const accountsOfCustomers = `select customer_id, id from accounts where customer_id is not null order by customer_id`

// EachCustomersAccount streams the accounts of customers, sorted by customer. Rows are read as
// they arrive, which sqlc's generated code can't do, so that memory is bounded however many
// there are.
func (s Store) EachCustomersAccount(ctx context.Context, yield func(customer, account uuid.UUID) error) error {
	rows, err := s.dbtx.Query(ctx, accountsOfCustomers)
	if err != nil {
		return fmt.Errorf("audit accounts: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var customer, account uuid.UUID
		if err := rows.Scan(&customer, &account); err != nil {
			return fmt.Errorf("audit accounts: %w", err)
		}
		if err := yield(customer, account); err != nil {
			return err
		}
	}
	return rows.Err()
}
