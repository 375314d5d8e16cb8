// Package app holds the use cases about customers, one file each. A use case loads,
// lets the domain decide, and stores what was decided together with the event of it.
package app

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/protoconv"
	"github.com/shopmesh/shopmesh/services/customer/internal/store"
)

// source names this context in its events (CloudEvents ce_source).
const source = "/shopmesh/customer"

// Deps are what the use cases take from outside.
type Deps struct {
	// Pool is the context's database.
	Pool *pg.Pool
	// ToOutbox returns the event of a customer's state, GuestToOutbox that of a guest's
	// erasure.
	ToOutbox      func(domain.Customer) outbox.Event
	GuestToOutbox func(domain.GuestErasure) outbox.Event
	// OpenOrders reads the numbers of a person's orders that are paid and not shipped.
	OpenOrders func(context.Context, domain.Person) ([]string, error)
	// Records reads what the other contexts hold about a person.
	Records func(context.Context, domain.Person) (Records, error)
	// Wake makes the relay read the outbox at once.
	Wake func()
	// Now is the time, in whole microseconds as the database keeps it.
	Now func() time.Time
	// NewID returns a UUIDv7.
	NewID func() uuid.UUID
}

// Records are what other contexts hold about a person, each as its contract's JSON. A guest
// has no account and no cart, and neither has every customer an account: those are nil then.
type Records struct {
	Account, Cart                              json.RawMessage
	Sessions, Orders, Payments, Refunds, Mails []json.RawMessage
}

// Customers are the use cases about customers and their addresses.
type Customers struct{ Deps }

// publish queues the customer's event in tx.
func (s *Customers) publish(ctx context.Context, tx *pg.Tx, customer domain.Customer) error {
	tx.OnCommit(s.Wake)
	return outbox.Write(ctx, tx, source, s.ToOutbox(customer))
}

// record notes a change of a customer for the activity log.
func record(ctx context.Context, before, after domain.Customer) {
	activity.Changed(ctx, "customers/"+before.Snapshot().ID.String(), protoconv.Customer(before.Snapshot()), protoconv.Customer(after.Snapshot()))
}

// The permissions of those who use customers that are not theirs.
const (
	mayRead  = optionsv1.Permission_PERMISSION_CUSTOMERS_READ
	mayWrite = optionsv1.Permission_PERMISSION_CUSTOMERS_WRITE
)

// mayUse returns CUSTOMER_NOT_FOUND for a customer whom the caller may not use: those with the
// permission may use any, others themselves. It takes the id alone, so that it comes before
// anything is read or locked, and another's takes no longer than one that is not there.
func mayUse(ctx context.Context, id uuid.UUID, permission optionsv1.Permission) error {
	if caller := authz.Caller(ctx); !caller.May(permission) && !caller.Owns(id.String()) {
		return domain.ErrCustomerNotFound(id)
	}
	return nil
}

// load reads a customer whom the caller may use. Errors: CUSTOMER_NOT_FOUND.
func load(ctx context.Context, st store.Store, id uuid.UUID, permission optionsv1.Permission) (domain.Customer, error) {
	if err := mayUse(ctx, id, permission); err != nil {
		return domain.Customer{}, err
	}
	return st.Customer(ctx, id)
}

// change locks a customer and has decide change it. When something is different, it
// stores and publishes the customer, and write stores the addresses. It returns the
// customer as it is then. Errors: CUSTOMER_NOT_FOUND, EMAIL_TAKEN, decide's.
func (s *Customers) change(ctx context.Context, id uuid.UUID,
	decide func(domain.Customer) (next domain.Customer, changed bool, err error),
	write func(ctx context.Context, st store.Store) error,
) (domain.Customer, error) {
	var customer domain.Customer
	err := s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		var err error
		customer, err = s.changeIn(ctx, tx, id, decide, write)
		return err
	})
	if err != nil {
		return domain.Customer{}, store.CustomerFault(err)
	}
	return customer, nil
}

func (s *Customers) changeIn(ctx context.Context, tx *pg.Tx, id uuid.UUID,
	decide func(domain.Customer) (next domain.Customer, changed bool, err error),
	write func(ctx context.Context, st store.Store) error,
) (domain.Customer, error) {
	if err := mayUse(ctx, id, mayWrite); err != nil {
		return domain.Customer{}, err
	}
	st := store.On(tx)
	if err := st.LockCustomer(ctx, id); err != nil {
		return domain.Customer{}, err
	}
	before, err := st.Customer(ctx, id)
	if err != nil {
		return domain.Customer{}, err
	}
	next, changed, err := decide(before)
	if err != nil {
		return next, err
	}
	if !changed {
		activity.Unchanged(ctx)
		return next, nil
	}
	record(ctx, before, next)
	if err := st.UpdateCustomer(ctx, next); err != nil {
		return domain.Customer{}, err
	}
	if err := write(ctx, st); err != nil {
		return domain.Customer{}, err
	}
	return next, s.publish(ctx, tx, next)
}

// noAddresses is the write of a change that touches no address.
func noAddresses(context.Context, store.Store) error { return nil }
