// Package app holds the use cases about customers, one file each. A use case
// loads, lets the domain decide, and stores what was decided together with the
// event that tells of it.
package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/store"
	"github.com/shopmesh/shopmesh/services/customer/internal/store/db"
)

// source names this context in its events (CloudEvents ce_source).
const source = "/shopmesh/customer"

// Customers are the use cases about customers and their addresses.
type Customers struct {
	// Pool is the context's database.
	Pool *pg.Pool
	// Announce returns the event that tells of a customer.
	Announce func(domain.Customer) outbox.Event
	// Wake has the relay look at the outbox at once.
	Wake func()
	// Now is the time, in whole microseconds as the database keeps it.
	Now func() time.Time
	// NewID returns a UUIDv7.
	NewID func() uuid.UUID
}

// announce queues the customer's event in tx.
func (s *Customers) announce(ctx context.Context, tx *pg.Tx, customer domain.Customer) error {
	tx.OnCommit(s.Wake)
	return outbox.Write(ctx, tx, source, s.Announce(customer))
}

// load reads a customer whom the caller may see: a customer sees only itself, and
// finds nothing where another one is. Errors: CUSTOMER_NOT_FOUND.
func load(ctx context.Context, queries *db.Queries, id uuid.UUID) (domain.Customer, error) {
	row, err := queries.CustomerGet(ctx, id)
	if pg.IsNoRows(err) {
		return domain.Customer{}, domain.CustomerNotFound(id)
	}
	if err != nil {
		return domain.Customer{}, fmt.Errorf("read customer: %w", err)
	}
	if caller := authz.Caller(ctx); !caller.Trusted() && !caller.Owns(id.String()) {
		return domain.Customer{}, domain.CustomerNotFound(id)
	}
	return store.Customer(row.Customer, row.Addresses)
}

// change locks a customer and lets decide what becomes of it; what differs is
// stored, beside what write stores of the addresses, and announced. It returns the
// customer as it then is. Errors: CUSTOMER_NOT_FOUND, EMAIL_TAKEN, decide's.
func (s *Customers) change(ctx context.Context, id uuid.UUID,
	decide func(domain.Customer) (next domain.Customer, changed bool, err error),
	write func(ctx context.Context, queries *db.Queries) error,
) (domain.Customer, error) {
	var customer domain.Customer
	err := s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		queries := db.New(tx)
		if err := queries.CustomerLock(ctx, id); err != nil {
			return err
		}
		before, err := load(ctx, queries, id)
		if err != nil {
			return err
		}
		next, changed, err := decide(before)
		if err != nil {
			return err
		}
		customer = next
		if !changed {
			return nil
		}
		if err := queries.CustomerUpdate(ctx, store.UpdateCustomer(next)); err != nil {
			return err
		}
		if err := write(ctx, queries); err != nil {
			return err
		}
		return s.announce(ctx, tx, next)
	})
	if err != nil {
		return domain.Customer{}, customerFault(err)
	}
	return customer, nil
}

// noAddresses is the write of a change that touches no address.
func noAddresses(context.Context, *db.Queries) error { return nil }

// customerFault says what the database refused about a customer.
func customerFault(err error) error {
	if pg.Violated(err) == "customers_email_taken" {
		return domain.EmailTaken().Because(err)
	}
	return err
}
