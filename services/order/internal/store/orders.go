package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store/db"
)

// GetOrder reads an order with its lines and history; nil when there is none.
func (s Store) GetOrder(ctx context.Context, id uuid.UUID) (*domain.Order, []domain.Entry, error) {
	l, ids := newLoading(), []uuid.UUID{id}
	var history []domain.Entry
	b := &pgx.Batch{}
	queue(b, l.takeOrder, db.OrderGet, ids)
	queue(b, l.takeLine, db.OrderLineListMany, ids)
	queue(b, func(row db.OrderHistory) error {
		history = append(history, fromDBEntry(row))
		return nil
	}, db.OrderHistoryListMany, ids)
	if err := s.batch(ctx, "read an order", b); err != nil || len(l.order) == 0 {
		return nil, nil, err
	}
	return l.all()[0], history, nil
}

// Orders reads orders without their lines, by id. Orders that do not exist are left out.
func (s Store) Orders(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*domain.Order, error) {
	rows, err := s.q.OrderGet(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read orders: %w", err)
	}
	l := newLoading()
	for _, row := range rows {
		if err := l.takeOrder(row.Order); err != nil {
			return nil, err
		}
	}
	return l.byID(), nil
}

// LockOrders locks orders in the order of their ids and loads what is wanted of them,
// in one round trip. Orders that do not exist are left out; addresses come with lines.
func (s Store) LockOrders(ctx context.Context, want domain.LoadSpec) (map[uuid.UUID]*domain.Order, error) {
	l := newLoading()
	b := &pgx.Batch{}
	queue(b, l.takeOrder, db.OrderLockMany, want.Orders)
	if len(want.Lines) > 0 {
		queue(b, l.takeLine, db.OrderLineListMany, want.Lines)
	}
	if len(want.Refunds) > 0 {
		queue(b, l.takeRefund, db.OrderRefundListMany, want.Refunds)
	}
	if err := s.batch(ctx, "lock orders", b); err != nil {
		return nil, err
	}
	return l.byID(), nil
}

// LockDue locks at most limit due orders with all their parts, leaving out those that
// others hold.
func (s Store) LockDue(ctx context.Context, now time.Time, limit int) ([]*domain.Order, error) {
	// After an outage very many are due: the index is to be read in its order and
	// only as far as the limit, not to be sorted as a whole for every batch.
	if _, err := s.dbtx.Exec(ctx, `set local enable_bitmapscan = off`); err != nil {
		return nil, err
	}
	rows, err := s.q.OrderLockDue(ctx, db.OrderLockDueParams{Now: &now, AtMost: int32(limit)}) //nolint:gosec // a constant
	if err != nil {
		return nil, err
	}
	return loadParts(ctx, s, rows, func(row db.OrderLockDueRow) db.Order { return row.Order })
}

// LockOrdersOfCustomer locks up to limit orders of a customer that still hold personal
// data, with all their parts.
func (s Store) LockOrdersOfCustomer(ctx context.Context, customer uuid.UUID, limit int) ([]*domain.Order, error) {
	rows, err := s.q.OrderLockOfCustomer(ctx, db.OrderLockOfCustomerParams{CustomerID: customer, AtMost: int32(limit)}) //nolint:gosec // a constant
	if err != nil {
		return nil, err
	}
	return loadParts(ctx, s, rows, func(row db.OrderLockOfCustomerRow) db.Order { return row.Order })
}

// LockOrdersOfGuest is LockOrdersOfCustomer for what was ordered without an account
// under an e-mail address, until a time.
func (s Store) LockOrdersOfGuest(ctx context.Context, email string, before time.Time, limit int) ([]*domain.Order, error) {
	rows, err := s.q.OrderLockOfGuest(ctx, db.OrderLockOfGuestParams{Email: email, Before: before, AtMost: int32(limit)}) //nolint:gosec // a constant
	if err != nil {
		return nil, err
	}
	return loadParts(ctx, s, rows, func(row db.OrderLockOfGuestRow) db.Order { return row.Order })
}

