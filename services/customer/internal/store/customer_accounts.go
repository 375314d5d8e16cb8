package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/store/db"
)

// CustomerOf returns the customer of an account; uuid.Nil when it has none yet.
func (s Store) CustomerOf(ctx context.Context, account uuid.UUID) (uuid.UUID, error) {
	id, err := s.q.CustomerAccountGet(ctx, account)
	if pg.IsNoRows(err) {
		return uuid.Nil, nil
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("read the customer of an account: %w", err)
	}
	return id, nil
}

// LockHolder locks and returns who has an e-mail address; the zero Holder when nobody has.
func (s Store) LockHolder(ctx context.Context, email string) (domain.Holder, error) {
	row, err := s.q.CustomerByEmail(ctx, grammar.EmailKey(email))
	if pg.IsNoRows(err) {
		return domain.Holder{}, nil
	}
	if err != nil {
		return domain.Holder{}, fmt.Errorf("find who has an address: %w", err)
	}
	return domain.Holder{CustomerID: row.ID, Email: row.Email, Linked: row.Linked}, nil
}

// LinkAccount stores that an account signs in as a customer. The transaction fails when
// another call did so meanwhile.
func (s Store) LinkAccount(ctx context.Context, account, customer uuid.UUID, email string, now time.Time) error {
	return s.q.CustomerAccountInsert(ctx, db.CustomerAccountInsertParams{AccountID: account, CustomerID: customer, Email: email, CreateTime: now})
}

// UpdateSignInAddress stores with which address an account signs in.
func (s Store) UpdateSignInAddress(ctx context.Context, a domain.SignInAddress) error {
	return s.q.CustomerAccountUpdate(ctx, db.CustomerAccountUpdateParams{AccountID: a.AccountID, Email: a.Email, Version: a.Version})
}

// EraseSignInAddress forgets the address of a customer's account.
func (s Store) EraseSignInAddress(ctx context.Context, customer uuid.UUID) error {
	return s.q.CustomerAccountErase(ctx, customer)
}

// Linked is a customer for whom an account was made, as an audit sees it.
type Linked struct {
	CustomerID uuid.UUID
	AccountID  uuid.UUID
	Erased     bool
}

const linkedCustomers = `
select a.customer_id, a.account_id, c.erased from customer_accounts a join customers c on c.id = a.customer_id
order by a.customer_id`

// EachLinked streams the customers for whom an account was made, sorted by id. Rows are read
// as they arrive, which sqlc's generated code can't do, so that memory is bounded however
// many there are.
func (s Store) EachLinked(ctx context.Context, yield func(Linked) error) error {
	rows, err := s.dbtx.Query(ctx, linkedCustomers)
	if err != nil {
		return fmt.Errorf("audit customers: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var c Linked
		if err := rows.Scan(&c.CustomerID, &c.AccountID, &c.Erased); err != nil {
			return fmt.Errorf("audit customers: %w", err)
		}
		if err := yield(c); err != nil {
			return err
		}
	}
	return rows.Err()
}
