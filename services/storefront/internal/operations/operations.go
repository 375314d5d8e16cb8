// Package operations states what operators and auditors see of the storefront.
package operations

import (
	"context"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	kitoperations "github.com/shopmesh/shopmesh/kit/operations"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
)

// name is what the context is called.
const name = "storefront"

// Operations is the storefront as operators see it.
type Operations struct {
	kitoperations.Base
}

// New returns the storefront's operations.
func New(pool *pg.Pool, relay *outbox.Relay) *Operations {
	return &Operations{Base: kitoperations.NewBase(name, pool, relay)}
}

// Audit states the events that are still in the outbox.
func (o *Operations) Audit(ctx context.Context, emit func(*operationsv1.AuditRecord) error) error {
	return o.AuditOutbox(ctx, emit)
}
