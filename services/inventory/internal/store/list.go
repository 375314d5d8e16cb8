package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
)

// MovementFilter selects movements; nil selects all.
type MovementFilter struct {
	ProductID   *uuid.UUID
	ProductCode *string
	OrderID     *uuid.UUID
}

// ListMovements returns up to limit movements, newest first, with an id below
// before. It is written here because one statement for all filters would be planned
// for none of them; only parameters enter the text.
func (s Store) ListMovements(ctx context.Context, f MovementFilter, before int64, limit int) ([]domain.Movement, error) {
	args := []any{before}
	conditions := []string{"m.id < $1"}
	where := func(condition string, arg any) {
		args = append(args, arg)
		conditions = append(conditions, fmt.Sprintf(condition, len(args)))
	}
	if f.ProductID != nil {
		where("m.product_id = $%d", *f.ProductID)
	}
	if f.ProductCode != nil {
		where("m.product_id = (select product_id from stock where product_code = $%d)", *f.ProductCode)
	}
	if f.OrderID != nil {
		where("m.order_id = $%d", *f.OrderID)
	}
	args = append(args, limit)
	rows, err := s.dbtx.Query(ctx, `-- name: MovementList :many
		select m.id, m.product_id, s.product_code, m.kind, m.delta, m.on_hand_after, m.order_id, m.reason, m.actor, m.trace_id, m.create_time
		from movements m join stock s using (product_id)
		where `+strings.Join(conditions, " and ")+fmt.Sprintf(` order by m.id desc limit $%d`, len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("list movements: %w", err)
	}
	movements, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (domain.Movement, error) {
		var m domain.Movement
		var order *uuid.UUID
		err := row.Scan(&m.ID, &m.ProductID, &m.ProductCode, &m.Kind, &m.Delta, &m.OnHandAfter, &order, &m.Reason, &m.Actor, &m.TraceID, &m.CreateTime)
		if order != nil {
			m.OrderID = *order
		}
		return m, err
	})
	if err != nil {
		return nil, fmt.Errorf("list movements: %w", err)
	}
	return movements, nil
}
