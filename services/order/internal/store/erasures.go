package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store/db"
)

// AddErased queues that people were erased: customers can't order any more, guests are
// known by their e-mail address.
func (s Store) AddErased(ctx context.Context, customers []uuid.UUID, guests []domain.ErasedGuest, now time.Time) error {
	if len(customers) > 0 {
		if err := s.q.ErasedCustomerInsertMany(ctx, db.ErasedCustomerInsertManyParams{CustomerIds: customers, CreateTime: now}); err != nil {
			return err
		}
	}
	var p db.ErasedGuestInsertManyParams
	for _, guest := range guests {
		p.Emails, p.CreateTimes = append(p.Emails, guest.Email), append(p.CreateTimes, guest.Time)
	}
	if len(guests) > 0 {
		return s.q.ErasedGuestInsertMany(ctx, p)
	}
	return nil
}

// ErasedWithOrders names people whose erasure is not complete and who still have an
// order with personal data.
func (s Store) ErasedWithOrders(ctx context.Context) (customers []uuid.UUID, guests []domain.ErasedGuest, err error) {
	if customers, err = s.q.ErasedCustomerListWithOrders(ctx); err != nil {
		return nil, nil, err
	}
	rows, err := s.q.ErasedGuestListWithOrders(ctx)
	for _, row := range rows {
		guests = append(guests, domain.ErasedGuest{Email: row.Email, Time: row.CreateTime})
	}
	return customers, guests, err
}

// CompleteErasures completes the erasures from before a time of which no order is left to
// blank: it marks customers, up to a thousand, and deletes the addresses of guests.
func (s Store) CompleteErasures(ctx context.Context, before time.Time) error {
	if err := s.q.ErasedGuestComplete(ctx, before); err != nil {
		return err
	}
	customers, err := s.q.ErasedCustomerListWithoutOrders(ctx, before)
	if err != nil || len(customers) == 0 {
		return err
	}
	return s.q.ErasedCustomerComplete(ctx, customers)
}

// RequestsOf names the requests whose stored answers hold these orders.
func (s Store) RequestsOf(ctx context.Context, orders []uuid.UUID) ([]idempotency.Key, error) {
	rows, err := s.q.OrderListRequests(ctx, orders)
	if err != nil {
		return nil, err
	}
	keys := make([]idempotency.Key, len(rows))
	for i, row := range rows {
		keys[i] = idempotency.Key{Caller: row.Caller, RPC: row.Rpc, RequestID: row.RequestID}
	}
	return keys, nil
}

// AddRequest queues that a request's stored answer holds an order.
func (s Store) AddRequest(ctx context.Context, order uuid.UUID, key idempotency.Key) error {
	return s.q.OrderRequestInsert(ctx, db.OrderRequestInsertParams{OrderID: order, RequestID: key.RequestID, Rpc: key.RPC, Caller: key.Caller})
}

// NewestErasedOrder is when an order was last erased; the epoch when none ever was.
func (s Store) NewestErasedOrder(ctx context.Context) (time.Time, error) {
	return s.q.ErasedOrderNewest(ctx)
}

// OrdersErasedSince locks and returns the next orders, by id after the one given, that
// were erased at a time or after it; a page of the republisher's at most.
func (s Store) OrdersErasedSince(ctx context.Context, since time.Time, after uuid.UUID) ([]domain.ErasedOrder, error) {
	rows, err := s.q.ErasedOrderListSince(ctx, db.ErasedOrderListSinceParams{Since: since, AfterOrderID: after})
	orders := make([]domain.ErasedOrder, len(rows))
	for i, row := range rows {
		orders[i] = domain.ErasedOrder{ID: row.OrderID, Version: row.Version, Time: row.CreateTime}
	}
	return orders, err
}

// NewestClaim is when an order was last claimed; the epoch when none ever was.
func (s Store) NewestClaim(ctx context.Context) (time.Time, error) {
	return s.q.OrderHistoryNewestClaim(ctx)
}

// OrdersClaimedSince locks and returns the next orders, by id after the one given, that were
// claimed at a time or after it and not erased; a page of the republisher's at most.
func (s Store) OrdersClaimedSince(ctx context.Context, since time.Time, after uuid.UUID) ([]domain.ClaimedOrder, error) {
	rows, err := s.q.OrderHistoryListClaimsSince(ctx, db.OrderHistoryListClaimsSinceParams{Since: since, AfterOrderID: after})
	orders := make([]domain.ClaimedOrder, len(rows))
	for i, row := range rows {
		orders[i] = domain.ClaimedOrder{ID: row.OrderID, CustomerID: row.CustomerID, Version: row.Version, Time: row.CreateTime}
	}
	return orders, err
}

// IsErased reports whether a customer's data was erased.
func (s Store) IsErased(ctx context.Context, customer uuid.UUID) (bool, error) {
	erased, err := s.q.ErasedCustomerListMany(ctx, []uuid.UUID{customer})
	return len(erased) > 0, err
}