// LockOrdersToClaim is LockOrdersOfGuest for the orders of exactly one mailbox.
func (s Store) LockOrdersToClaim(ctx context.Context, email string, before time.Time, limit int) ([]*domain.Order, error) {
	rows, err := s.q.OrderLockToClaim(ctx, db.OrderLockToClaimParams{
		Email: email, ExactKey: grammar.ExactEmailKey(email), Before: before, AtMost: int32(limit), //nolint:gosec // a constant
	})
	if err != nil {
		return nil, err
	}
	return loadParts(ctx, s, rows, func(row db.OrderLockToClaimRow) db.Order { return row.Order })
}

func loadParts[Row any](ctx context.Context, s Store, rows []Row, order func(Row) db.Order) ([]*domain.Order, error) {
	l := newLoading()
	for _, row := range rows {
		if err := l.takeOrder(order(row)); err != nil {
			return nil, err
		}
	}
	if err := s.addParts(ctx, l); err != nil {
		return nil, err
	}
	return l.all(), nil
}

// AddLines loads lines and addresses of orders that were loaded without them.
func (s Store) AddLines(ctx context.Context, orders []*domain.Order) error {
	lines, addresses := map[uuid.UUID][]domain.Line{}, map[uuid.UUID]domain.Address{}
	currencies := make(map[uuid.UUID]string, len(orders))
	ids := make([]uuid.UUID, len(orders))
	for i, o := range orders {
		ids[i], currencies[o.ID()] = o.ID(), o.Currency()
	}
	b := &pgx.Batch{}
	queue(b, func(row db.OrderLineListManyRow) error {
		line, err := fromDBLine(row, currencies[row.OrderID])
		lines[row.OrderID] = append(lines[row.OrderID], line)
		return err
	}, db.OrderLineListMany, ids)
	queue(b, func(row db.OrderListAddressesRow) (err error) {
		addresses[row.ID], err = fromDBAddress(row.ShippingAddress)
		return err
	}, db.OrderListAddresses, ids)
	if err := s.batch(ctx, "read lines", b); err != nil {
		return err
	}
	for _, o := range orders {
		o.SupplyLines(lines[o.ID()], addresses[o.ID()])
	}
	return nil
}

// History reads an order's history, oldest first.
func (s Store) History(ctx context.Context, id uuid.UUID) ([]domain.Entry, error) {
	rows, err := s.q.OrderHistoryListMany(ctx, []uuid.UUID{id})
	if err != nil {
		return nil, err
	}
	history := make([]domain.Entry, len(rows))
	for i, row := range rows {
		history[i] = fromDBEntry(row.OrderHistory)
	}
	return history, nil
}

// NextDue is when the sweeper is needed next; zero when nothing is due.
func (s Store) NextDue(ctx context.Context) (time.Time, error) {
	due, err := s.q.OrderOldestDue(ctx)
	if pg.IsNoRows(err) {
		return time.Time{}, nil
	}
	return due, err
}

// Watched is an order that somebody watches, and the last version that they saw.
type Watched struct {
	OrderID      uuid.UUID
	AfterVersion int64
}

// Tail reads what each watcher has not seen, oldest first; the result has the
// order of watched.
func (s Store) Tail(ctx context.Context, watched []Watched) ([][]domain.Entry, error) {
	var p db.OrderHistoryTailParams
	for i, w := range watched {
		p.Watchers = append(p.Watchers, int64(i))
		p.OrderIds = append(p.OrderIds, w.OrderID)
		p.AfterVersions = append(p.AfterVersions, w.AfterVersion)
	}
	rows, err := s.q.OrderHistoryTail(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("read new history: %w", err)
	}
	entries := make([][]domain.Entry, len(watched))
	for _, row := range rows {
		entries[row.Watcher] = append(entries[row.Watcher], fromDBEntry(row.OrderHistory))
	}
	return entries, nil
}
