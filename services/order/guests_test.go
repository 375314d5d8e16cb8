package order_test

import (
	"crypto/rand"
	"slices"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// guestOf is the guest who shows the token of an order.
func guestOf(t *testing.T, guestToken string) authz.Identity {
	t.Helper()
	shown, err := token.ReadGuestOrder(guestToken)
	if err != nil {
		t.Fatalf("%q: %v", guestToken, err)
	}
	return authz.GuestOfOrder(shown)
}

func (b *harness) buy(t *testing.T, caller authz.Identity, req *orderv1.PlaceOrderRequest) *orderv1.PlaceOrderResponse {
	t.Helper()
	res, err := b.as(caller).PlaceOrder(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func boughtLines(o *orderv1.Order) []string {
	cart := &orderv1.Cart{}
	for _, line := range o.GetLines() {
		cart.Lines = append(cart.Lines, &orderv1.CartLine{ProductCode: line.GetProductCode(), Quantity: line.GetQuantity()})
	}
	return contents(cart)
}

// A guest reads, watches and cancels the order whose token they have, and nothing else: no
// other order, no list, no filter, no page token.
func TestGuestTokenIgnoresFilters(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	mine, other := b.buy(t, authz.Identity{}, request()), b.buy(t, authz.Identity{}, request())
	guest := b.as(guestOf(t, mine.GetGuestToken()))
	got, err := guest.GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: mine.GetOrder().GetId()})
	if err != nil || !proto.Equal(got.GetOrder(), mine.GetOrder()) {
		t.Errorf("the guest's order: %v, %v", got, err)
	}

	_, err = guest.GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: uuid.NewString()})
	testkit.Refused(t, err, connect.CodeNotFound, "ORDER_NOT_FOUND")
	for _, foreign := range []string{other.GetOrder().GetId(), b.placed().GetId(), b.buy(t, aCustomer(), request()).GetOrder().GetId()} {
		_, err = guest.GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: foreign})
		testkit.Refused(t, err, connect.CodeNotFound, "ORDER_NOT_FOUND")
		_, err = guest.CancelOrder(t.Context(), &orderv1.CancelOrderRequest{Id: foreign, RequestId: uuid.NewString()})
		testkit.Refused(t, err, connect.CodeNotFound, "ORDER_NOT_FOUND")
		stream, err := guest.WatchOrder(t.Context(), &orderv1.WatchOrderRequest{Id: foreign})
		if err != nil {
			t.Fatal(err)
		}
		_, err = stream.Receive()
		testkit.Refused(t, err, connect.CodeNotFound, "ORDER_NOT_FOUND")
	}
	owners, err := b.client.ListOrders(t.Context(), &orderv1.ListOrdersRequest{PageSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range []*orderv1.ListOrdersRequest{
		{}, {Filter: `email = "Ada@Example.com"`}, {Filter: `number = "` + mine.GetOrder().GetNumber() + `"`}, {PageToken: owners.GetNextPageToken(), PageSize: 1},
	} {
		_, err := guest.ListOrders(t.Context(), list)
		testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")
	}
	_, err = guest.UpdateOrder(t.Context(), &orderv1.UpdateOrderRequest{Order: mine.GetOrder()})
	testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")

	// The token of one order, with another's id or another MAC, is none.
	shown := guestOf(t, mine.GetGuestToken())
	for _, forged := range []authz.GuestOrder{
		{OrderID: uuid.MustParse(other.GetOrder().GetId()), MAC: shown.GuestOrder.MAC},
		{OrderID: shown.GuestOrder.OrderID, MAC: make([]byte, 32)},
		{OrderID: shown.GuestOrder.OrderID},
		{OrderID: shown.GuestOrder.OrderID, MAC: shown.GuestOrder.MAC[:16]},
	} {
		_, err := b.as(authz.GuestOfOrder(forged)).GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: forged.OrderID.String()})
		testkit.Refused(t, err, connect.CodeNotFound, "ORDER_NOT_FOUND")
	}

	stream, err := guest.WatchOrder(t.Context(), &orderv1.WatchOrderRequest{Id: mine.GetOrder().GetId()})
	if err != nil {
		t.Fatal(err)
	}
	if entry, err := stream.Receive(); err != nil || entry.GetEntry().GetState() != orderv1.OrderState_ORDER_STATE_PLACED {
		t.Errorf("watched %v, %v", entry, err)
	}
	cancelled, err := guest.CancelOrder(t.Context(), &orderv1.CancelOrderRequest{Id: mine.GetOrder().GetId(), RequestId: uuid.NewString()})
	if err != nil || cancelled.GetOrder().GetHistory()[1].GetActor() != "guest" {
		t.Errorf("cancelled: %v, %v", cancelled, err)
	}
	if entry, err := stream.Receive(); err != nil || entry.GetEntry().GetState() != orderv1.OrderState_ORDER_STATE_CANCELLED {
		t.Errorf("watched %v, %v", entry, err)
	}
}

