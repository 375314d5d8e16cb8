package store

import (
	"context"
	"fmt"

	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// SigningKeys returns all signing keys, the newest first.
func (s Store) SigningKeys(ctx context.Context) ([]domain.SigningKey, error) {
	rows, err := s.q.SigningKeyList(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the signing keys: %w", err)
	}
	keys := make([]domain.SigningKey, len(rows))
	for i, row := range rows {
		keys[i] = fromDBSigningKey(row)
	}
	return keys, nil
}
