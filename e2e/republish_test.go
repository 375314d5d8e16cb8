package e2e

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/embedded/postgres"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

// A new price, the end of a product, a level and an erasure were published, and
// nobody had applied them, when the shop was killed and the broker's directory lost:
// after the next start all contexts know.
func TestStatesSurviveTheBrokersDirectory(t *testing.T) {
	t.Parallel()
	s := up(t)
	mug, cup := s.sell(euros(5, 0), 10), s.sell(euros(7, 0), 10)
	// A quote makes order know both.
	if !proto.Equal(s.quote(mug, cup), euros(12, 0)) {
		t.Fatal("the quote before is wrong")
	}
	person := s.buyer(mug)
	s.mustAudit()

	s.hold("order", "lock table products, erased_customers in exclusive mode")
	s.hold("notification", "lock table erased_customers in exclusive mode")
	s.hold("catalog", "lock table availability in exclusive mode")
	s.changeStates(mug, cup, person)
	for _, database := range []string{"catalog", "customer", "inventory"} {
		s.waitFor(database, "select count(*) = 0 from outbox")
	}
	s.kill()
	if err := os.RemoveAll(filepath.Join(s.data, "broker")); err != nil {
		t.Fatal(err)
	}

	s.start()
	eventually(t, func(ctx context.Context) error { return s.statesAreKnown(ctx, mug, cup, person) })
	s.mustAudit()
}

// Somebody signed out and somebody signed up, and nobody had mailed the link, when the shop was
// killed and the broker's directory lost: after the next start the access token is still
// refused, and the link is mailed.
func TestAccountsSurviveTheBrokersDirectory(t *testing.T) {
	t.Parallel()
	s := up(t)
	_, session := s.signUp(unique("grace") + "@example.com")
	s.hold("notification", "lock table erased_customers in exclusive mode")
	accounts := identityv1connect.NewAccountServiceClient(testkit.Client(t, s.api["identity"]))
	if _, err := accounts.SignOut(t.Context(), &identityv1.SignOutRequest{RefreshToken: session.GetRefreshToken()}); err != nil {
		t.Fatal(err)
	}
	address := unique("ada") + "@example.com"
	if _, err := accounts.SignUp(t.Context(), &identityv1.SignUpRequest{Email: address}); err != nil {
		t.Fatal(err)
	}
	s.waitFor("identity", "select count(*) = 1 from links where purpose = 1 and use_time is null")
	s.waitFor("identity", "select count(*) = 0 from outbox")
	s.kill()
	if err := os.RemoveAll(filepath.Join(s.data, "broker")); err != nil {
		t.Fatal(err)
	}

	s.start()
	s.mailedToken(address)
	eventually(t, func(ctx context.Context) error {
		orders := orderv1connect.NewOrderServiceClient(testkit.Client(t, s.api["order"], token.Show(session.GetAccessToken())))
		if _, err := orders.ListOrders(ctx, &orderv1.ListOrdersRequest{}); reasonOf(err) != "TOKEN_EXPIRED" {
			return errorf("after signing out the access token is answered with %v", err)
		}
		return nil
	})
}

// buyer is a customer and the confirmed order with a mail that they have.
type buyer struct{ id, order string }

