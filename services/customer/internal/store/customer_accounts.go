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
func (s Store) LinkAccount(ctx context.Context, account, customer uuid.UUID, now time.Time) error {
	return s.q.CustomerAccountInsert(ctx, db.CustomerAccountInsertParams{AccountID: account, CustomerID: customer, CreateTime: now})
}
