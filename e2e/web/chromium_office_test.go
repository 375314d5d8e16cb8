//go:build chromium

package web_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/postaladdress"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/embedded/inbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

// person is somebody who works for a shop.
type person struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

// people are who works for a shop: its owner, a clerk who may see stock and nothing else, a
// packer who may see orders, and a newcomer who may, too, and whom a check can change.
type people struct {
	Owner    person `json:"owner"`
	Clerk    person `json:"clerk"`
	Packer   person `json:"packer"`
	Newcomer person `json:"newcomer"`
}

// hire makes the accounts of who works for a shop, the owner's by the link of its first owner.
func hire(s *shop, link string) people {
	s.t.Helper()
	all := people{
		Owner:    person{Email: "owner@example.com", Password: password},
		Clerk:    person{Email: "clerk@example.com", Password: password},
		Packer:   person{Email: "packer@example.com", Password: password},
		Newcomer: person{Email: "newcomer@example.com", Password: password},
	}
	owner := s.accept(link, all.Owner.Email)
	staff := identityv1connect.NewStaffServiceClient(testkit.Client(s.t, s.url, token.Show(owner.GetAccessToken())))
	for email, may := range map[string]optionsv1.Permission{
		all.Clerk.Email:    optionsv1.Permission_PERMISSION_STOCK_READ,
		all.Packer.Email:   optionsv1.Permission_PERMISSION_ORDERS_READ,
		all.Newcomer.Email: optionsv1.Permission_PERMISSION_ORDERS_READ,
	} {
		if _, err := staff.InviteStaff(s.t.Context(), &identityv1.InviteStaffRequest{Email: email, Permissions: []optionsv1.Permission{may}}); err != nil {
			s.t.Fatal(err)
		}
		s.accept(s.mailed(identityv1.MailKind_MAIL_KIND_INVITATION, email), "")
	}
	return all
}

// accept makes the account of an invitation. email is for the link of the first owner, which names
// none.
func (s *shop) accept(link, email string) *identityv1.Session {
	s.t.Helper()
	_, shown, _ := strings.Cut(strings.TrimSpace(link), "#")
	accepted, err := identityv1connect.NewStaffServiceClient(testkit.Client(s.t, s.url)).AcceptInvite(s.t.Context(), &identityv1.AcceptInviteRequest{
		Token: shown, Email: email, Password: password, FirstName: "Grace", LastName: "Hopper",
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return accepted.GetSession()
}

// sold fills the shop with orders of 200 people: copies of one that is paid, a minute apart.
func (s *shop) sold(count int) {
	s.t.Helper()
	placed, err := s.orderClient.PlaceOrder(s.t.Context(), &orderv1.PlaceOrderRequest{
		RequestId: uuid.NewString(), PaymentMethod: "sandbox_ok", Lines: []*orderv1.OrderLineRequest{{ProductCode: "BLUE", Quantity: 2}},
		Contact:         &orderv1.Contact{FirstName: "Ada", LastName: "Lovelace", Email: "ada@example.com"},
		ShippingAddress: &postaladdress.PostalAddress{RegionCode: "GB", PostalCode: "SW1Y 4JH", Locality: "London", AddressLines: []string{"12 St James’s Square"}},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	id := placed.GetOrder().GetId()
	testkit.Eventually(s.t, "the order is paid", func() bool {
		res, err := s.orderClient.GetOrder(s.t.Context(), &orderv1.GetOrderRequest{Id: id})
		return err == nil && res.GetOrder().GetState() == orderv1.OrderState_ORDER_STATE_CONFIRMED
	})
	if _, err := testkit.Open(s.t, pg.Config{URL: s.orderDatabase}).Exec(s.t.Context(), `
		with copied as (
			insert into orders
			select (jsonb_populate_record(o, jsonb_build_object(
				'id', gen_random_uuid(), 'number', lpad((i / 10000)::text, 4, '0') || '-' || lpad((i % 10000)::text, 4, '0'),
				'last_name', 'Customer' || lpad((i % 200)::text, 3, '0'), 'last_name_key', 'customer' || lpad((i % 200)::text, 3, '0'), 'email', 'customer' || i % 200 || '@example.com',
				'create_time', o.create_time - i * interval '1 minute', 'awaits', 0, 'due_time', null
			))).*
			from orders o, generate_series(1, $2) i where o.id = $1
			returning id
		)
		insert into order_lines
		select (jsonb_populate_record(l, jsonb_build_object('order_id', copied.id))).* from order_lines l, copied where l.order_id = $1`, id, count); err != nil {
		s.t.Fatal(err)
	}
}

// mailServer takes the mails of a shop, and returns its address.
func mailServer(t *testing.T) string {
	t.Helper()
	mails, err := inbox.Open(t.TempDir(), "127.0.0.1:0", testkit.Log(t))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- mails.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
		defer cancel()
		if err := mails.Close(ctx); err != nil {
			t.Errorf("close the inbox: %v", err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return "smtp://" + mails.Addr()
}
