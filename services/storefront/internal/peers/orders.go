package peers

import (
	"context"
	"errors"
	"io"
	"strconv"
	"time"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/peer"
)

// Orders are what visitors bought.
type Orders struct {
	orders orderv1connect.OrderServiceClient
}

// NewOrders returns the orders of others.
func NewOrders(others *peer.Peers) *Orders {
	return &Orders{orderv1connect.NewOrderServiceClient(others.Client("order"))}
}

// Quote returns what lines cost now, and by which methods they can be paid.
func (o *Orders) Quote(ctx context.Context, lines []*orderv1.OrderLineRequest) (*orderv1.OrderQuote, error) {
	res, err := o.orders.QuoteOrder(ctx, &orderv1.QuoteOrderRequest{Lines: lines})
	return res.GetQuote(), err
}

// Place places an order, and returns the token that opens a guest's.
func (o *Orders) Place(ctx context.Context, req *orderv1.PlaceOrderRequest) (*orderv1.Order, string, error) {
	res, err := o.orders.PlaceOrder(ctx, req)
	return res.GetOrder(), res.GetGuestToken(), err
}

// Order reads an order.
func (o *Orders) Order(ctx context.Context, id string) (*orderv1.Order, error) {
	res, err := o.orders.GetOrder(ctx, &orderv1.GetOrderRequest{Id: id})
	return res.GetOrder(), err
}

// Find returns the id of the visitor's order of a number; empty where there is none.
func (o *Orders) Find(ctx context.Context, number string) (string, error) {
	res, err := o.orders.ListOrders(ctx, &orderv1.ListOrdersRequest{PageSize: 1, Filter: "number = " + strconv.Quote(number)})
	if err != nil || len(res.GetOrders()) == 0 {
		return "", err
	}
	return res.GetOrders()[0].GetId(), nil
}

// List returns a page of the visitor's orders, the newest first, and the token of the next one.
func (o *Orders) List(ctx context.Context, size int32, page string) ([]*orderv1.Order, string, error) {
	res, err := o.orders.ListOrders(ctx, &orderv1.ListOrdersRequest{PageSize: size, PageToken: page})
	return res.GetOrders(), res.GetNextPageToken(), err
}

// Claim makes a guest's order one of the visitor's account.
func (o *Orders) Claim(ctx context.Context, id, guestToken string) error {
	_, err := o.orders.ClaimOrder(ctx, &orderv1.ClaimOrderRequest{Id: id, GuestToken: guestToken})
	return err
}

// Cancel cancels an order.
func (o *Orders) Cancel(ctx context.Context, req *orderv1.CancelOrderRequest) error {
	_, err := o.orders.CancelOrder(ctx, req)
	return err
}

// SendLink has the link of an order mailed.
func (o *Orders) SendLink(ctx context.Context, number, email string) error {
	_, err := o.orders.SendOrderLink(ctx, &orderv1.SendOrderLinkRequest{Number: number, Email: email})
	return err
}

// Watch hands each entry of an order's history after a version to a function: those of the past,
// then each as it comes. It returns after the last that there can be, or with why no more come.
func (o *Orders) Watch(ctx context.Context, id string, after int64, entry func(*orderv1.OrderHistoryEntry)) error {
	stream, err := o.orders.WatchOrder(ctx, &orderv1.WatchOrderRequest{Id: id, AfterVersion: after})
	if err != nil {
		return err
	}
	defer func() { _ = stream.Close() }() // nothing more is read
	for {
		res, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		entry(res.GetEntry())
	}
}

// Wait returns once an order came to an entry of its history that is enough, or can come to
// none any more, and after patience at the latest. That it could not be watched, as where a
// visitor has too many open already, ends the waiting and is no error.
func (o *Orders) Wait(ctx context.Context, id string, after int64, patience time.Duration, enough func(*orderv1.OrderHistoryEntry) bool) error {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	stream, err := o.orders.WatchOrder(waiting, &orderv1.WatchOrderRequest{Id: id, AfterVersion: after})
	if err != nil {
		return ctx.Err()
	}
	defer func() { _ = stream.Close() }() // nothing more is read
	for {
		res, err := stream.Receive()
		if err != nil {
			return ctx.Err() // it ended, or patience did
		}
		if enough(res.GetEntry()) {
			return nil
		}
	}
}
