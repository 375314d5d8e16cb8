package order_test

import (
	"slices"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// checkingOut is the order of a cart, under its checkout_id.
func checkingOut(cart *orderv1.Cart, cartToken string) *orderv1.PlaceOrderRequest {
	req := fromCart(cartToken)
	req.RequestId = cart.GetCheckoutId()
	return req
}

// A double click, two tabs and an answer that is lost make one order: all tabs have one
// checkout_id, until the cart was ordered.
func TestACheckoutMakesOneOrder(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	b.uncap()
	begun := setItem(t, b.shopper(authz.Identity{}), "MUG", 1)
	cartToken := begun.GetCartToken()
	guest := b.shopper(holderOf(t, cartToken))
	checkout := begun.GetCart().GetCheckoutId()
	for _, tab := range []*orderv1.Cart{readCart(t, guest), setItem(t, guest, "MUG", 2).GetCart(), readCart(t, guest)} {
		if tab.GetCheckoutId() != checkout || tab.GetLastOrderId() != "" || tab.GetLastOrderToken() != "" {
			t.Errorf("a tab has the checkout %q and the last order %q, want %q and none", tab.GetCheckoutId(), tab.GetLastOrderId(), checkout)
		}
	}
	// What is refused uses nothing up.
	dear := checkingOut(begun.GetCart(), cartToken)
	dear.ExpectedTotal = begun.GetCart().GetTotal()
	_, err := b.as(authz.Identity{}).PlaceOrder(t.Context(), dear)
	testkit.Refused(t, err, connect.CodeFailedPrecondition, "PRICE_CHANGED", "expected_total")
	if got := readCart(t, guest); got.GetCheckoutId() != checkout || len(got.GetLines()) != 1 {
		t.Errorf("a refusal left the checkout %q of %v", got.GetCheckoutId(), contents(got))
	}

	req := checkingOut(begun.GetCart(), cartToken)
	replicas := []orderv1connect.OrderServiceClient{b.as(authz.Identity{}), b.replica()}
	var answers [6]*orderv1.PlaceOrderResponse
	var clicks sync.WaitGroup
	for i := range answers {
		clicks.Go(func() {
			var err error
			if answers[i], err = replicas[i%2].PlaceOrder(t.Context(), req); err != nil {
				t.Error(err)
			}
		})
	}
	clicks.Wait()
	for _, answer := range answers[1:] {
		if !proto.Equal(answer, answers[0]) {
			t.Errorf("answered %v and %v", answers[0], answer)
		}
	}
	ordered := readCart(t, guest)
	wantCart(t, ordered, 0)
	if n := b.count(`select count(*) from orders`); n != 1 || ordered.GetLastOrderId() != answers[0].GetOrder().GetId() {
		t.Errorf("%d orders; the last one is %q, want %q", n, ordered.GetLastOrderId(), answers[0].GetOrder().GetId())
	}
	// Whoever lost the answer has the token by the cart.
	if ordered.GetLastOrderToken() != answers[0].GetGuestToken() || ordered.GetCheckoutId() == checkout || uuid.Validate(ordered.GetCheckoutId()) != nil {
		t.Errorf("the cart has the order's token %q, and the checkout %q", ordered.GetLastOrderToken(), ordered.GetCheckoutId())
	}
	next := setItem(t, guest, "MUG", 3).GetCart()
	if next.GetCheckoutId() != ordered.GetCheckoutId() || next.GetLastOrderId() != ordered.GetLastOrderId() || next.GetLastOrderToken() == "" {
		t.Errorf("the next cart has the checkout %q, the last order %q", next.GetCheckoutId(), next.GetLastOrderId())
	}

	// A tab that was left open sends again: what the shopper put in meanwhile stays.
	again, err := b.as(authz.Identity{}).PlaceOrder(t.Context(), req)
	if err != nil || !proto.Equal(again, answers[0]) {
		t.Errorf("sent again: %v, %v", again, err)
	}
	// A second tab in which another address was typed is led to the order that there is.
	other := proto.CloneOf(req)
	other.Contact.Email = "grace@example.com"
	_, err = b.as(authz.Identity{}).PlaceOrder(t.Context(), other)
	if refusal := testkit.Refused(t, err, connect.CodeAlreadyExists, "REQUEST_ID_REUSED"); refusal.Metadata["order_id"] != again.GetOrder().GetId() {
		t.Errorf("the refusal names %v", refusal.Metadata)
	}
	wantCart(t, readCart(t, guest), 1500, "3 MUG")
	second := b.buy(t, authz.Identity{}, checkingOut(next, cartToken))
	if !slices.Equal(boughtLines(second.GetOrder()), []string{"3 MUG"}) || readCart(t, guest).GetLastOrderId() != second.GetOrder().GetId() {
		t.Errorf("the second order is %v", second.GetOrder())
	}
}

// An order under another id ends the cart's checkout_id, too, and two carts in one batch each
// get their own.
func TestEveryOrderOfACartEndsItsCheckout(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	b.uncap()
	var carts [4]*orderv1.SetCartItemResponse
	var orders [4]*orderv1.PlaceOrderResponse
	var calls sync.WaitGroup
	for i := range carts {
		carts[i] = setItem(t, b.shopper(authz.Identity{}), "MUG", int32(i+1)) //nolint:gosec // small
	}
	for i, cart := range carts {
		calls.Go(func() { orders[i] = b.buy(t, authz.Identity{}, fromCart(cart.GetCartToken())) })
	}
	calls.Wait()
	seen := map[string]bool{}
	for i, cart := range carts {
		after := readCart(t, b.shopper(holderOf(t, cart.GetCartToken())))
		seen[cart.GetCart().GetCheckoutId()], seen[after.GetCheckoutId()] = true, true
		if after.GetLastOrderId() != orders[i].GetOrder().GetId() || after.GetLastOrderToken() != orders[i].GetGuestToken() {
			t.Errorf("cart %d: the last order is %q, want %q", i, after.GetLastOrderId(), orders[i].GetOrder().GetId())
		}
	}
	if len(seen) != 2*len(carts) {
		t.Errorf("the carts had %d checkouts, want %d", len(seen), 2*len(carts))
	}
}

// A customer's cart has a checkout_id once something was in it, and no token of an order.
// Emptying the cart and merging another into it keep the id; the guest's order stays with
// the guest's cart.
func TestTheCheckoutOfACustomer(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	ada := aCustomer()
	own := b.shopper(ada)
	if got := readCart(t, own); got.GetCheckoutId() != "" {
		t.Errorf("a cart that nobody filled has the checkout %q", got.GetCheckoutId())
	}
	checkout := setItem(t, own, "MUG", 1).GetCart().GetCheckoutId()
	cleared, err := own.ClearCart(t.Context(), &orderv1.ClearCartRequest{})
	if err != nil || checkout == "" || cleared.GetCart().GetCheckoutId() != checkout {
		t.Errorf("the checkout %q became %v, %v", checkout, cleared, err)
	}
	guest := setItem(t, b.shopper(authz.Identity{}), "MUG", 1)
	ofGuest := b.buy(t, authz.Identity{}, checkingOut(guest.GetCart(), guest.GetCartToken()))
	setItem(t, b.shopper(holderOf(t, guest.GetCartToken())), "MUG", 2)
	merged, err := own.MergeCart(t.Context(), &orderv1.MergeCartRequest{CartToken: guest.GetCartToken(), RequestId: uuid.NewString()})
	if err != nil || merged.GetCart().GetCheckoutId() != checkout || merged.GetCart().GetLastOrderId() != "" {
		t.Errorf("merged: %v, %v", merged, err)
	}
	order := b.buy(t, ada, checkingOut(merged.GetCart(), ""))
	after := readCart(t, own)
	if after.GetLastOrderId() != order.GetOrder().GetId() || after.GetLastOrderToken() != "" || after.GetCheckoutId() == checkout {
		t.Errorf("after the order: %v", after)
	}
	if order.GetOrder().GetId() == ofGuest.GetOrder().GetId() || !slices.Equal(boughtLines(order.GetOrder()), []string{"2 MUG"}) {
		t.Errorf("ordered %v", order.GetOrder())
	}
	// Another customer's id is no use: the id is the caller's own.
	eve := aCustomer()
	setItem(t, b.shopper(eve), "MUG", 1)
	if hers := b.buy(t, eve, checkingOut(merged.GetCart(), "")); hers.GetOrder().GetId() == order.GetOrder().GetId() {
		t.Error("somebody else's checkout was answered with the order")
	}
}

// A cart shows the token of an order only as long as the token opens it.
func TestACartForgetsTheTokenOfAClaimedOrder(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	begun := setItem(t, b.shopper(authz.Identity{}), "MUG", 1)
	guest := b.shopper(holderOf(t, begun.GetCartToken()))
	o := b.buy(t, authz.Identity{}, checkingOut(begun.GetCart(), begun.GetCartToken()))
	if _, err := b.as(aCustomer()).ClaimOrder(t.Context(), &orderv1.ClaimOrderRequest{Id: o.GetOrder().GetId(), GuestToken: o.GetGuestToken()}); err != nil {
		t.Fatal(err)
	}
	for _, cart := range []*orderv1.Cart{readCart(t, guest), setItem(t, guest, "MUG", 1).GetCart()} {
		if cart.GetLastOrderId() != o.GetOrder().GetId() || cart.GetLastOrderToken() != "" {
			t.Errorf("the cart has the last order %q with the token %q", cart.GetLastOrderId(), cart.GetLastOrderToken())
		}
	}
}

// A cart that the version before wrote has a checkout_id as well.
func TestACartOfTheVersionBeforeHasACheckout(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	ada := aCustomer()
	if _, err := b.pool.Exec(t.Context(), `insert into carts (id, codes, quantities, use_time) values ($1, '{MUG}', '{2}', $2)`, ada.ID, b.orders.Now()); err != nil {
		t.Fatal(err)
	}
	cart := readCart(t, b.shopper(ada))
	if uuid.Validate(cart.GetCheckoutId()) != nil {
		t.Errorf("the checkout is %q", cart.GetCheckoutId())
	}
	b.buy(t, ada, checkingOut(cart, ""))
}
