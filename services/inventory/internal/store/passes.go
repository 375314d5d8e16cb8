package store

import (
	"context"
	"fmt"
	"time"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/inventory/internal/store/db"
)

// The passes, as the migrations insert them.
const (
	PassRepublishExpired = "REPUBLISH_EXPIRED"
	PassPublishLevels    = "PUBLISH_LEVELS"
)

// ClaimPass notes that a pass runs now, and returns its mark. It returns false when
// one ran after notSince, here or elsewhere.
func (s Store) ClaimPass(ctx context.Context, name string, now, notSince time.Time) (mark time.Time, claimed bool, err error) {
	mark, err = s.q.PassClaim(ctx, db.PassClaimParams{Now: now, Name: name, NotSince: notSince})
	if pg.IsNoRows(err) {
		return time.Time{}, false, nil
	}
	if err != nil {
		return time.Time{}, false, fmt.Errorf("claim pass %s: %w", name, err)
	}
	return mark, true, nil
}

// PassMark is up to when a pass has done everything.
func (s Store) PassMark(ctx context.Context, name string) (time.Time, error) {
	mark, err := s.q.PassMark(ctx, name)
	if err != nil {
		return time.Time{}, fmt.Errorf("mark of pass %s: %w", name, err)
	}
	return mark, nil
}

// AdvancePass notes up to when a pass has done everything; never backwards.
func (s Store) AdvancePass(ctx context.Context, name string, mark time.Time) error {
	if err := s.q.PassAdvance(ctx, db.PassAdvanceParams{Mark: mark, Name: name}); err != nil {
		return fmt.Errorf("advance pass %s: %w", name, err)
	}
	return nil
}
