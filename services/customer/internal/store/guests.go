package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/store/db"
)

// SaveGuestErasure stores the erasure of a guest and returns it as stored: its version
// is larger than that of every erasure of the address before.
func (s Store) SaveGuestErasure(ctx context.Context, e domain.GuestErasure) (domain.GuestErasure, error) {
	err := s.q.GuestErasureUpsert(ctx, db.GuestErasureUpsertParams{ID: e.ID, EmailKey: e.EmailKey, Version: e.Version, EraseTime: e.Time})
	if err != nil {
		return domain.GuestErasure{}, err
	}
	row, err := s.q.GuestErasureGet(ctx, e.ID)
	if err != nil {
		return domain.GuestErasure{}, fmt.Errorf("read the erasure of a guest: %w", err)
	}
	return fromDBGuestErasure(row), nil
}

// NewestGuestErasure returns when the last guest was erased; the epoch when none was.
func (s Store) NewestGuestErasure(ctx context.Context) (time.Time, error) {
	return s.q.GuestErasureNewest(ctx)
}

// LockGuestErasuresSince locks and reads the next erasures since a time, along their
// ids.
func (s Store) LockGuestErasuresSince(ctx context.Context, since time.Time, after uuid.UUID) ([]domain.GuestErasure, error) {
	rows, err := s.q.GuestErasureLockSince(ctx, db.GuestErasureLockSinceParams{Since: since, AfterID: after})
	if err != nil {
		return nil, err
	}
	erasures := make([]domain.GuestErasure, len(rows))
	for i, row := range rows {
		erasures[i] = fromDBGuestErasure(row)
	}
	return erasures, nil
}

// DeleteGuestErasures deletes those before a time.
func (s Store) DeleteGuestErasures(ctx context.Context, before time.Time) error {
	return s.q.GuestErasureDeleteBefore(ctx, before)
}

func fromDBGuestErasure(row db.GuestErasure) domain.GuestErasure {
	return domain.GuestErasure{ID: row.ID, EmailKey: row.EmailKey, Version: row.Version, Time: row.EraseTime}
}
