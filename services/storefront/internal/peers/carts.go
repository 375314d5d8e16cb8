package peers

import (
	"context"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/peer"
)

// Carts are what visitors mean to buy.
type Carts struct {
	carts orderv1connect.CartServiceClient
}

// NewCarts returns the carts of others.
func NewCarts(others *peer.Peers) *Carts {
	return &Carts{orderv1connect.NewCartServiceClient(others.Client("order"))}
}

// Cart reads the visitor's.
func (c *Carts) Cart(ctx context.Context) (*orderv1.Cart, error) {
	res, err := c.carts.GetCart(ctx, &orderv1.GetCartRequest{})
	return res.GetCart(), err
}

// Set sets how many of a product are in the visitor's cart. It returns the cart, and the
// token of one that was made for it. etag may be empty.
func (c *Carts) Set(ctx context.Context, code string, quantity int32, etag string) (*orderv1.Cart, string, error) {
	res, err := c.carts.SetCartItem(ctx, &orderv1.SetCartItemRequest{ProductCode: code, Quantity: &quantity, Etag: etag})
	return res.GetCart(), res.GetCartToken(), err
}

// Add puts so many more of a product into the visitor's cart. It returns the cart, the token
// of one that was made for it, and whether the same request had added it before.
func (c *Carts) Add(ctx context.Context, request, code string, quantity int32) (cart *orderv1.Cart, made string, repeated bool, err error) {
	res, err := c.carts.AddCartItem(ctx, &orderv1.AddCartItemRequest{ProductCode: code, Quantity: quantity, RequestId: request})
	return res.GetCart(), res.GetCartToken(), res.GetRepeated(), err
}

// Merge moves what is in a guest's cart into that of the visitor's account. The same request
// merges once.
func (c *Carts) Merge(ctx context.Context, cartToken, request string) error {
	_, err := c.carts.MergeCart(ctx, &orderv1.MergeCartRequest{CartToken: cartToken, RequestId: request})
	return err
}
