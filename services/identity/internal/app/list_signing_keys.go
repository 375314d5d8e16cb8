package app

import (
	"context"
	"slices"

	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store"
)

// ListSigningKeys returns the keys whose tokens may be in use, the newest first.
func (s *SigningKeys) ListSigningKeys(ctx context.Context) ([]domain.SigningKey, error) {
	keys, err := store.On(s.Pool.Hot()).SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	return slices.DeleteFunc(keys, func(k domain.SigningKey) bool { return !k.PublishedAt(now) }), nil
}