// A repeated request is answered with the same token, which is stored nowhere; it opens the
// order for 180 days.
func TestAGuestsTokenIsAnsweredAgain(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	req := request()
	first := b.buy(t, authz.Identity{}, req)
	for _, replica := range []orderv1connect.OrderServiceClient{b.as(authz.Identity{}), b.replica()} {
		if again, err := replica.PlaceOrder(t.Context(), req); err != nil || !proto.Equal(again, first) || first.GetGuestToken() == "" {
			t.Errorf("answered %v, then %v, %v", first, again, err)
		}
	}
	if n := b.count(`select count(*) from idempotency where position($1::bytea in request || response) > 0`, []byte(first.GetGuestToken())); n != 0 {
		t.Error("the token is stored")
	}
	guest := b.as(guestOf(t, first.GetGuestToken()))
	b.wait(domain.GuestTokenLife - 1)
	if _, err := guest.GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: first.GetOrder().GetId()}); err != nil {
		t.Error(err)
	}
	b.wait(1000)
	_, err := guest.GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: first.GetOrder().GetId()})
	testkit.Refused(t, err, connect.CodeNotFound, "ORDER_NOT_FOUND")
}

// Only a customer who is signed in, and so has a verified address, claims a guest's order
// with its token, which ends with that.
func TestAGuestsOrderIsClaimedByItsToken(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	req := request()
	placed := b.buy(t, authz.Identity{}, req)
	id := placed.GetOrder().GetId()
	ada, bob := aCustomer(), aCustomer()
	claim := &orderv1.ClaimOrderRequest{Id: id, GuestToken: placed.GetGuestToken()}
	guest := guestOf(t, placed.GetGuestToken())

	_, err := b.as(authz.Identity{}).ClaimOrder(t.Context(), claim)
	testkit.Refused(t, err, connect.CodeUnauthenticated, "UNAUTHENTICATED")
	for _, nobody := range []authz.Identity{guest, {Kind: authz.Staff, ID: uuid.NewString()}, {Kind: authz.Owner}} {
		_, err = b.as(nobody).ClaimOrder(t.Context(), claim)
		testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")
	}
	foreign := b.buy(t, authz.Identity{}, request())
	for _, wrong := range []*orderv1.ClaimOrderRequest{
		{Id: id, GuestToken: foreign.GetGuestToken()}, {Id: id, GuestToken: "sm_go_"}, {Id: id, GuestToken: id},
		{Id: foreign.GetOrder().GetId(), GuestToken: placed.GetGuestToken()},
		{Id: id, GuestToken: token.ForGuestOrder(uuid.MustParse(id), [32]byte{})},
		{Id: uuid.NewString(), GuestToken: placed.GetGuestToken()},
	} {
		_, err = b.as(ada).ClaimOrder(t.Context(), wrong)
		testkit.Refused(t, err, connect.CodeNotFound, "ORDER_NOT_FOUND")
	}
	_, err = b.as(ada).GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: id}) // the same address makes nobody the owner
	testkit.Refused(t, err, connect.CodeNotFound, "ORDER_NOT_FOUND")

	for range 2 {
		res, err := b.as(ada).ClaimOrder(t.Context(), claim)
		if err != nil {
			t.Fatal(err)
		}
		last := res.GetOrder().GetHistory()[len(res.GetOrder().GetHistory())-1]
		if res.GetOrder().GetCustomerId() != ada.ID || last.GetStep() != orderv1.OrderStep_ORDER_STEP_CLAIMED || last.GetActor() != ada.ID || len(res.GetOrder().GetHistory()) != 2 {
			t.Errorf("claimed %v", res)
		}
	}
	if own, err := b.as(ada).ListOrders(t.Context(), &orderv1.ListOrdersRequest{}); err != nil || len(own.GetOrders()) != 1 {
		t.Errorf("Ada's orders are %v, %v", own, err)
	}
	for _, late := range []authz.Identity{guest, bob} {
		_, err = b.as(late).GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: id})
		testkit.Refused(t, err, connect.CodeNotFound, "ORDER_NOT_FOUND")
	}
	_, err = b.as(bob).ClaimOrder(t.Context(), claim)
	testkit.Refused(t, err, connect.CodeNotFound, "ORDER_NOT_FOUND")
	if again := b.buy(t, authz.Identity{}, req); again.GetGuestToken() != "" {
		t.Error("the request that placed it is answered with a token after the claim")
	}
	if err := b.orders.Audit(t.Context(), func(o *domain.Order, found []domain.Finding) error {
		if len(found) > 0 {
			t.Errorf("order %s: %v", o.ID(), found)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}

	b.handle(event(uuid.MustParse(bob.ID), 2, &customerv1.CustomerErased{CustomerId: bob.ID}))
	_, err = b.as(bob).ClaimOrder(t.Context(), &orderv1.ClaimOrderRequest{Id: foreign.GetOrder().GetId(), GuestToken: foreign.GetGuestToken()})
	testkit.Refused(t, err, connect.CodeFailedPrecondition, "CUSTOMER_ERASED")
}

// A token that does not open the order, or no more, gets no answer that was given to the
// guest, and who watches the order with it sees nothing more.
func TestAGuestsTokenThatEndedGetsNothing(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	placed := b.buy(t, authz.Identity{}, request())
	id := placed.GetOrder().GetId()
	guest, forged := b.as(guestOf(t, placed.GetGuestToken())), b.as(guestOf(t, token.ForGuestOrder(uuid.MustParse(id), [32]byte{})))
	claim := func(placed *orderv1.PlaceOrderResponse) {
		t.Helper()
		req := &orderv1.ClaimOrderRequest{Id: placed.GetOrder().GetId(), GuestToken: placed.GetGuestToken()}
		if _, err := b.as(aCustomer()).ClaimOrder(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}

	cancel := &orderv1.CancelOrderRequest{Id: id, RequestId: uuid.NewString()}
	first, err := guest.CancelOrder(t.Context(), cancel)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := guest.CancelOrder(t.Context(), cancel); err != nil || !proto.Equal(again, first) {
		t.Errorf("again: %v, %v", again, err)
	}
	_, err = forged.CancelOrder(t.Context(), cancel)
	testkit.Refused(t, err, connect.CodeNotFound, "ORDER_NOT_FOUND")
	claim(placed)
	_, err = guest.CancelOrder(t.Context(), cancel)
	testkit.Refused(t, err, connect.CodeNotFound, "ORDER_NOT_FOUND")

	open := b.buy(t, authz.Identity{}, request())
	watched, err := b.as(guestOf(t, open.GetGuestToken())).WatchOrder(t.Context(), &orderv1.WatchOrderRequest{Id: open.GetOrder().GetId()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = watched.Close() }()
	if _, err := watched.Receive(); err != nil {
		t.Fatal(err)
	}
	claim(open)
	_, err = watched.Receive()
	testkit.Refused(t, err, connect.CodeNotFound, "ORDER_NOT_FOUND")
}

// The token of an order ends when the guest's data is erased.
func TestAnErasedGuestsTokenIsOver(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	req := request()
	placed := b.buy(t, authz.Identity{}, req)
	erased := event(uuid.New(), 1, &customerv1.CustomerErased{Email: "ada@example.com"})
	erased.Time = b.orders.Now()
	b.handle(erased)
	_, err := b.as(guestOf(t, placed.GetGuestToken())).GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: placed.GetOrder().GetId()})
	testkit.Refused(t, err, connect.CodeNotFound, "ORDER_NOT_FOUND")
	if again := b.buy(t, authz.Identity{}, req); again.GetGuestToken() != "" || again.GetOrder().GetId() != placed.GetOrder().GetId() {
		t.Errorf("answered %v", again)
	}
	if n := b.count(`select count(*) from orders where guest_version = 2`); n != 1 {
		t.Errorf("%d orders have a new version", n)
	}
}

// A customer without an id, or with the nil UUID, owns neither the orders of guests, which
// have no customer, nor a cart.
func TestNilCustomerOwnsNothing(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	placed := b.buy(t, authz.Identity{}, request())
	for _, id := range []string{"", uuid.Nil.String(), "00000000000000000000000000000000"} {
		nobody := authz.Identity{Kind: authz.Customer, ID: id}
		_, err := b.as(nobody).GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: placed.GetOrder().GetId()})
		testkit.Refused(t, err, connect.CodeNotFound, "ORDER_NOT_FOUND")
		_, err = b.as(nobody).CancelOrder(t.Context(), &orderv1.CancelOrderRequest{Id: placed.GetOrder().GetId(), RequestId: uuid.NewString()})
		testkit.Refused(t, err, connect.CodeNotFound, "ORDER_NOT_FOUND")
		_, err = b.as(nobody).ListOrders(t.Context(), &orderv1.ListOrdersRequest{})
		testkit.Refused(t, err, connect.CodeUnauthenticated, "UNAUTHENTICATED")
		_, err = b.as(nobody).PlaceOrder(t.Context(), request())
		testkit.Refused(t, err, connect.CodeUnauthenticated, "UNAUTHENTICATED")
		_, err = b.as(nobody).ClaimOrder(t.Context(), &orderv1.ClaimOrderRequest{Id: placed.GetOrder().GetId(), GuestToken: placed.GetGuestToken()})
		testkit.Refused(t, err, connect.CodeUnauthenticated, "UNAUTHENTICATED")
		_, err = b.shopper(nobody).GetCart(t.Context(), &orderv1.GetCartRequest{})
		testkit.Refused(t, err, connect.CodeUnauthenticated, "UNAUTHENTICATED")
		_, err = b.shopper(nobody).SetCartItem(t.Context(), &orderv1.SetCartItemRequest{ProductCode: "MUG", Quantity: new(int32(1))})
		testkit.Refused(t, err, connect.CodeUnauthenticated, "UNAUTHENTICATED")
	}
}

