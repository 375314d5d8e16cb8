package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store/db"
)

// CartRef is how a cart is found: by its customer, or by the SHA-256 of a guest's token.
// The zero CartRef finds none.
type CartRef struct {
	customer  uuid.UUID
	tokenHash [32]byte
	guest     bool
}

// CartOfCustomer refers to the cart of a customer.
func CartOfCustomer(id uuid.UUID) CartRef { return CartRef{customer: id} }

// CartOfToken refers to the cart of a guest, by the SHA-256 of its token.
func CartOfToken(hash [32]byte) CartRef { return CartRef{tokenHash: hash, guest: true} }

// IsZero reports whether the reference finds no cart.
func (r CartRef) IsZero() bool { return r == CartRef{} }

// Customer returns whose cart it is; uuid.Nil for a guest's.
func (r CartRef) Customer() uuid.UUID { return r.customer }

// Token returns the SHA-256 of the guest's token; false for a customer's cart.
func (r CartRef) Token() ([32]byte, bool) { return r.tokenHash, r.guest }

// CartSpec names the carts to load, and codes of products beside those in the carts.
type CartSpec struct {
	Carts []CartRef
	Codes []string
}

// columns returns the customers and the hashes of the carts.
func (s CartSpec) columns() (customers []uuid.UUID, hashes [][]byte) {
	customers, hashes = []uuid.UUID{}, [][]byte{}
	for _, ref := range s.Carts {
		if ref.guest {
			hashes = append(hashes, ref.tokenHash[:])
			continue
		}
		customers = append(customers, ref.customer)
	}
	return customers, hashes
}

// Carts are carts with the products in them.
type Carts struct {
	Found    map[CartRef]*domain.Cart
	Products map[string]domain.Product
}

// ReadCarts reads carts and the products in them, in one round trip.
func (s Store) ReadCarts(ctx context.Context, want CartSpec) (Carts, error) {
	b := &pgx.Batch{}
	carts := queueCarts(b, db.CartListMany, want)
	return carts, s.batch(ctx, "read carts", b)
}

// LockCarts is ReadCarts for carts that are about to change. It locks them by id.
func (s Store) LockCarts(ctx context.Context, want CartSpec) (Carts, error) {
	b := &pgx.Batch{}
	carts := queueCarts(b, db.CartLockMany, want)
	return carts, s.batch(ctx, "lock carts", b)
}

// queueCarts adds the statements that read carts and their products to a batch. The carts
// are there when the batch was read.
func queueCarts(b *pgx.Batch, statement string, want CartSpec) Carts {
	customers, hashes := want.columns()
	carts := Carts{Found: make(map[CartRef]*domain.Cart, len(want.Carts)), Products: make(map[string]domain.Product)}
	queue(b, func(row db.Cart) error {
		carts.Found[refOf(row)] = domain.RestoreCart(fromDBCart(row))
		return nil
	}, statement, customers, hashes)
	queue(b, func(row db.Product) error {
		carts.Products[row.Code] = fromDBProduct(row)
		return nil
	}, db.CartListProducts, append([]string{}, want.Codes...), customers, hashes)
	return carts
}

func refOf(row db.Cart) CartRef {
	if row.TokenHash == nil {
		return CartOfCustomer(row.ID)
	}
	return CartOfToken([32]byte(row.TokenHash))
}

func fromDBCart(row db.Cart) domain.CartSnapshot {
	cart := domain.CartSnapshot{
		ID: row.ID, TokenHash: row.TokenHash, Lines: make([]domain.LineRequest, len(row.Codes)), Additions: row.Additions,
		Version: row.Version, CheckoutID: row.CheckoutID, LastOrderID: orNil(row.LastOrderID),
		MergedInto: orNil(row.MergedInto), UseTime: row.UseTime,
	}
	for i, code := range row.Codes {
		cart.Lines[i] = domain.LineRequest{Code: code, Quantity: row.Quantities[i]}
	}
	return cart
}

func toDBCartLines(lines []domain.LineRequest) (codes []string, quantities []int32) {
	codes, quantities = make([]string, len(lines)), make([]int32, len(lines))
	for i, line := range lines {
		codes[i], quantities[i] = line.Code, line.Quantity
	}
	return codes, quantities
}

// AddCustomerCart queues that a customer has a cart, if only an empty one; one whose data
// was erased gets none.
func (s Store) AddCustomerCart(ctx context.Context, customer, checkout uuid.UUID, now time.Time) error {
	return s.q.CartInsertOfCustomer(ctx, db.CartInsertOfCustomerParams{CustomerID: customer, CheckoutID: checkout, UseTime: now})
}

// InsertCart queues the insert of a guest's cart.
func (s Store) InsertCart(ctx context.Context, cart *domain.Cart) error {
	c := cart.Snapshot()
	codes, quantities := toDBCartLines(c.Lines)
	return s.q.CartInsert(ctx, db.CartInsertParams{
		ID: c.ID, TokenHash: c.TokenHash, Codes: codes, Quantities: quantities, Additions: append([]uuid.UUID{}, c.Additions...), Version: c.Version,
		CheckoutID: c.CheckoutID, UseTime: c.UseTime,
	})
}

// SaveCart queues the update of a cart that is locked, after anything but its order.
func (s Store) SaveCart(ctx context.Context, cart *domain.Cart) error {
	c := cart.Snapshot()
	codes, quantities := toDBCartLines(c.Lines)
	return s.q.CartUpdate(ctx, db.CartUpdateParams{
		ID: c.ID, Codes: codes, Quantities: quantities, Additions: append([]uuid.UUID{}, c.Additions...), Version: c.Version,
		LastOrderID: c.LastOrderID, MergedInto: c.MergedInto, UseTime: c.UseTime,
	})
}

// SaveOrderedCarts queues the updates of carts that are locked and were ordered.
func (s Store) SaveOrderedCarts(ctx context.Context, carts []*domain.Cart, now time.Time) error {
	params := db.CartOrderManyParams{UseTime: now}
	for _, cart := range carts {
		c := cart.Snapshot()
		params.Ids = append(params.Ids, c.ID)
		params.OrderIds = append(params.OrderIds, c.LastOrderID)
		params.CheckoutIds = append(params.CheckoutIds, c.CheckoutID)
	}
	return s.q.CartOrderMany(ctx, params)
}

// TouchCart moves the time of a cart's last use.
func (s Store) TouchCart(ctx context.Context, cart *domain.Cart, now time.Time) error {
	return s.q.CartTouch(ctx, db.CartTouchParams{ID: cart.ID(), UseTime: now, Before: now.Add(-domain.CartTouch)})
}

// DeleteUnusedCarts deletes up to a thousand carts that were last used before a time, and
// returns how many.
func (s Store) DeleteUnusedCarts(ctx context.Context, before time.Time) (int64, error) {
	return s.q.CartDeleteUnused(ctx, before)
}

// DeleteCartsOf queues the deletion of customers' carts.
func (s Store) DeleteCartsOf(ctx context.Context, customers []uuid.UUID) error {
	return s.q.CartDeleteOfCustomers(ctx, customers)
}

// DeleteCartsOfErased deletes the carts of customers whose erasure is not complete.
func (s Store) DeleteCartsOfErased(ctx context.Context) error { return s.q.CartDeleteOfErased(ctx) }
