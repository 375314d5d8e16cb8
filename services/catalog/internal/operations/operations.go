// Package operations states what operators and auditors see of the catalog.
package operations

import (
	"context"
	"fmt"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	kitoperations "github.com/shopmesh/shopmesh/kit/operations"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store"
)

// name is what the context is called.
const name = "catalog"

// maxFindings bounds the findings of a kind: where a thousand products have the same
// fault, these show its cause as well as all would.
const maxFindings = 1000

// Operations is the catalog as operators see it.
type Operations struct {
	kitoperations.Base

	pool *pg.Pool
}

// New returns the catalog's operations.
func New(pool *pg.Pool, relay *outbox.Relay, stock *consumer.Consumer) *Operations {
	return &Operations{Base: kitoperations.NewBase(name, pool, relay, stock), pool: pool}
}

// Audit states the events that are still in the outbox, and as findings the stock
// levels whose product is not there: inventory receives a product only after it
// was committed here, so such a product was lost.
func (o *Operations) Audit(ctx context.Context, emit func(*operationsv1.AuditRecord) error) error {
	lost, err := store.On(o.pool).LostProducts(ctx, maxFindings)
	if err != nil {
		return err
	}
	for _, level := range lost {
		err := emit(&operationsv1.AuditRecord{Record: &operationsv1.AuditRecord_Finding{Finding: &operationsv1.Finding{
			Kind: "STOCK_WITHOUT_PRODUCT", Subject: level.ProductID.String(), Context: name,
			Message: fmt.Sprintf("inventory published %d of product %s, which the catalog does not have", level.Available, level.ProductID),
		}}})
		if err != nil {
			return err
		}
	}
	return o.AuditOutbox(ctx, emit)
}
