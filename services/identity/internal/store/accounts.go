package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store/db"
)

// InsertAccount stores a new account. Errors: AccountFault's, when the transaction ends.
func (s Store) InsertAccount(ctx context.Context, account domain.Account) error {
	a := account.Snapshot()
	return s.q.AccountInsert(ctx, db.AccountInsertParams{
		ID: a.ID, Kind: int16(a.Kind), Email: a.Email.Address, EmailKey: a.Email.Key, FirstName: a.FirstName, LastName: a.LastName,
		LanguageCode: a.LanguageCode, CustomerID: optional(a.CustomerID), Owner: a.Owner, Permissions: toDBPermissions(a.Permissions), PasswordHash: a.PasswordHash,
		TotpSealed: s.seal(a), TotpLastStep: a.Totp.LastStep, Disabled: a.Disabled, Epoch: a.Epoch, Version: a.Version,
		CreateTime: a.CreateTime, UpdateTime: a.UpdateTime, VerifyTime: a.VerifyTime, VerifyVersion: a.VerifyVersion,
	})
}

// UpdateAccount stores a changed account. Errors: AccountFault's, when the transaction
// ends.
func (s Store) UpdateAccount(ctx context.Context, account domain.Account) error {
	a := account.Snapshot()
	return s.q.AccountUpdate(ctx, db.AccountUpdateParams{
		ID: a.ID, Email: a.Email.Address, EmailKey: a.Email.Key, FirstName: a.FirstName, LastName: a.LastName,
		Owner: a.Owner, Permissions: toDBPermissions(a.Permissions), PasswordHash: a.PasswordHash,
		TotpSealed: s.seal(a), TotpLastStep: a.Totp.LastStep, Disabled: a.Disabled, Epoch: a.Epoch, Version: a.Version, UpdateTime: a.UpdateTime,
		VerifyTime: a.VerifyTime, VerifyVersion: a.VerifyVersion,
	})
}

// Account reads an account. Errors: ACCOUNT_NOT_FOUND.
func (s Store) Account(ctx context.Context, id uuid.UUID) (domain.Account, error) {
	row, err := s.q.AccountGet(ctx, id)
	return s.readAccount(row, err, id)
}

// LockAccount locks and reads an account. Errors: ACCOUNT_NOT_FOUND.
func (s Store) LockAccount(ctx context.Context, id uuid.UUID) (domain.Account, error) {
	row, err := s.q.AccountLock(ctx, id)
	return s.readAccount(row, err, id)
}

func (s Store) readAccount(row db.Account, err error, id uuid.UUID) (domain.Account, error) {
	if pg.IsNoRows(err) {
		return domain.Account{}, domain.ErrAccountNotFound(id)
	}
	if err != nil {
		return domain.Account{}, fmt.Errorf("read account: %w", err)
	}
	return s.fromDBAccount(row)
}

// FindAccount returns the account of a kind and address, and whether there is one.
func (s Store) FindAccount(ctx context.Context, kind domain.Kind, email domain.Email) (domain.Account, bool, error) {
	row, err := s.q.AccountFind(ctx, db.AccountFindParams{Kind: int16(kind), EmailKey: email.Key})
	if pg.IsNoRows(err) {
		return domain.Account{}, false, nil
	}
	if err != nil {
		return domain.Account{}, false, fmt.Errorf("find account: %w", err)
	}
	account, err := s.fromDBAccount(row)
	return account, err == nil, err
}

// AccountOfCustomer returns the account of a customer, and whether there is one.
func (s Store) AccountOfCustomer(ctx context.Context, customer uuid.UUID) (domain.Account, bool, error) {
	row, err := s.q.AccountOfCustomer(ctx, customer)
	if pg.IsNoRows(err) {
		return domain.Account{}, false, nil
	}
	if err != nil {
		return domain.Account{}, false, fmt.Errorf("find the account of customer %s: %w", customer, err)
	}
	account, err := s.fromDBAccount(row)
	return account, err == nil, err
}

