package store

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/pg"
)

// GuestKey returns the key from which the tokens of guests are derived. The one given
// becomes it when there is none yet.
func (s Store) GuestKey(ctx context.Context, otherwise []byte) ([]byte, error) {
	key, err := s.q.GuestKeyGet(ctx)
	if !pg.IsNoRows(err) {
		return key, err
	}
	if err := s.q.GuestKeyInsert(ctx, otherwise); err != nil {
		return nil, err
	}
	return s.q.GuestKeyGet(ctx)
}
