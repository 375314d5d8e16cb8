package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/store"
)

// ErasePersons blanks the reasons of movements that mention people whose data goes.
// The stored requests of AdjustStock need nothing: they hold no reason.
func (s *Stocks) ErasePersons(ctx context.Context, tx *pg.Tx, persons []domain.ErasedPerson) error {
	var texts []string
	for _, p := range persons {
		texts = append(texts, p.Mentions()...)
	}
	return store.On(tx).BlankReasons(ctx, texts)
}
