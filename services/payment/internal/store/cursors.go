package store

import (
	"context"
	"fmt"
	"time"

	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store/db"
)

// AddCursor adds a provider's cursor unless there is one: at the first payment, or at the
// earliest time given when that is later.
func (s Store) AddCursor(ctx context.Context, provider string, now, earliest time.Time) error {
	err := s.q.ProviderCursorInsert(ctx, db.ProviderCursorInsertParams{Provider: provider, Now: now, Earliest: earliest})
	if err != nil {
		return fmt.Errorf("add the cursor of %s: %w", provider, err)
	}
	return nil
}

// ClaimCursor returns a provider's cursor when it was due by now, and gives the caller
// until lease to read on.
func (s Store) ClaimCursor(ctx context.Context, provider string, due, lease time.Time) (cursor domain.Cursor, claimed bool, err error) {
	rows, err := s.q.ProviderCursorClaim(ctx, db.ProviderCursorClaimParams{Provider: provider, Due: due, Lease: lease})
	if err != nil || len(rows) == 0 {
		return domain.Cursor{}, false, wrap(err, "claim the cursor of "+provider)
	}
	return fromDBCursor(rows[0]), true, nil
}

// SaveCursor keeps a cursor, and reports whether the caller's lease still held.
func (s Store) SaveCursor(ctx context.Context, c domain.Cursor, lease time.Time) (held bool, err error) {
	var read *time.Time
	if !c.ReadTime.IsZero() {
		read = &c.ReadTime
	}
	rows, err := s.q.ProviderCursorSave(ctx, db.ProviderCursorSaveParams{
		Provider: c.Provider, EventTime: c.EventTime, DueTime: c.Due, ReadTime: read, FailureCount: c.Failures, Cause: c.Cause, Lease: lease,
	})
	return len(rows) == 1, wrap(err, "save the cursor of "+c.Provider)
}

// Cursor reads a provider's cursor, if there is one.
func (s Store) Cursor(ctx context.Context, provider string) (cursor domain.Cursor, known bool, err error) {
	rows, err := s.q.ProviderCursorGet(ctx, provider)
	if err != nil || len(rows) == 0 {
		return domain.Cursor{}, false, wrap(err, "read the cursor of "+provider)
	}
	return fromDBCursor(rows[0]), true, nil
}

func fromDBCursor(row db.ProviderCursor) domain.Cursor {
	return domain.Cursor{
		Provider: row.Provider, EventTime: row.EventTime, Due: row.DueTime, ReadTime: fromDBTime(row.ReadTime),
		Failures: row.FailureCount, Cause: row.Cause,
	}
}

// wrap adds to an error what was done; nil stays nil.
func wrap(err error, doing string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
