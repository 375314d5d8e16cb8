package events

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
)

// stockLevelChanged is the type of inventory's event.
const stockLevelChanged = "shopmesh.inventory.v1.StockLevelChanged"

// Handlers are the use cases that a batch of events calls.
type Handlers struct {
	// SetAvailability stores the levels of a batch, perhaps none.
	SetAvailability func(ctx context.Context, tx *pg.Tx, levels []domain.Level) error
}

// NewHandler returns the handler of inventory's events. It is idempotent by the
// stock's version.
func NewHandler(handlers Handlers) consumer.Handler {
	return func(ctx context.Context, tx *pg.Tx, batch []consumer.Event) error {
		levels := make([]domain.Level, 0, len(batch))
		for _, event := range batch {
			if event.Type != stockLevelChanged {
				continue
			}
			level, err := level(event)
			if err != nil {
				return err
			}
			levels = append(levels, level)
		}
		return handlers.SetAvailability(ctx, tx, levels)
	}
}

func level(event consumer.Event) (domain.Level, error) {
	var changed inventoryv1.StockLevelChanged
	if err := consumer.Decode(event, &changed); err != nil {
		return domain.Level{}, err
	}
	stock := changed.GetStock()
	id, err := uuid.Parse(stock.GetProductId())
	if err != nil || id != event.Key {
		return domain.Level{}, fmt.Errorf("event %s is about product %q", event.ID, stock.GetProductId())
	}
	if stock.GetAvailable() < 0 {
		return domain.Level{}, fmt.Errorf("event %s makes %d of product %s available", event.ID, stock.GetAvailable(), id)
	}
	return domain.Level{ProductID: id, Available: stock.GetAvailable(), Version: changed.GetVersion()}, nil
}
