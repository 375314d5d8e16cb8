package order_test

import (
	"slices"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

// fromCart is an order of a cart.
func fromCart(cartToken string) *orderv1.PlaceOrderRequest {
	req := request()
	req.Lines, req.CartToken = nil, cartToken
	return req
}

// What is in a cart is ordered once, however often and by whom: the same request gets the
// same order, another one finds the cart empty.
func TestACartIsOrderedOnce(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	b.sell("PEN", 100)
	cartToken := setItem(t, b.shopper(authz.Identity{}), "MUG", 2).GetCartToken()
	guest := holderOf(t, cartToken)
	setItem(t, b.shopper(guest), "PEN", 1)

	shown := fromCart("") // who shows the token needs not name the cart
	requests := []*orderv1.PlaceOrderRequest{fromCart(cartToken), shown, fromCart(cartToken)}
	var mu sync.Mutex
	orders, empty := map[string]string{}, 0
	var calls sync.WaitGroup
	for i := range 12 {
		req, caller := requests[i%3], authz.Identity{}
		if req == shown {
			caller = guest
		}
		calls.Go(func() {
			res, err := b.as(caller).PlaceOrder(t.Context(), req)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "lines")
				empty++
				return
			}
			orders[res.GetOrder().GetId()+res.GetGuestToken()] = req.GetRequestId()
			if got := boughtLines(res.GetOrder()); !slices.Equal(got, []string{"2 MUG", "1 PEN"}) {
				t.Errorf("ordered %v", got)
			}
		})
	}
	calls.Wait()
	if n := b.count(`select count(*) from orders`); n != 1 || len(orders) != 1 || empty != 8 {
		t.Errorf("%d orders, %d different answers, %d found the cart empty", n, len(orders), empty)
	}
	wantCart(t, readCart(t, b.shopper(guest)), 0)
	if n := b.count(`select count(*) from idempotency where position($1::bytea in request || response) > 0`, []byte(cartToken)); n != 0 {
		t.Error("the cart's token is stored with the request")
	}
	// What is put in afterwards is another order's.
	setItem(t, b.shopper(guest), "MUG", 1)
	if got := boughtLines(b.buy(t, authz.Identity{}, fromCart(cartToken)).GetOrder()); !slices.Equal(got, []string{"1 MUG"}) {
		t.Errorf("ordered %v", got)
	}
}

// A customer orders their own cart by naming nothing, or a guest's by its token; lines leave
// carts alone.
func TestACustomerOrdersACart(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	pen := b.sell("PEN", 100)
	ada := aCustomer()
	own, guest := b.shopper(ada), setItem(t, b.shopper(authz.Identity{}), "PEN", 3).GetCartToken()
	setItem(t, own, "MUG", 1)
	if res := b.buy(t, ada, request()); res.GetGuestToken() != "" || len(contents(readCart(t, own))) != 1 {
		t.Errorf("an order of lines touched the cart, or has a guest's token: %v", res)
	}
	res := b.buy(t, ada, fromCart(""))
	if !slices.Equal(boughtLines(res.GetOrder()), []string{"1 MUG"}) || res.GetOrder().GetCustomerId() != ada.ID {
		t.Errorf("ordered %v", res)
	}
	wantCart(t, readCart(t, own), 0)
	if got := boughtLines(b.buy(t, ada, fromCart(guest)).GetOrder()); !slices.Equal(got, []string{"3 PEN"}) {
		t.Errorf("ordered %v", got)
	}

	both := request()
	both.CartToken = guest
	dear := fromCart("")
	dear.ExpectedTotal = pen.GetPrice()
	setItem(t, own, "MUG", 1)
	for _, row := range []struct {
		caller authz.Identity
		req    *orderv1.PlaceOrderRequest
		code   connect.Code
		reason string
		fields []string
	}{
		{ada, both, connect.CodeInvalidArgument, "INVALID_FIELD", []string{"cart_token"}},
		{ada, fromCart(guest), connect.CodeInvalidArgument, "INVALID_FIELD", []string{"lines"}},
		{aCustomer(), fromCart(""), connect.CodeInvalidArgument, "INVALID_FIELD", []string{"lines"}},
		{authz.Identity{}, fromCart(""), connect.CodeInvalidArgument, "INVALID_FIELD", []string{"lines"}},
		{authz.Identity{Kind: authz.Owner}, fromCart(""), connect.CodeInvalidArgument, "INVALID_FIELD", []string{"lines"}},
		{ada, fromCart(token.ForCart([32]byte{1})), connect.CodeNotFound, "CART_NOT_FOUND", nil},
		{ada, fromCart("sm_ct_"), connect.CodeNotFound, "CART_NOT_FOUND", nil},
		{ada, dear, connect.CodeFailedPrecondition, "PRICE_CHANGED", []string{"expected_total"}},
	} {
		_, err := b.as(row.caller).PlaceOrder(t.Context(), row.req)
		testkit.Refused(t, err, row.code, row.reason, row.fields...)
	}
	wantCart(t, readCart(t, own), 500, "1 MUG") // a refusal took nothing out
}

// A request that waits for its first attempt on another replica finds the answer, not the
// cart that the attempt emptied.
func TestARepeatedOrderOfACartFindsItsAnswer(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	b.uncap()
	other := b.replica()
	cart := setItem(t, b.shopper(authz.Identity{}), "MUG", 2).GetCartToken()
	for range 5 {
		setItem(t, b.shopper(holderOf(t, cart)), "MUG", 2)
		req := fromCart(cart)
		var answers [2]*orderv1.PlaceOrderResponse
		var calls sync.WaitGroup
		for i, replica := range []orderv1connect.OrderServiceClient{b.as(authz.Identity{}), other} {
			calls.Go(func() {
				var err error
				if answers[i], err = replica.PlaceOrder(t.Context(), req); err != nil {
					t.Error(err)
				}
			})
		}
		calls.Wait()
		if !proto.Equal(answers[0], answers[1]) {
			t.Errorf("answered %v and %v", answers[0], answers[1])
		}
	}
}
