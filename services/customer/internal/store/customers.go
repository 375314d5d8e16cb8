package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/store/db"
)

// LockCustomer locks a customer, for Customer to read it afterwards.
func (s Store) LockCustomer(ctx context.Context, id uuid.UUID) error {
	return s.q.CustomerLock(ctx, id)
}

// Customer reads a customer with its addresses. Errors: CUSTOMER_NOT_FOUND.
func (s Store) Customer(ctx context.Context, id uuid.UUID) (domain.Customer, error) {
	row, err := s.q.CustomerGet(ctx, id)
	if pg.IsNoRows(err) {
		return domain.Customer{}, domain.ErrCustomerNotFound(id)
	}
	if err != nil {
		return domain.Customer{}, fmt.Errorf("read customer: %w", err)
	}
	return fromDBCustomer(row.Customer, row.Addresses, domain.SignInAddress{
		AccountID: row.AccountID, CustomerID: id, Email: row.SignInEmail, Version: row.SignInVersion,
	})
}

// InsertCustomer stores a new customer with its addresses. Errors: CustomerFault's,
// when the transaction ends.
func (s Store) InsertCustomer(ctx context.Context, customer domain.Customer) error {
	c := customer.Snapshot()
	if err := s.q.CustomerInsert(ctx, toDBNewCustomer(c)); err != nil {
		return err
	}
	for _, address := range c.Addresses {
		if err := s.InsertAddress(ctx, c.ID, address); err != nil {
			return err
		}
	}
	return nil
}

// UpdateCustomer stores a changed customer, without its addresses. Errors:
// CustomerFault's, when the transaction ends.
func (s Store) UpdateCustomer(ctx context.Context, customer domain.Customer) error {
	return s.q.CustomerUpdate(ctx, toDBCustomer(customer.Snapshot()))
}

// CustomerFault turns what the database refused about a customer into a fault; other
// errors stay as they are.
func CustomerFault(err error) error {
	if pg.Violated(err) == "customers_email_taken" {
		return domain.ErrEmailTaken().Because(err)
	}
	return err
}

// InsertAddress stores a customer's new address.
func (s Store) InsertAddress(ctx context.Context, customer uuid.UUID, a domain.Address) error {
	postal, err := document(a)
	if err != nil {
		return err
	}
	return s.q.AddressInsert(ctx, db.AddressInsertParams{ID: a.ID, CustomerID: customer, Label: a.Label, PostalAddress: postal})
}

// UpdateAddress stores a changed address.
func (s Store) UpdateAddress(ctx context.Context, a domain.Address) error {
	postal, err := document(a)
	if err != nil {
		return err
	}
	return s.q.AddressUpdate(ctx, db.AddressUpdateParams{ID: a.ID, Label: a.Label, PostalAddress: postal})
}

// DeleteAddress removes an address.
func (s Store) DeleteAddress(ctx context.Context, id uuid.UUID) error {
	return s.q.AddressDelete(ctx, id)
}

// DeleteAddresses removes all addresses of a customer.
func (s Store) DeleteAddresses(ctx context.Context, customer uuid.UUID) error {
	return s.q.AddressDeleteAll(ctx, customer)
}

// NewestErasure returns when the last customer was erased; the epoch when none was.
func (s Store) NewestErasure(ctx context.Context) (time.Time, error) {
	return s.q.CustomerNewestErasure(ctx)
}

// LockErasedSince locks and reads the next customers that were erased since a time,
// along their ids.
func (s Store) LockErasedSince(ctx context.Context, since time.Time, after uuid.UUID) ([]domain.Customer, error) {
	rows, err := s.q.CustomerLockErasedSince(ctx, db.CustomerLockErasedSinceParams{Since: since, AfterID: after})
	if err != nil {
		return nil, err
	}
	customers := make([]domain.Customer, len(rows))
	for i, row := range rows {
		account := domain.SignInAddress{AccountID: row.AccountID}
		if customers[i], err = fromDBCustomer(row.Customer, []byte(`[]`), account); err != nil { // an erased customer has no address
			return nil, err
		}
	}
	return customers, nil
}
