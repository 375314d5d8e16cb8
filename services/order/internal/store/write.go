package store

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store/db"
)

// InsertOrders queues the inserts of placed orders, their lines and first entries.
func InsertOrders(ctx context.Context, tx *pg.Tx, placed []domain.Changed) error {
	if len(placed) == 0 {
		return nil
	}
	q := db.New(tx)
	orders, err := toDBOrders(placed)
	if err != nil {
		return err
	}
	if err := q.OrderInsertMany(ctx, orders); err != nil {
		return err
	}
	if err := q.OrderLineInsertMany(ctx, toDBLines(placed)); err != nil {
		return err
	}
	return q.OrderHistoryInsertMany(ctx, toDBHistory(placed))
}

// SaveOrders queues the updates of orders that are locked, each at most once, and
// the inserts of their new entries and refunds. Orders that did not change are
// left out.
func SaveOrders(ctx context.Context, tx *pg.Tx, orders []domain.Changed) error {
	changed := slices.DeleteFunc(slices.Clone(orders), func(c domain.Changed) bool { return !c.Changes.Changed && len(c.Changes.Refunds) == 0 })
	if len(changed) == 0 {
		return nil
	}
	q := db.New(tx)
	if err := q.OrderUpdateMany(ctx, toDBUpdates(changed)); err != nil {
		return err
	}
	if history := toDBHistory(changed); len(history.OrderIds) > 0 {
		if err := q.OrderHistoryInsertMany(ctx, history); err != nil {
			return err
		}
	}
	if refunds := toDBRefunds(changed); len(refunds.RefundIds) > 0 {
		return q.OrderRefundUpsertMany(ctx, refunds)
	}
	return nil
}

// SaveShipment queues the update of an order's shipment, together with the state
// that it means; SaveOrders stores the rest.
func SaveShipment(ctx context.Context, tx *pg.Tx, o *domain.Order) error {
	s := o.Shipment
	return db.New(tx).OrderUpdateShipment(ctx, db.OrderUpdateShipmentParams{
		ID: o.ID, State: int16(o.State), ShipmentID: s.ID, Carrier: s.Carrier, TrackingCode: s.TrackingCode,
		ShipTime: s.ShipTime, DeliverTime: s.DeliverTime,
	})
}

// ErasePersons queues the blanking of contact and address of orders.
func ErasePersons(ctx context.Context, tx *pg.Tx, orders []uuid.UUID) error {
	return db.New(tx).OrderErasePerson(ctx, orders)
}

// AddErasedCustomers queues that customers can't order any more.
func AddErasedCustomers(ctx context.Context, tx *pg.Tx, customers []uuid.UUID, now time.Time) error {
	return db.New(tx).ErasedCustomerInsertMany(ctx, db.ErasedCustomerInsertManyParams{CustomerIds: customers, CreateTime: now})
}

// SaveProducts queues what is known of products; only newer versions count. Of
// several versions of one product, the newest is stored.
func SaveProducts(ctx context.Context, tx db.DBTX, products []domain.Product) error {
	return db.New(tx).ProductUpsertMany(ctx, productRows(products))
}

// LearnProducts keeps products that nothing was known of, and leaves the others.
func LearnProducts(ctx context.Context, tx db.DBTX, products []domain.Product) error {
	return db.New(tx).ProductInsertMany(ctx, db.ProductInsertManyParams(productRows(products)))
}

// productRows are the newest of each product, by id.
func productRows(products []domain.Product) db.ProductUpsertManyParams {
	newest := make(map[uuid.UUID]domain.Product, len(products))
	for _, p := range products {
		if known, ok := newest[p.ID]; !ok || known.Version < p.Version {
			newest[p.ID] = p
		}
	}
	ids := make([]uuid.UUID, 0, len(newest))
	for id := range newest {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	var rows db.ProductUpsertManyParams
	for _, id := range ids {
		p := newest[id]
		rows.Ids = append(rows.Ids, p.ID)
		rows.Codes = append(rows.Codes, p.Code)
		rows.Names = append(rows.Names, p.Name)
		rows.Currencies = append(rows.Currencies, p.Price.Currency)
		rows.Amounts = append(rows.Amounts, p.Price.Amount)
		rows.Statuses = append(rows.Statuses, int16(p.Status))
		rows.Versions = append(rows.Versions, p.Version)
	}
	return rows
}

// ListProducts reads what is known of products, by code.
func ListProducts(ctx context.Context, q db.DBTX, codes []string) (map[string]domain.Product, error) {
	rows, err := db.New(q).ProductListByCode(ctx, codes)
	if err != nil {
		return nil, err
	}
	products := make(map[string]domain.Product, len(rows))
	for _, row := range rows {
		products[row.Code] = fromDBProduct(row)
	}
	return products, nil
}

// Watched is an order that somebody watches, and the last version that they saw.
type Watched struct {
	OrderID      uuid.UUID
	AfterVersion int64
}

// Tail reads what each watcher has not seen, oldest first; the result has the
// order of watched.
func Tail(ctx context.Context, q db.DBTX, watched []Watched) ([][]domain.Entry, error) {
	var p db.OrderHistoryTailParams
	for i, w := range watched {
		p.Watchers = append(p.Watchers, int64(i))
		p.OrderIds = append(p.OrderIds, w.OrderID)
		p.AfterVersions = append(p.AfterVersions, w.AfterVersion)
	}
	rows, err := db.New(q).OrderHistoryTail(ctx, p)
	if err != nil {
		return nil, err
	}
	entries := make([][]domain.Entry, len(watched))
	for _, row := range rows {
		entries[row.Watcher] = append(entries[row.Watcher], fromDBTail(row))
	}
	return entries, nil
}