// Nobody blocks a stranger: unpaid orders of guests count by the cart, else by the network
// that they come from, whatever addresses they name. Their request ids are distinguished alike.
func TestUnpaidOrdersOfGuestsCountByCartOrNetwork(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	anybody := b.as(authz.Identity{})
	order := func(cartToken string) error {
		req := request() // all name the same address
		if cartToken != "" {
			setItem(t, b.shopper(holderOf(t, cartToken)), "MUG", 1)
			req = fromCart(cartToken)
		}
		_, err := anybody.PlaceOrder(t.Context(), req)
		return err
	}
	full := func(name, cartToken string) {
		t.Helper()
		for range 3 {
			if err := order(cartToken); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		testkit.Refused(t, order(cartToken), connect.CodeResourceExhausted, "TOO_MANY_UNPAID_ORDERS")
	}
	full("a network", "")
	cart := setItem(t, b.shopper(authz.Identity{}), "MUG", 1).GetCartToken()
	full("a cart there", cart)
	full("another cart there", setItem(t, b.shopper(authz.Identity{}), "MUG", 1).GetCartToken())
	b.network.Store("192.0.2.2")
	full("another network", "")
	var mac [32]byte
	_, _ = rand.Read(mac[:])
	_, err := b.as(holderOf(t, token.ForCart(mac))).PlaceOrder(t.Context(), request()) // a cart's token that somebody made
	testkit.Refused(t, err, connect.CodeResourceExhausted, "TOO_MANY_UNPAID_ORDERS")
	testkit.Refused(t, order(cart), connect.CodeResourceExhausted, "TOO_MANY_UNPAID_ORDERS") // the cart is the same everywhere
	// What expired does not count any more.
	b.wait(8 * 24 * 60 * 60 * 1e9)
	if _, err := b.orders.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	full("a network, later", "")

	// One id, from two networks and from a cart: three requests, none knows of the others.
	id := uuid.NewString()
	var made []string
	for _, network := range []string{"192.0.2.3", "2001:db8::/64"} {
		b.network.Store(network)
		req := request()
		req.RequestId, req.Contact.Email = id, "somebody@example.com"
		made = append(made, b.buy(t, authz.Identity{}, req).GetOrder().GetId())
	}
	again := request()
	again.RequestId = id
	_, err = anybody.PlaceOrder(t.Context(), again)
	testkit.Refused(t, err, connect.CodeAlreadyExists, "REQUEST_ID_REUSED")
	setItem(t, b.shopper(holderOf(t, cart)), "MUG", 1)
	byCart := fromCart(cart)
	byCart.RequestId = id
	made = append(made, b.buy(t, authz.Identity{}, byCart).GetOrder().GetId())
	b.network.Store("192.0.2.9") // the answer to a cart's order is found from anywhere
	if moved := b.buy(t, authz.Identity{}, byCart); moved.GetOrder().GetId() != made[2] {
		t.Error("the same request of the same cart made another order from another network")
	}
	slices.Sort(made)
	if len(slices.Compact(made)) != 3 {
		t.Errorf("orders %v", made)
	}
	if n := b.count(`select count(*) from idempotency where caller like '%192.0.2%' or caller like '%2001:db8%'`); n != 0 {
		t.Error("addresses of clients are stored")
	}
}
