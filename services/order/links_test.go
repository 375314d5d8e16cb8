package order_test

import (
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

func orderMail(o *orderv1.PlaceOrderResponse, recipient string) *orderv1.OrderMail {
	return &orderv1.OrderMail{OrderId: o.GetOrder().GetId(), Recipient: recipient}
}

// links are those of mails, as notification gets them.
func (b *harness) links(mails ...*orderv1.OrderMail) []string {
	b.t.Helper()
	notification := b.as(authz.Identity{Kind: authz.Service, ID: "notification"})
	res, err := notification.MintOrderLinks(b.t.Context(), &orderv1.MintOrderLinksRequest{Mails: mails})
	if err != nil {
		b.t.Fatal(err)
	}
	return res.GetLinks()
}

// tokenIn is the token of a link, which is all that opens the order.
func tokenIn(t *testing.T, link string) string {
	t.Helper()
	shown, found := strings.CutPrefix(link, "https://shop.example/o/")
	if !found {
		t.Fatalf("the link is %q", link)
	}
	return shown
}

func (b *harness) opens(guestToken string, o *orderv1.PlaceOrderResponse) bool {
	b.t.Helper()
	_, err := b.as(guestOf(b.t.(*testing.T), guestToken)).GetOrder(b.t.Context(), &orderv1.GetOrderRequest{Id: o.GetOrder().GetId()})
	if err != nil {
		testkit.Refused(b.t, err, connect.CodeNotFound, "ORDER_NOT_FOUND")
	}
	return err == nil
}

// The mail to the address of a guest's order links to it, and no other one does: not to an
// address that looks the same, not about a customer's order, one that was claimed or is over.
func TestMailsLinkToGuestsOrders(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	ada := aCustomer()
	own, guests, claimed := b.buy(t, ada, request()), b.guestBuys(t, "Ada@Example.com"), b.guestBuys(t, "Ada@Example.com")
	if _, err := b.as(ada).ClaimOrder(t.Context(), &orderv1.ClaimOrderRequest{Id: claimed.GetOrder().GetId(), GuestToken: claimed.GetGuestToken()}); err != nil {
		t.Fatal(err)
	}
	mails := []*orderv1.OrderMail{
		orderMail(own, "Ada@Example.com"), orderMail(guests, "ada@EXAMPLE.com"), orderMail(guests, "eve@example.com"), orderMail(guests, "\u0410da@example.com"),
		orderMail(claimed, "Ada@Example.com"), {OrderId: uuid.NewString(), Recipient: "ada@example.com"}, orderMail(guests, "Ada@Example.com"),
	}
	link := "https://shop.example/o/" + guests.GetGuestToken()
	for range 2 {
		if links, want := b.links(mails...), []string{"", link, "", "", "", "", link}; !slices.Equal(links, want) {
			t.Errorf("the links are %q, want %q", links, want)
		}
	}
	if !b.opens(tokenIn(t, link), guests) {
		t.Error("the link opens nothing")
	}
	b.wait(domain.GuestTokenLife)
	if links := b.links(mails...); !slices.Equal(links, make([]string, len(mails))) {
		t.Errorf("after the token's life the links are %q", links)
	}
}

// Whoever has a mistyped address was mailed the link: it is over once the address of the paid
// order is corrected, and the mails to the right one have another. Before the first mail, and
// where something else is corrected, the guest's token stays.
func TestACorrectedAddressEndsTheLinkInEarlierMails(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	o := b.guestBuys(t, "ada@exmaple.com")
	correct := func(email, phone string) {
		t.Helper()
		contact := &orderv1.Contact{FirstName: "Ada", LastName: "Lovelace", Email: email, Phone: phone}
		if _, err := b.update(&orderv1.Order{Id: o.GetOrder().GetId(), Contact: contact}, "contact"); err != nil {
			t.Fatal(err)
		}
	}
	correct("ada@exampel.com", "")
	b.confirm(o.GetOrder())
	link := b.links(orderMail(o, "ada@exampel.com"))[0]
	correct("Ada@exampel.com", "+49 30 1234567")
	if tokenIn(t, link) != o.GetGuestToken() || !b.opens(o.GetGuestToken(), o) {
		t.Errorf("the link is %q, the token %q", link, o.GetGuestToken())
	}
	correct("ada@example.com", "+49 30 1234567")
	links := b.links(orderMail(o, "ada@exampel.com"), orderMail(o, "ada@example.com"))
	if links[0] != "" || b.opens(o.GetGuestToken(), o) || !b.opens(tokenIn(t, links[1]), o) {
		t.Errorf("the links are %q; the former token opens the order: %t", links, b.opens(o.GetGuestToken(), o))
	}
	if customer := b.get(o.GetOrder()).GetCustomerId(); customer != "" {
		t.Errorf("the order became customer %s's", customer)
	}
}
