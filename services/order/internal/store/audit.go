package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// auditedAtOnce bounds the orders that an audit holds in memory.
const auditedAtOnce = 500

// Audited is an order with all that belongs to it.
type Audited struct {
	Order   *domain.Order
	History []domain.Entry
}

// AuditOrders calls visit with every order, by id, as they were at one moment:
// in one read-only snapshot, and with a bounded number of them in memory.
func AuditOrders(ctx context.Context, pool *pg.Pool, visit func(Audited) error) error {
	return pool.Snapshot(ctx, func(tx pgx.Tx) error {
		after := uuid.Nil
		for {
			orders, err := auditSome(ctx, tx, after)
			if err != nil {
				return err
			}
			for _, audited := range orders {
				if err := visit(audited); err != nil {
					return err
				}
				after = audited.Order.ID
			}
			if len(orders) < auditedAtOnce {
				return nil
			}
		}
	})
}

func auditSome(ctx context.Context, tx pgx.Tx, after uuid.UUID) ([]Audited, error) {
	rows, err := tx.Query(ctx, `-- name: OrderAuditSome :many
select `+orderColumns+` from orders o where o.id > $1 order by o.id limit $2`, after, auditedAtOnce)
	if err != nil {
		return nil, fmt.Errorf("read orders to audit: %w", err)
	}
	orders, err := collectOrders(rows)
	if err != nil || len(orders) == 0 {
		return nil, err
	}
	if err := AddParts(ctx, tx, orders); err != nil {
		return nil, err
	}
	audited := make([]Audited, len(orders))
	places := make(map[uuid.UUID]int, len(orders))
	ids := make([]uuid.UUID, len(orders))
	for i, o := range orders {
		audited[i].Order, places[o.ID], ids[i] = o, i, o.ID
	}
	rows, err = tx.Query(ctx, `-- name: OrderHistoryOfMany :many
select order_id, version, state, cancel_reason, note, actor, trace_id, create_time
from order_history where order_id = any($1::uuid[]) order by order_id, version`, ids)
	if err != nil {
		return nil, fmt.Errorf("read the history to audit: %w", err)
	}
	var id uuid.UUID
	var e domain.Entry
	_, err = pgx.ForEachRow(rows, []any{&id, &e.Version, &e.State, &e.CancelReason, &e.Note, &e.Actor, &e.TraceID, &e.Time}, func() error {
		at := places[id]
		audited[at].History = append(audited[at].History, e)
		return nil
	})
	return audited, err
}
