// Package app holds inventory's use cases, one file each. A use case loads, lets
// the domain decide, and stores what was decided together with the events that
// tell of it.
package app

import (
	"context"
	"time"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/events"
	"github.com/shopmesh/shopmesh/services/inventory/internal/peers"
)

// Stocks are the use cases of the stock.
type Stocks struct {
	// Pool is inventory's database.
	Pool *pg.Pool
	// Settings are the owner's.
	Settings domain.Settings
	// Catalog knows the products that were not heard of yet.
	Catalog *peers.Products
	// Levels collects what is to be announced.
	Levels *Levels
	// Wake has the relay look at the outbox at once.
	Wake func()
	// Now is the time, in whole microseconds as the database keeps it.
	Now func() time.Time
}

// announce queues the levels of products in tx, under their rows' locks.
func (s *Stocks) announce(ctx context.Context, tx *pg.Tx, stocks ...domain.Stock) error {
	return s.say(ctx, tx, events.LevelsChanged(stocks)...)
}

func (s *Stocks) say(ctx context.Context, tx *pg.Tx, said ...outbox.Event) error {
	if len(said) == 0 {
		return nil
	}
	tx.OnCommit(s.Wake)
	return outbox.Write(ctx, tx, events.Source, said...)
}
