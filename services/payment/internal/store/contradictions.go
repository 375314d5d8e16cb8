package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/store/db"
)

// AddContradiction keeps what contradicts the books, and reports whether it was not
// known before: one event is one contradiction until it is resolved.
func (s Store) AddContradiction(ctx context.Context, c domain.Contradiction) (added bool, err error) {
	rows, err := s.q.ContradictionInsert(ctx, db.ContradictionInsertParams{
		ID: c.ID, EventID: c.EventID, EventType: c.EventType, PaymentID: toDBID(c.PaymentID), Cause: c.Cause, CreateTime: c.CreateTime,
	})
	if err != nil {
		return false, fmt.Errorf("keep contradiction %s: %w", c.EventID, err)
	}
	return rows == 1, nil
}

// ResolveContradiction notes who resolved it, and how; CONTRADICTION_NOT_FOUND. The
// first resolution stays. Of an order whose person was erased the note is not kept.
func (s Store) ResolveContradiction(ctx context.Context, id uuid.UUID, resolver, note string, at time.Time) (domain.Contradiction, error) {
	if err := s.q.ContradictionLockPayment(ctx, id); err != nil {
		return domain.Contradiction{}, fmt.Errorf("lock the payment of contradiction %s: %w", id, err)
	}
	row, err := s.q.ContradictionResolve(ctx, db.ContradictionResolveParams{ID: id, Resolver: resolver, Note: note, ResolveTime: &at})
	if pg.IsNoRows(err) {
		return domain.Contradiction{}, domain.ErrContradictionNotFound(id.String())
	}
	if err != nil {
		return domain.Contradiction{}, fmt.Errorf("resolve contradiction %s: %w", id, err)
	}
	return fromDBContradiction(row), nil
}

// OpenContradictions counts those that nobody resolved.
func (s Store) OpenContradictions(ctx context.Context) (int64, error) {
	count, err := s.q.ContradictionCountOpen(ctx)
	if err != nil {
		return 0, fmt.Errorf("count open contradictions: %w", err)
	}
	return count, nil
}

// EachOpenContradiction yields the oldest thousand that nobody resolved, for an audit.
func (s Store) EachOpenContradiction(ctx context.Context, yield func(domain.Contradiction) error) error {
	rows, err := s.q.ContradictionListOpen(ctx)
	if err != nil {
		return fmt.Errorf("list open contradictions: %w", err)
	}
	for _, row := range rows {
		if err := yield(fromDBContradiction(row)); err != nil {
			return err
		}
	}
	return nil
}

// Contradictions is what the list of contradictions can be filtered by. It is ordered
// by id, newest first: ids are UUIDv7, but for those that were dead letters before.
func Contradictions() page.Schema {
	return page.Schema{
		Name: "contradictions",
		Fields: map[string]page.Field{
			"resolved":   {Column: "(resolve_time is not null)", Kind: page.Bool, Filter: true},
			"payment_id": {Column: "payment_id", Kind: page.ID, Filter: true},
			"id":         {Column: "id", Kind: page.ID, Order: true},
		},
		Order: "id desc",
		ID:    "id",
	}
}

// ListContradictions reads a page of contradictions.
func (s Store) ListContradictions(ctx context.Context, query page.Query) (page.Page[domain.Contradiction], error) {
	return page.Read(ctx, s.dbtx, query, page.Source{
		Name: "ContradictionList", Columns: page.Columns[db.Contradiction]("contradictions"), From: "contradictions",
	}, func(row pgx.CollectableRow) (domain.Contradiction, error) {
		found, err := pgx.RowToStructByName[db.Contradiction](row)
		return fromDBContradiction(found), err
	}, func(c domain.Contradiction) []any {
		return query.Cursor(map[string]any{"id": c.ID}, c.ID)
	})
}
