package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// Carts are the use cases of carts.
type Carts struct {
	Deps
	products *Products
}

// NewCarts returns the use cases; products are what is in the carts.
func NewCarts(deps Deps, products *Products) *Carts { return &Carts{Deps: deps, products: products} }

// PricedCart is a cart with what it costs now.
type PricedCart struct {
	*domain.Cart
	domain.PricedCart

	// LastOrderToken is the token of the order that was last placed from a guest's cart;
	// empty when none opens it.
	LastOrderToken string
}

func priced(cart *domain.Cart, products map[string]domain.Product) PricedCart {
	return PricedCart{Cart: cart, PricedCart: domain.PriceCart(cart.Lines(), products)}
}

// withLastOrder adds the token of the order that was last placed from a guest's cart: the
// answer that held it may have been lost. Whoever has the cart's token was that guest.
func (s *Carts) withLastOrder(ctx context.Context, cart PricedCart) (PricedCart, error) {
	of := cart.Snapshot()
	if of.TokenHash == nil || of.LastOrderID == uuid.Nil {
		return cart, nil
	}
	orders, err := store.On(s.Pool.Hot()).Orders(ctx, []uuid.UUID{of.LastOrderID})
	if err != nil || orders[of.LastOrderID] == nil {
		return cart, err
	}
	cart.LastOrderToken, err = s.Tokens.ofOrder(ctx, orders[of.LastOrderID], s.Now())
	return cart, err
}

// cartOf is the caller's cart: that of the customer who is signed in, or of the guest who
// shows its token; the zero CartRef for others.
func cartOf(caller authz.Identity) (store.CartRef, error) {
	switch {
	case caller.Kind == authz.Customer:
		customer, err := customerID(caller)
		return store.CartOfCustomer(customer), err
	case caller.Cart != nil:
		return store.CartOfToken(*caller.Cart), nil
	default:
		return store.CartRef{}, nil
	}
}

// cartByToken is the cart of a token that a request holds.
func cartByToken(text string) (store.CartRef, error) {
	hash, err := token.ReadCart(text)
	if err != nil {
		return store.CartRef{}, domain.ErrCartNotFound()
	}
	return store.CartOfToken(hash), nil
}

// customerID is the id of a customer who calls. The nil UUID is nobody's: it stands for
// guests in what is stored.
func customerID(caller authz.Identity) (uuid.UUID, error) {
	id, err := uuid.Parse(caller.ID)
	if err != nil || id == uuid.Nil {
		return uuid.Nil, fault.New(fault.Unauthenticated, fault.ReasonUnauthenticated, "the token names no customer: sign in again").
			Because(fmt.Errorf("the customer's id %q is no UUID of a customer", caller.ID))
	}
	return id, nil
}

// usable returns the cart of a reference when it is in use; nil when there is none. A
// customer's cart whose life is over is an empty one.
func (s *Carts) usable(carts store.Carts, ref store.CartRef) *domain.Cart {
	cart := carts.Found[ref]
	if cart == nil || cart.Usable(s.Now()) {
		return cart
	}
	if ref.Customer() == uuid.Nil {
		return nil
	}
	cart.Renew(s.Now())
	return cart
}

// lock locks a cart, with the products in it and those of the codes. It makes the cart of
// a customer who has none.
func (s *Carts) lock(ctx context.Context, tx *pg.Tx, codes []string, refs ...store.CartRef) (store.Carts, error) {
	for _, ref := range refs {
		if ref.Customer() == uuid.Nil {
			continue
		}
		if err := store.On(tx).AddCustomerCart(ctx, ref.Customer(), s.NewID(), s.Now()); err != nil {
			return store.Carts{}, err
		}
	}
	carts, err := store.On(tx).LockCarts(ctx, store.CartSpec{Carts: refs, Codes: codes})
	if err != nil {
		return carts, err
	}
	for _, ref := range refs {
		if ref.Customer() != uuid.Nil && carts.Found[ref] == nil {
			return carts, domain.ErrCartOfErased(ref.Customer())
		}
	}
	return carts, nil
}

// change changes a cart that is there.
func (s *Carts) change(
	ctx context.Context, ref store.CartRef, etag string, codes []string, decide func(*domain.Cart, map[string]domain.Product) error,
) (changed PricedCart, err error) {
	err = s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		carts, err := s.lock(ctx, tx, codes, ref)
		if err != nil {
			return err
		}
		cart := s.usable(carts, ref)
		if cart == nil {
			return domain.ErrCartNotFound()
		}
		if err := cart.CheckEtag(etag); err != nil {
			return err
		}
		if err := decide(cart, carts.Products); err != nil {
			return err
		}
		changed = priced(cart, carts.Products)
		return store.On(tx).SaveCart(ctx, cart)
	})
	if err != nil {
		return changed, err
	}
	return s.withLastOrder(ctx, changed)
}

// learning runs do, and once more when it found products that order does not know yet:
// they are looked up in catalog between the two, outside of any transaction.
func (p *Products) learning(ctx context.Context, do func(lookedUp bool) error) error {
	err := do(false)
	var unknown *productsUnknown
	if !errors.As(err, &unknown) {
		return err
	}
	if err := p.Learn(ctx, unknown.codes); err != nil {
		return err
	}
	return do(true)
}
