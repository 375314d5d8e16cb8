package main

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// guestsTried is how many tokens of guests' orders are tried, of each kind.
const guestsTried = 200

// checkGuests tries tokens of guests' orders: each opens its order and no other one, until it
// is claimed.
func (c *checker) checkGuests(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(16)
	guests := c.book.guests()
	step := len(guests)/guestsTried + 1
	for i := 0; i < len(guests); i += step {
		o, other := guests[i], guests[(i+1)%len(guests)]
		group.Go(func() error {
			res, err := c.readByToken(ctx, o.id, o.token)
			switch {
			case final(err):
				c.book.findf(o, "GUEST_REFUSED", "its token does not open it: %v", err)
			case err != nil:
				return fmt.Errorf("read order %s by its token: %w", o.id, err)
			case res.GetOrder().GetId() != o.id || res.GetOrder().GetCustomerId() != "":
				c.book.findf(o, "OTHER_ORDER", "its token was answered with order %s of customer %q", res.GetOrder().GetId(), res.GetOrder().GetCustomerId())
			}
			if other == o {
				return nil
			}
			_, err = c.readByToken(ctx, other.id, o.token)
			c.guestMustBeRefused(o, "GetOrder with the token of another order", err, "ORDER_NOT_FOUND")
			return nil
		})
	}
	for _, m := range c.book.members {
		for _, o := range m.orders {
			if o.token == "" {
				continue // no guest placed it
			}
			group.Go(func() error {
				_, err := c.readByToken(ctx, o.id, o.token)
				c.guestMustBeRefused(o, "GetOrder with the token of a claimed order", err, "ORDER_NOT_FOUND")
				return nil
			})
		}
	}
	return group.Wait()
}

func (c *checker) readByToken(ctx context.Context, id, token string) (*orderv1.GetOrderResponse, error) {
	return read(ctx, c.public, "order", func(ctx context.Context, k *endpoint) (*orderv1.GetOrderResponse, error) {
		return k.order.GetOrder(showing(ctx, token), &orderv1.GetOrderRequest{Id: id})
	})
}
