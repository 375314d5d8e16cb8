package order_test

import (
	"slices"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// verified is the event that a customer showed that an address is theirs.
func (b *harness) verified(customer authz.Identity, address string) consumer.Event {
	account := uuid.New()
	e := event(account, 1, &identityv1.AccountVerified{
		AccountId: account.String(), Kind: identityv1.AccountKind_ACCOUNT_KIND_CUSTOMER, CustomerId: customer.ID, Email: address, Version: 1,
	})
	e.Time = b.orders.Now()
	return e
}

// claim applies events as the consumer and the runner of claims do.
func (b *harness) claim(events ...consumer.Event) {
	b.t.Helper()
	b.handle(events...)
	if err := b.orders.ClaimVerified(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	if n := b.count(`select count(*) from verified_emails`); n != 0 {
		b.t.Errorf("%d addresses are left", n)
	}
}

// guestBuys places an order of a guest under an address.
func (b *harness) guestBuys(t *testing.T, address string) *orderv1.PlaceOrderResponse {
	t.Helper()
	req := request()
	req.Contact.Email = address
	return b.buy(t, authz.Identity{}, req)
}

func (b *harness) ownOrders(customer authz.Identity) (ids []string) {
	b.t.Helper()
	res, err := b.as(customer).ListOrders(b.t.Context(), &orderv1.ListOrdersRequest{PageSize: 1000})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, o := range res.GetOrders() {
		ids = append(ids, o.GetId())
	}
	slices.Sort(ids)
	return ids
}

// saleor#5462: what guests ordered under an address becomes a customer's when the customer
// verified the address, and not before: whoever types an address gets nothing. The tokens of
// these orders end.
func TestClaimAfterVerificationOnly(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	b.uncap()
	ada, bob := aCustomer(), aCustomer()
	mine := []*orderv1.PlaceOrderResponse{b.guestBuys(t, "Ada@Example.com"), b.guestBuys(t, "ada@EXAMPLE.com")}
	cancelled := b.guestBuys(t, "ada@example.com")
	if _, err := b.as(guestOf(t, cancelled.GetGuestToken())).CancelOrder(t.Context(), &orderv1.CancelOrderRequest{
		Id: cancelled.GetOrder().GetId(), RequestId: uuid.NewString(),
	}); err != nil {
		t.Fatal(err)
	}
	mine = append(mine, cancelled)
	bobs := request()
	bobs.Contact.Email = "ada@example.com"
	foreign := []*orderv1.PlaceOrderResponse{
		b.guestBuys(t, "ada@example.org"), b.guestBuys(t, "äda@example.com"), b.guestBuys(t, "ÄDA@example.com"),
		b.buy(t, bob, bobs), // a customer's, though under Ada's address
	}

	if own := b.ownOrders(ada); len(own) != 0 {
		t.Errorf("before the verification Ada has %v", own)
	}
	b.wait(time.Second)
	verification := b.verified(ada, "Ada@example.com")
	b.wait(time.Second)
	later := b.guestBuys(t, "ada@example.com")
	foreign = append(foreign, later)
	staff := event(uuid.New(), 1, &identityv1.AccountVerified{Kind: identityv1.AccountKind_ACCOUNT_KIND_STAFF, Email: "ada@example.org", Version: 1})
	staff.Time = b.orders.Now()
	b.claim(verification, staff)

	var want []string
	for _, o := range mine {
		want = append(want, o.GetOrder().GetId())
	}
	slices.Sort(want)
	if own := b.ownOrders(ada); !slices.Equal(own, want) {
		t.Errorf("Ada has %v, want %v", own, want)
	}
	for _, o := range mine {
		res, err := b.as(ada).GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: o.GetOrder().GetId()})
		if err != nil {
			t.Fatal(err)
		}
		last := res.GetOrder().GetHistory()[len(res.GetOrder().GetHistory())-1]
		if res.GetOrder().GetCustomerId() != ada.ID || last.GetStep() != orderv1.OrderStep_ORDER_STEP_CLAIMED || last.GetActor() != ada.ID {
			t.Errorf("claimed %v", res)
		}
		_, err = b.as(guestOf(t, o.GetGuestToken())).GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: o.GetOrder().GetId()})
		testkit.Refused(t, err, connect.CodeNotFound, "ORDER_NOT_FOUND")
	}
	for _, o := range foreign {
		_, err := b.as(ada).GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: o.GetOrder().GetId()})
		testkit.Refused(t, err, connect.CodeNotFound, "ORDER_NOT_FOUND")
	}
	// The event again changes nothing; a later order is claimed by its token.
	b.claim(verification)
	if own := b.ownOrders(ada); !slices.Equal(own, want) {
		t.Errorf("again: Ada has %v, want %v", own, want)
	}
	claim := &orderv1.ClaimOrderRequest{Id: later.GetOrder().GetId(), GuestToken: later.GetGuestToken()}
	if _, err := b.as(ada).ClaimOrder(t.Context(), claim); err != nil {
		t.Error(err)
	}
	if err := b.orders.Audit(t.Context(), func(o *domain.Order, found []domain.Finding) error {
		if len(found) > 0 {
			t.Errorf("order %s: %v", o.ID(), found)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// A claim is published, for whoever keeps whose an order is, and again at a restart, because
// the broker may have lost it; not once the order's person is erased.
func TestAClaimIsPublished(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	b.uncap()
	ada := aCustomer()
	placed := b.guestBuys(t, "ada@example.com")
	b.guestBuys(t, "bob@example.com")
	b.published()
	if _, err := b.as(ada).ClaimOrder(t.Context(), &orderv1.ClaimOrderRequest{Id: placed.GetOrder().GetId(), GuestToken: placed.GetGuestToken()}); err != nil {
		t.Fatal(err)
	}
	first := b.wantPublished("OrderClaimed")[0].(*orderv1.OrderClaimed)
	version := b.count(`select version from orders where id = $1`, placed.GetOrder().GetId())
	if first.GetOrderId() != placed.GetOrder().GetId() || first.GetCustomerId() != ada.ID || first.GetVersion() != int64(version) {
		t.Errorf("published %v; the order has version %d", first, version)
	}
	if err := b.orders.ClaimRepublisher().All(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again := b.wantPublished("OrderClaimed")[0]; !proto.Equal(again, first) {
		t.Errorf("republished %v, want %v", again, first)
	}
	b.handle(event(uuid.MustParse(ada.ID), 2, &customerv1.CustomerErased{CustomerId: ada.ID}))
	b.published()
	if err := b.orders.ClaimRepublisher().All(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.wantPublished()
}

// What was erased is claimed by nobody, and an erased customer claims nothing, whichever of
// the two events is first.
func TestErasedPeopleClaimNothing(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	b.uncap()
	ada := aCustomer()
	gone, kept := b.guestBuys(t, "gone@example.com"), b.guestBuys(t, "kept@example.com")
	guest := event(uuid.New(), 1, &customerv1.CustomerErased{Email: "gone@example.com"})
	guest.Time = b.orders.Now()
	b.handle(guest)
	b.claim(b.verified(ada, "gone@example.com"))
	if own := b.ownOrders(ada); len(own) != 0 {
		t.Errorf("Ada has the erased order %s: %v", gone.GetOrder().GetId(), own)
	}
	erased := event(uuid.MustParse(ada.ID), 2, &customerv1.CustomerErased{CustomerId: ada.ID})
	b.claim(b.verified(ada, "kept@example.com"), erased)
	b.claim(b.verified(ada, "kept@example.com"))
	if res, err := b.as(guestOf(t, kept.GetGuestToken())).GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: kept.GetOrder().GetId()}); err != nil || res.GetOrder().GetCustomerId() != "" {
		t.Errorf("the guest's order is %v, %v", res, err)
	}
}

// An address may have more orders than fit into a transaction.
func TestVeryManyOrdersAreClaimed(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	ada := aCustomer()
	b.guestBuys(t, "ada@example.com")
	if _, err := b.pool.Exec(t.Context(), `
		insert into orders
		select (jsonb_populate_record(o, jsonb_build_object('id', gen_random_uuid(), 'number', lpad(to_hex(i), 4, '0') || '-0000'))).*
		from orders o, generate_series(1, 1100) i`); err != nil {
		t.Fatal(err)
	}
	b.claim(b.verified(ada, "ada@example.com"))
	if n := b.count(`select count(*) from orders where customer_id = $1 and guest_version = 2`, ada.ID); n != 1101 {
		t.Errorf("%d orders are claimed", n)
	}
}
