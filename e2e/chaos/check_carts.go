package main

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// checkCarts compares guests' carts with what was put into them since they were ordered; one
// that was merged is no more.
func (c *checker) checkCarts(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(16)
	for _, cart := range c.book.carts {
		if cart.lost || cart.member != nil {
			continue
		}
		group.Go(func() error { return c.compareCart(ctx, cart) })
	}
	return group.Wait()
}

func (c *checker) compareCart(ctx context.Context, cart *cart) error {
	res, err := read(ctx, c.public, "order", func(ctx context.Context, k *endpoint) (*orderv1.GetCartResponse, error) {
		return k.cart.GetCart(showing(ctx, cart.token), &orderv1.GetCartRequest{})
	})
	bad := func(kind, message string) {
		c.book.find(finding{kind: kind, subject: "cart " + cart.id, message: message})
	}
	switch {
	case err != nil && !final(err):
		return fmt.Errorf("read cart %s: %w", cart.id, err)
	case cart.merged && reasonOf(err) == "CART_NOT_FOUND":
		c.tally.rightlyRefused("GetCart of a merged cart")
	case cart.merged:
		bad("NOT_REFUSED", fmt.Sprintf("it was merged into another, and there is %v (%v)", res.GetCart(), err))
	case err != nil:
		bad("CART_LOST", fmt.Sprintf("its token does not open it: %v", err))
	default:
		if difference := differFromCart(c.products, cart.lines, res.GetCart()); difference != "" {
			bad("CART_DIFFERS", difference)
		}
	}
	return nil
}
