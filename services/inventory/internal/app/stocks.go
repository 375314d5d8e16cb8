// Package app holds inventory's use cases, one file each. A use case loads, lets the
// domain decide, and stores the decision together with its events.
package app

import (
	"context"
	"time"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/peers"
)

// source names this context in its events (CloudEvents ce_source).
const source = "/shopmesh/inventory"

// Deps are what the use cases need.
type Deps struct {
	// Pool is inventory's database.
	Pool *pg.Pool
	// Settings are the owner's.
	Settings *settings.Live[domain.Settings]
	// Catalog has the products that inventory does not know yet.
	Catalog *peers.Products
	// Levels collects what is to be published.
	Levels *Levels
	// ToOutbox translates an event for the broker.
	ToOutbox func(domain.Event) outbox.Event
	// Wake has the relay publish what is in the outbox at once.
	Wake func()
	// Now is the time, in whole microseconds as the database keeps it.
	Now func() time.Time
}

// Stocks are the use cases of the stock.
type Stocks struct{ Deps }

// publishLevelsOf queues the levels of products in tx, under their rows' locks.
func (s *Stocks) publishLevelsOf(ctx context.Context, tx *pg.Tx, stocks ...domain.Stock) error {
	return s.publish(ctx, tx, domain.LevelsChanged(stocks)...)
}

func (s *Stocks) publish(ctx context.Context, tx *pg.Tx, events ...domain.Event) error {
	if len(events) == 0 {
		return nil
	}
	tx.OnCommit(s.Wake)
	return outbox.Write(ctx, tx, source, s.toOutbox(events)...)
}

func (s *Stocks) toOutbox(events []domain.Event) []outbox.Event {
	all := make([]outbox.Event, len(events))
	for i, e := range events {
		all[i] = s.ToOutbox(e)
	}
	return all
}