func (s *shop) buyer(product *catalogv1.Product) buyer {
	s.t.Helper()
	email := unique("lost") + "@example.com"
	c, err := s.customer.CreateCustomer(s.t.Context(), &customerv1.CreateCustomerRequest{Customer: &customerv1.Customer{
		FirstName: "Grace", LastName: "Hopper", Email: email,
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	req := request("sandbox_ok", of(product.GetCode(), 1))
	req.CustomerId, req.Contact.Email = c.GetCustomer().GetId(), email
	order := s.reached(s.place(req).GetId(), confirmed)
	s.oneMail(email)
	return buyer{id: c.GetCustomer().GetId(), order: order.GetId()}
}

// changeStates makes the first product dearer, adds to its stock, ends the second,
// and erases the person.
func (s *shop) changeStates(dearer, ended *catalogv1.Product, person buyer) {
	s.t.Helper()
	ctx := s.t.Context()
	_, err := s.product.UpdateProduct(ctx, &catalogv1.UpdateProductRequest{Product: &catalogv1.Product{Id: dearer.GetId(), Price: euros(6, 0)}})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.product.ArchiveProduct(ctx, &catalogv1.ArchiveProductRequest{Id: ended.GetId()}); err != nil {
		s.t.Fatal(err)
	}
	s.adjust(dearer.GetCode(), 31)
	if _, err := s.customer.EraseCustomer(ctx, &customerv1.EraseCustomerRequest{Id: person.id, EvenOpenOrders: true}); err != nil {
		s.t.Fatal(err)
	}
}

// statesAreKnown names what some context does not know of changeStates.
func (s *shop) statesAreKnown(ctx context.Context, dearer, ended *catalogv1.Product, person buyer) error {
	quoted, err := s.order.QuoteOrder(ctx, &orderv1.QuoteOrderRequest{Lines: []*orderv1.OrderLineRequest{of(dearer.GetCode(), 1)}})
	if err != nil || !proto.Equal(quoted.GetQuote().GetTotal(), euros(6, 0)) {
		return errorf("the dearer product costs %v, %v", quoted.GetQuote().GetTotal(), err)
	}
	// The expected total is wrong, so that no order comes of it as long as it is sold.
	early := request("sandbox_ok", of(ended.GetCode(), 1))
	early.ExpectedTotal = euros(1, 0)
	if _, err := s.order.PlaceOrder(ctx, early); reasonOf(err) != "PRODUCT_ARCHIVED" {
		return errorf("an order of the ended product is answered with %v", err)
	}
	listed, err := s.product.GetProduct(ctx, &catalogv1.GetProductRequest{Code: dearer.GetCode()})
	if err != nil || listed.GetProduct().GetAvailableQuantity() != 40 {
		return errorf("%d are available, %v", listed.GetProduct().GetAvailableQuantity(), err)
	}
	o, err := s.order.GetOrder(ctx, &orderv1.GetOrderRequest{Id: person.order})
	if err != nil || o.GetOrder().GetContact().GetEmail() != "" || len(o.GetOrder().GetShippingAddress().GetAddressLines()) > 0 {
		return errorf("the order still knows the person, %v", err)
	}
	m, err := s.mail.ListNotifications(ctx, &notificationv1.ListNotificationsRequest{Filter: `order_id = "` + person.order + `"`})
	if err != nil || len(m.GetNotifications()) != 1 || m.GetNotifications()[0].GetRecipient() != "" {
		return errorf("the mail still knows the person: %v, %v", m, err)
	}
	return nil
}

// quote returns what one of each product costs together.
func (s *shop) quote(products ...*catalogv1.Product) proto.Message {
	s.t.Helper()
	req := &orderv1.QuoteOrderRequest{}
	for _, p := range products {
		req.Lines = append(req.Lines, of(p.GetCode(), 1))
	}
	res, err := s.order.QuoteOrder(s.t.Context(), req)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.GetQuote().GetTotal()
}

// open connects to a context's database.
func (s *oneProcess) open(database string) *pgx.Conn {
	s.t.Helper()
	address, err := postgres.AdminURL(filepath.Join(s.data, "postgres"), "shopmesh_"+database)
	if err != nil {
		s.t.Fatal(err)
	}
	conn, err := pgx.Connect(s.t.Context(), address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// hold runs a statement in a transaction that lasts as long as the database does.
func (s *oneProcess) hold(database, lock string) {
	s.t.Helper()
	conn := s.open(database)
	for _, statement := range []string{"begin", lock} {
		if _, err := conn.Exec(s.t.Context(), statement); err != nil {
			s.t.Fatalf("%s: %v", statement, err)
		}
	}
}

// waitFor queries a database until it answers yes.
func (s *oneProcess) waitFor(database, question string) {
	s.t.Helper()
	conn := s.open(database)
	eventually(s.t, func(ctx context.Context) error {
		var yes bool
		if err := conn.QueryRow(ctx, question).Scan(&yes); err != nil {
			return err
		}
		if !yes {
			return errorf("%s: no", question)
		}
		return nil
	})
}
