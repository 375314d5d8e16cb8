package main

import (
	"context"
	"slices"
	"testing"

	"connectrpc.com/connect/v2"

	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1/notificationv1connect"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
)

// The token of a guest's order opens it, no other one, and nothing once it is claimed.
func TestGuestsTokensAreTried(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		opens map[string]string
		want  []string
	}{
		"its own":       {map[string]string{"t1": "o1", "t2": "o2"}, nil},
		"nothing":       {map[string]string{"t2": "o2"}, []string{"GUEST_REFUSED"}},
		"another one":   {map[string]string{"t1": "all", "t2": "o2"}, []string{"NOT_REFUSED"}},
		"a claimed one": {map[string]string{"t1": "o1", "t2": "o2", "t3": "o3"}, []string{"NOT_REFUSED"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := books().at(&endpoint{order: &fakeOrders{opens: row.opens}})
			claimed := &order{guest: true, claimed: true, id: "o3", token: "t3"}
			c.book.orders = []*order{{guest: true, id: "o1", token: "t1"}, {guest: true, id: "o2", token: "t2"}, claimed, {id: "o4", token: "t4"}}
			c.book.members = []*member{{orders: []*order{claimed, {id: "o5"}}}}
			if err := c.checkGuests(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := kinds(c); !slices.Equal(got, row.want) {
				t.Errorf("found %v, want %v", c.book.findings, row.want)
			}
		})
	}
}

// fakeCarts is an order that has carts by guests' tokens.
type fakeCarts struct {
	orderv1connect.CartServiceClient
	carts map[string]*orderv1.Cart
}

func (f *fakeCarts) GetCart(ctx context.Context, _ *orderv1.GetCartRequest) (*orderv1.GetCartResponse, error) {
	cart, ok := f.carts[shownBy(ctx)]
	if !ok {
		return nil, refusal(connect.CodeNotFound, "CART_NOT_FOUND")
	}
	return &orderv1.GetCartResponse{Cart: cart}, nil
}

// A cart holds what was put into it, and is no more once it was merged.
func TestCartsAreCompared(t *testing.T) {
	t.Parallel()
	with := func(quantities ...int32) *orderv1.Cart {
		cart := &orderv1.Cart{}
		for i, quantity := range quantities {
			cart.Lines = append(cart.Lines, &orderv1.CartLine{ProductCode: []string{"A", "B"}[i], Quantity: quantity})
		}
		return cart
	}
	unavailable := with(2, 1)
	unavailable.UnavailableCodes = []string{"B"}
	for name, row := range map[string]struct {
		carts map[string]*orderv1.Cart
		want  []string
	}{
		"as filled":       {map[string]*orderv1.Cart{"kept": with(2, 1)}, nil},
		"lost":            {nil, []string{"CART_LOST"}},
		"less":            {map[string]*orderv1.Cart{"kept": with(2)}, []string{"CART_DIFFERS"}},
		"doubled":         {map[string]*orderv1.Cart{"kept": with(2, 2)}, []string{"CART_DIFFERS"}},
		"unavailable":     {map[string]*orderv1.Cart{"kept": unavailable}, []string{"CART_DIFFERS"}},
		"merged and left": {map[string]*orderv1.Cart{"kept": with(2, 1), "merged": with()}, []string{"NOT_REFUSED"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := books().at(&endpoint{cart: &fakeCarts{carts: row.carts}})
			c.products = []*product{{code: "A"}, {code: "B"}}
			c.book.carts = []*cart{
				{token: "kept", lines: []line{{0, 2}, {1, 1}}}, {token: "merged", merged: true}, {token: "unknown", lost: true},
			}
			if err := c.checkCarts(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := kinds(c); !slices.Equal(got, row.want) {
				t.Errorf("found %v, want %v", c.book.findings, row.want)
			}
		})
	}
}

// What is merged into a cart is added to it, in either order.
func TestMergedCarts(t *testing.T) {
	t.Parallel()
	one, two := []line{{0, 1}, {1, 2}}, []line{{2, 3}, {1, 4}}
	if got, want := merged(one, two), []line{{0, 1}, {1, 6}, {2, 3}}; !slices.Equal(got, want) {
		t.Errorf("merged into %v, want %v", got, want)
	}
	if !slices.Equal(one, []line{{0, 1}, {1, 2}}) {
		t.Errorf("merging changed what there was before to %v", one)
	}
	got := &orderv1.Cart{Lines: []*orderv1.CartLine{{ProductCode: "C", Quantity: 3}, {ProductCode: "A", Quantity: 1}, {ProductCode: "B", Quantity: 6}}}
	products := []*product{{code: "A"}, {code: "B"}, {code: "C"}}
	if difference := differFromCart(products, inOrderOf(products, got, merged(one, two)), got); difference != "" {
		t.Error(difference)
	}
}

// fakeMails is a notification with one mail.
type fakeMails struct {
	notificationv1connect.NotificationServiceClient
	mail *notificationv1.Notification
}

func (f *fakeMails) ListNotifications(_ context.Context, req *notificationv1.ListNotificationsRequest) (*notificationv1.ListNotificationsResponse, error) {
	if req.GetFilter() != "kind = VERIFY_EMAIL" {
		return &notificationv1.ListNotificationsResponse{}, nil
	}
	return &notificationv1.ListNotificationsResponse{Notifications: []*notificationv1.Notification{f.mail}}, nil
}

func (f *fakeMails) GetNotification(context.Context, *notificationv1.GetNotificationRequest) (*notificationv1.GetNotificationResponse, error) {
	return &notificationv1.GetNotificationResponse{Notification: f.mail}, nil
}

// What staff can read of a mail holds no token.
func TestStoredMailsAreRead(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		text, html string
		want       []string
	}{
		"removed":         {text: "Follow [link removed].", html: "<p>[link removed]</p>"},
		"in the text":     {text: "Follow [link removed] or https://shop.example/account/verify#sm_ln_abc.", want: []string{"STORED_TOKEN"}},
		"in the HTML":     {text: "Follow [link removed].", html: `<a href="https://shop.example/#sm_ln_abc">`, want: []string{"STORED_TOKEN"}},
		"in another form": {text: "Follow https://shop.example/account/verify.", want: []string{"STORED_TOKEN"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := books().at(&endpoint{mail: &fakeMails{mail: &notificationv1.Notification{Id: "n1", Text: row.text, Html: row.html}}})
			if err := c.judgeStoredMails(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := kinds(c); !slices.Equal(got, row.want) {
				t.Errorf("found %v, want %v", c.book.findings, row.want)
			}
		})
	}
}
