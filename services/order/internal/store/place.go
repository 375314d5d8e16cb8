package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store/db"
)

// PlaceSpec names what has to be known to place a batch of orders.
type PlaceSpec struct {
	Keys  []idempotency.Key
	Codes []string
	// Customers are those who order; nobody's data may be erased.
	Customers []uuid.UUID
	// CappedCustomers and CappedGuests, by the caller's key, are those whose unpaid orders
	// are counted; guests' from a time on.
	CappedCustomers []uuid.UUID
	CappedGuests    []string
	UnpaidSince     time.Time
	// Carts are those that are ordered. They are locked, and their products loaded.
	Carts []CartRef
}

// PlaceState is what is known when a batch of orders is placed.
type PlaceState struct {
	Answered        map[idempotency.Key]idempotency.Record
	Products        map[string]domain.Product
	Carts           map[CartRef]*domain.Cart
	Erased          map[uuid.UUID]bool
	CustomersUnpaid map[uuid.UUID]int
	GuestsUnpaid    map[string]int
}

// LoadPlacing reads all that has to be known, in one round trip.
func (s Store) LoadPlacing(ctx context.Context, want PlaceSpec) (PlaceState, error) {
	state := PlaceState{
		Answered: make(map[idempotency.Key]idempotency.Record),
		Products: make(map[string]domain.Product, len(want.Codes)), Erased: make(map[uuid.UUID]bool),
		CustomersUnpaid: make(map[uuid.UUID]int), GuestsUnpaid: make(map[string]int),
	}
	b := &pgx.Batch{}
	if len(want.Carts) > 0 {
		// Before the requests are looked up: a repeated one that waited for the lock of its
		// first attempt has to find the answer, not the empty cart.
		carts := queueCarts(b, db.CartLockMany, CartSpec{Carts: want.Carts, Codes: want.Codes})
		state.Carts, state.Products = carts.Found, carts.Products
	} else {
		queue(b, func(row db.Product) error {
			state.Products[row.Code] = fromDBProduct(row)
			return nil
		}, db.ProductListByCode, want.Codes)
	}
	idempotency.QueueLookup(b, want.Keys, state.Answered)
	if len(want.Customers) > 0 {
		queue(b, func(row struct{ ID uuid.UUID }) error {
			state.Erased[row.ID] = true
			return nil
		}, db.ErasedCustomerListMany, want.Customers)
	}
	if len(want.CappedCustomers) > 0 {
		queue(b, func(row db.OrderCountUnpaidOfCustomersRow) error {
			state.CustomersUnpaid[row.CustomerID] = int(row.Count)
			return nil
		}, db.OrderCountUnpaidOfCustomers, want.CappedCustomers)
	}
	if len(want.CappedGuests) > 0 {
		queue(b, func(row db.OrderCountUnpaidOfGuestsRow) error {
			state.GuestsUnpaid[row.Caller] = int(row.Count)
			return nil
		}, db.OrderCountUnpaidOfGuests, want.CappedGuests, want.UnpaidSince)
	}
	return state, s.batch(ctx, "read what an order needs", b)
}
