// Package app holds the catalog's use cases, one file each. A use case loads, lets
// the domain decide, and stores what was decided together with the event of it.
package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/protoconv"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store"
)

// source names this context in its events (CloudEvents ce_source).
const source = "/shopmesh/catalog"

// Deps are what the use cases take from outside.
type Deps struct {
	// Pool is the catalog's database.
	Pool *pg.Pool
	// Settings are the owner's.
	Settings *settings.Live[domain.Settings]
	// ToOutbox returns the event of a product's state.
	ToOutbox func(domain.Product) outbox.Event
	// Cache holds products that were read recently.
	Cache *Cache
	// Wake makes the relay read the outbox at once.
	Wake func()
	// Now is the time, in whole microseconds as the database keeps it.
	Now func() time.Time
	// NewID returns a UUIDv7.
	NewID func() uuid.UUID
}

// Products are the use cases about products.
type Products struct{ Deps }

// publish queues the product's event in tx.
func (s *Products) publish(ctx context.Context, tx *pg.Tx, product domain.Product) error {
	p := product.Snapshot()
	tx.OnCommit(func() { s.Cache.Changed(p.ID, p.Code, p.Version) })
	tx.OnCommit(s.Wake)
	return outbox.Write(ctx, tx, source, s.ToOutbox(product))
}

// record notes a change of a product for the activity log.
func record(ctx context.Context, before, after domain.Product) {
	activity.Changed(ctx, "products/"+after.Snapshot().ID.String(), protoconv.Product(before.Snapshot()), protoconv.Product(after.Snapshot()))
}

// failed translates what a change of a product failed with. Whether it was committed
// is not known unless the failure is a refusal.
func (s *Products) failed(err error, product domain.Product) error {
	err = store.ProductFault(err, product)
	if _, refused := fault.Of(err); !refused {
		s.Cache.Forget(product.Snapshot().ID, product.Snapshot().Code)
	}
	return err
}

// seesDrafts reports whether the caller may see products that are not shown to
// shoppers.
func seesDrafts(ctx context.Context) bool {
	return authz.Caller(ctx).May(optionsv1.Permission_PERMISSION_CATALOG_READ)
}
