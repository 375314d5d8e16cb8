// Package operations states what operators and auditors see of identity.
package operations

import (
	"context"

	"github.com/google/uuid"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	kitoperations "github.com/shopmesh/shopmesh/kit/operations"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/passwords"
	"github.com/shopmesh/shopmesh/services/identity/internal/store"
)

// name is what the context is called.
const name = "identity"

// Operations is the context as operators see it.
type Operations struct {
	kitoperations.Base

	pool *pg.Pool
}

// New returns the context's operations.
func New(pool *pg.Pool, relay *outbox.Relay, inbound *consumer.Consumer, hasher *passwords.Hasher) *Operations {
	return &Operations{Base: kitoperations.NewBase(name, pool, relay, inbound).Also(hasher.Condition), pool: pool}
}

// Audit states the account of each customer who has one, by customer, and the events that
// are still in the outbox.
func (o *Operations) Audit(ctx context.Context, emit func(*operationsv1.AuditRecord) error) error {
	err := store.On(o.pool).EachCustomersAccount(ctx, func(customer, account uuid.UUID) error {
		return emit(&operationsv1.AuditRecord{Record: &operationsv1.AuditRecord_Account{Account: &operationsv1.AccountRecord{
			CustomerId: customer.String(), AccountId: account.String(),
		}}})
	})
	if err != nil {
		return err
	}
	return o.AuditOutbox(ctx, emit)
}