// LockOwners locks who owns the shop, also where nobody does yet, and returns how many
// owners may sign in.
func (s Store) LockOwners(ctx context.Context) (int, error) {
	if err := s.q.AccountLockOwners(ctx); err != nil {
		return 0, err
	}
	owners, err := s.q.AccountCountOwners(ctx)
	if err != nil {
		return 0, fmt.Errorf("count the owners: %w", err)
	}
	return int(owners), nil
}

// NewestChange returns when an account was last changed; the epoch when there is none.
func (s Store) NewestChange(ctx context.Context) (time.Time, error) {
	return s.q.AccountNewestChange(ctx)
}

// LockChangedSince locks and reads the next accounts, by id after the one given, that were
// changed at a time or after it; a page of the republisher's at most.
func (s Store) LockChangedSince(ctx context.Context, since time.Time, after uuid.UUID) ([]domain.Account, error) {
	rows, err := s.q.AccountLockChangedSince(ctx, db.AccountLockChangedSinceParams{Since: since, AfterID: after})
	if err != nil {
		return nil, fmt.Errorf("lock the accounts that were changed: %w", err)
	}
	return s.fromDBAccounts(rows)
}

func (s Store) fromDBAccounts(rows []db.Account) (accounts []domain.Account, err error) {
	accounts = make([]domain.Account, len(rows))
	for i, row := range rows {
		if accounts[i], err = s.fromDBAccount(row); err != nil {
			return nil, err
		}
	}
	return accounts, nil
}

// HasOwner reports whether there is an owner who may sign in.
func (s Store) HasOwner(ctx context.Context) (bool, error) {
	has, err := s.q.AccountAnyOwner(ctx)
	if err != nil {
		return false, fmt.Errorf("look for an owner: %w", err)
	}
	return has, nil
}

// EmailTaken reports that the database refused a second account of an address, also where
// another link of the same address made the very account.
func EmailTaken(err error) bool {
	violated := pg.Violated(err)
	return violated == "accounts_email_once" || violated == "accounts_pkey"
}

func (s Store) fromDBAccount(row db.Account) (domain.Account, error) {
	totp, err := s.open(row)
	if err != nil {
		return domain.Account{}, fmt.Errorf("read the second factor of account %s: %w", row.ID, err)
	}
	return domain.RestoreAccount(domain.AccountSnapshot{
		ID: row.ID, Kind: domain.Kind(row.Kind), Email: domain.Email{Address: row.Email, Key: row.EmailKey},
		FirstName: row.FirstName, LastName: row.LastName, LanguageCode: row.LanguageCode, CustomerID: value(row.CustomerID), Owner: row.Owner,
		Permissions: fromDBPermissions(row.Permissions), PasswordHash: row.PasswordHash, Totp: totp, Disabled: row.Disabled,
		Epoch: row.Epoch, Version: row.Version, CreateTime: row.CreateTime, UpdateTime: row.UpdateTime,
		VerifyTime: row.VerifyTime, VerifyVersion: row.VerifyVersion,
	}), nil
}

// totpOf binds a sealed secret to its account.
func totpOf(account uuid.UUID) string { return "totp " + account.String() }

func (s Store) seal(a domain.AccountSnapshot) []byte {
	if len(a.Totp.Secret) == 0 {
		return []byte{}
	}
	return s.sealing.Seal(totpOf(a.ID), a.Totp.Secret)
}

func (s Store) open(row db.Account) (domain.Totp, error) {
	if len(row.TotpSealed) == 0 {
		return domain.Totp{}, nil
	}
	secret, err := s.sealing.Open(totpOf(row.ID), row.TotpSealed)
	return domain.Totp{Secret: secret, Confirmed: true, LastStep: row.TotpLastStep}, err
}

func optional(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

func value(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}

func toDBPermissions(permissions []domain.Permission) []int32 {
	row := make([]int32, len(permissions))
	for i, p := range permissions {
		row[i] = int32(p)
	}
	return row
}

func fromDBPermissions(row []int32) []domain.Permission {
	permissions := make([]domain.Permission, len(row))
	for i, p := range row {
		permissions[i] = domain.Permission(p)
	}
	return permissions
}
