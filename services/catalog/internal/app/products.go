// Package app holds the catalog's use cases, one file each. A use case loads, lets
// the domain decide, and stores what was decided together with the event that
// tells of it.
package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
)

// source names this context in its events (CloudEvents ce_source).
const source = "/shopmesh/catalog"

// Products are the use cases about products.
type Products struct {
	// Pool is the catalog's database.
	Pool *pg.Pool
	// Settings are the owner's.
	Settings domain.Settings
	// Announce returns the event that tells of a product.
	Announce func(domain.Product) outbox.Event
	// Cache holds products that were read of late.
	Cache *Cache
	// Wake has the relay look at the outbox at once.
	Wake func()
	// Now is the time, in whole microseconds as the database keeps it.
	Now func() time.Time
	// NewID returns a UUIDv7.
	NewID func() uuid.UUID
}

// announce queues the product's event in tx.
func (s *Products) announce(ctx context.Context, tx *pg.Tx, product domain.Product) error {
	tx.OnCommit(func() { s.Cache.Changed(product.ID, product.Code, product.Version) })
	tx.OnCommit(s.Wake)
	return outbox.Write(ctx, tx, source, s.Announce(product))
}

// failed translates what a change of a product failed with. Whether it was committed
// is not known unless the failure is a refusal.
func (s *Products) failed(err error, product domain.Product) error {
	err = productFault(err, product)
	if _, refused := fault.Of(err); !refused {
		s.Cache.Forget(product.ID, product.Code)
	}
	return err
}

// seesDrafts says whether the caller may see products that are not shown to
// shoppers.
func seesDrafts(ctx context.Context) bool { return authz.Caller(ctx).Trusted() }
