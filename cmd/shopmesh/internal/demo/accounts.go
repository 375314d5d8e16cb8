package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/postaladdress"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/operator"
	"github.com/shopmesh/shopmesh/services/identity"
)

// Login is what somebody signs in with.
type Login struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

// Accounts are the people of the demo: an owner, a member of staff who sells, and a customer.
type Accounts struct {
	Owner    Login `json:"owner"`
	Staff    Login `json:"staff"`
	Customer Login `json:"customer"`
}

// NewAccounts returns them with random passwords.
func NewAccounts() Accounts {
	login := func(name string) Login { return Login{Email: name + "@demo.example", Password: rand.Text()} }
	return Accounts{Owner: login("owner"), Staff: login("staff"), Customer: login("customer")}
}

// staffRole is what the demo's member of staff may do, as the operator's socket names it.
const staffRole = "staff:CATALOG_READ,CATALOG_WRITE,STOCK_READ,STOCK_WRITE,ORDERS_READ,ORDERS_WRITE,CUSTOMERS_READ,PAYMENTS_READ,NOTIFICATIONS_READ"

// People makes the demo's accounts.
type People struct {
	// Socket is the operator's socket of the shop.
	Socket string
	// Client returns a client of the shop whose calls show a token; none where it is empty.
	Client func(token string) *connect.Client
}

// Make makes the accounts that are missing, and has the others sign in with these passwords.
func (p People) Make(ctx context.Context, accounts Accounts) error {
	staff := identityv1connect.NewStaffServiceClient(p.Client(""))
	customers := identityv1connect.NewAccountServiceClient(p.Client(""))
	accept := func(ctx context.Context, name, token, password string) error {
		_, err := staff.AcceptInvite(ctx, &identityv1.AcceptInviteRequest{Token: token, Password: password, FirstName: "Demo", LastName: name})
		return err
	}
	verify := func(ctx context.Context, name, token, password string) error {
		_, err := customers.VerifyEmail(ctx, &identityv1.VerifyEmailRequest{Token: token, Password: password, FirstName: "Demo", LastName: name})
		return err
	}
	return errors.Join(
		p.makeOne(ctx, "owner", "Owner", accounts.Owner, accept),
		p.makeOne(ctx, staffRole, "Staff", accounts.Staff, accept),
		p.makeOne(ctx, "customer", "Customer", accounts.Customer, verify),
	)
}

// makeOne makes one account by a link of the operator's, or sets its password.
func (p People) makeOne(ctx context.Context, role, name string, login Login, open func(ctx context.Context, name, token, password string) error) error {
	link, err := identity.CreateLink(ctx, p.Socket, role, login.Email)
	var refused *operator.RefusedError
	switch {
	case err == nil:
		err = open(ctx, name, link.Token(), login.Password)
	case errors.As(err, &refused) && refused.Exists:
		err = p.setPassword(ctx, role, login)
	}
	if err != nil {
		return fmt.Errorf("make the account %s: %w", login.Email, err)
	}
	return nil
}

func (p People) setPassword(ctx context.Context, role string, login Login) error {
	link, err := identity.RenewLink(ctx, p.Socket, role, login.Email, false)
	if err != nil {
		return err
	}
	accounts := identityv1connect.NewAccountServiceClient(p.Client(""))
	_, err = accounts.ResetPassword(ctx, &identityv1.ResetPasswordRequest{Token: link.Token(), Password: login.Password})
	return err
}

// Order places two orders of the demo's customer, unless they have some already.
func (p People) Order(ctx context.Context, customer Login) error {
	signedIn, err := identityv1connect.NewAccountServiceClient(p.Client("")).SignIn(ctx, &identityv1.SignInRequest{
		Kind: identityv1.AccountKind_ACCOUNT_KIND_CUSTOMER, Email: customer.Email, Password: customer.Password,
	})
	if err != nil {
		return fmt.Errorf("sign in as %s: %w", customer.Email, err)
	}
	client := p.Client(signedIn.GetSession().GetAccessToken())
	self, err := identityv1connect.NewAccountServiceClient(client).GetSelf(ctx, &identityv1.GetSelfRequest{})
	if err != nil {
		return fmt.Errorf("find the demo's customer: %w", err)
	}
	orders := orderv1connect.NewOrderServiceClient(client)
	placed, err := orders.ListOrders(ctx, &orderv1.ListOrdersRequest{PageSize: 1})
	if err != nil {
		return fmt.Errorf("list the orders of the demo's customer: %w", err)
	}
	if len(placed.GetOrders()) > 0 {
		return nil
	}
	for _, lines := range [][]*orderv1.OrderLineRequest{
		{{ProductCode: "KI-BWL-SND", Quantity: 2}, {ProductCode: "KI-JUG-SND", Quantity: 1}},
		{{ProductCode: "GA-TRW-WID", Quantity: 1}},
	} {
		_, err := orders.PlaceOrder(ctx, &orderv1.PlaceOrderRequest{
			RequestId: uuid.NewString(), CustomerId: self.GetAccount().GetCustomerId(),
			Contact:         &orderv1.Contact{FirstName: "Demo", LastName: "Customer", Email: customer.Email},
			ShippingAddress: &postaladdress.PostalAddress{RegionCode: "GB", PostalCode: "SW1Y 4JH", Locality: "London", AddressLines: []string{"12 St James's Square"}},
			Lines:           lines, PaymentMethod: "sandbox_ok",
		})
		if err != nil {
			return fmt.Errorf("place an order of the demo's customer: %w", err)
		}
	}
	return nil
}
