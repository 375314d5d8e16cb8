package store

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store/db"
)

// auditedAtOnce bounds the orders that an audit holds in memory.
const auditedAtOnce = 500

// Audited is an order with all that belongs to it.
type Audited struct {
	Order   *domain.Order
	History []domain.Entry
}

// AuditOrders calls visit with every order, by id, as they were at one time:
// in one read-only snapshot, and with a bounded number of them in memory.
func AuditOrders(ctx context.Context, pool *pg.Pool, visit func(Audited) error) error {
	return pool.Snapshot(ctx, func(tx pgx.Tx) error {
		after := uuid.Nil
		for {
			orders, err := On(tx).auditSome(ctx, after)
			if err != nil {
				return err
			}
			for _, audited := range orders {
				if err := visit(audited); err != nil {
					return err
				}
				after = audited.Order.ID()
			}
			if len(orders) < auditedAtOnce {
				return nil
			}
		}
	})
}

func (s Store) auditSome(ctx context.Context, after uuid.UUID) ([]Audited, error) {
	rows, err := s.q.OrderAuditSome(ctx, db.OrderAuditSomeParams{After: after, AtMost: auditedAtOnce})
	if err != nil {
		return nil, err
	}
	orders, err := loadParts(ctx, s, rows, func(row db.OrderAuditSomeRow) db.Order { return row.Order })
	if err != nil || len(orders) == 0 {
		return nil, err
	}
	audited := make([]Audited, len(orders))
	places := make(map[uuid.UUID]int, len(orders))
	ids := make([]uuid.UUID, len(orders))
	for i, o := range orders {
		audited[i].Order, places[o.ID()], ids[i] = o, i, o.ID()
	}
	history, err := s.q.OrderHistoryListMany(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, row := range history {
		at := places[row.OrderHistory.OrderID]
		audited[at].History = append(audited[at].History, fromDBEntry(row.OrderHistory))
	}
	return audited, nil
}
