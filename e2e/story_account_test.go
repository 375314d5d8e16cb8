package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1/customerv1connect"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1/paymentv1connect"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

const shopperPassword = "nine patient herons wade"

var mailedLink = regexp.MustCompile(`#(sm_ln_[0-9A-Za-z]+)`)

// mailedToken waits for the link in the newest mail to an address.
func (s *shop) mailedToken(address string) string {
	s.t.Helper()
	var found string
	eventually(s.t, func(context.Context) error {
		all := s.mails(address)
		if len(all) == 0 {
			return errorf("no mail to %s", address)
		}
		link := mailedLink.FindStringSubmatch(all[0].Text)
		if link == nil {
			return errorf("no link in the mail %q to %s:\n%s", all[0].Subject, address, all[0].Text)
		}
		found = link[1]
		return nil
	})
	return found
}

// hashAPassword tries to sign in, with what nobody has.
func (s *shop) hashAPassword() {
	s.t.Helper()
	_, err := identityv1connect.NewAccountServiceClient(testkit.Client(s.t, s.api["identity"])).SignIn(s.t.Context(), &identityv1.SignInRequest{
		Kind: identityv1.AccountKind_ACCOUNT_KIND_CUSTOMER, Email: unique("nobody") + "@example.com", Password: shopperPassword,
	})
	testkit.Refused(s.t, err, connect.CodeUnauthenticated, "CREDENTIALS_INVALID")
}

// Somebody signs up, follows the link of the mail, orders, finds that order, and no other
// person's; signed out, the tokens are no longer good.
func shoppersAccount(t *testing.T, s *shop) {
	address := unique("ada") + "@example.com"
	accounts := identityv1connect.NewAccountServiceClient(testkit.Client(t, s.api["identity"]))
	if _, err := accounts.SignUp(t.Context(), &identityv1.SignUpRequest{Email: address}); err != nil {
		t.Fatal(err)
	}
	signIn := &identityv1.SignInRequest{Kind: identityv1.AccountKind_ACCOUNT_KIND_CUSTOMER, Email: address, Password: shopperPassword}
	_, err := accounts.SignIn(t.Context(), signIn)
	testkit.Refused(t, err, connect.CodeUnauthenticated, "CREDENTIALS_INVALID")
	verify := &identityv1.VerifyEmailRequest{Token: s.mailedToken(address), Password: shopperPassword, FirstName: "Ada", LastName: "Lovelace"}
	if _, err := accounts.VerifyEmail(t.Context(), verify); err != nil {
		t.Fatal(err)
	}
	_, err = accounts.VerifyEmail(t.Context(), verify)
	testkit.Refused(t, err, connect.CodeInvalidArgument, "LINK_INVALID")
	signedIn, err := accounts.SignIn(t.Context(), signIn)
	if err != nil {
		t.Fatal(err)
	}

	with := token.Show(signedIn.GetSession().GetAccessToken())
	self, err := identityv1connect.NewAccountServiceClient(testkit.Client(t, s.api["identity"], with)).GetSelf(t.Context(), &identityv1.GetSelfRequest{})
	if err != nil || self.GetAccount().GetEmail() != address || self.GetAccount().GetCustomerId() == "" {
		t.Fatalf("the account is %v (%v)", self, err)
	}
	orders := orderv1connect.NewOrderServiceClient(testkit.Client(t, s.api["order"], with))
	mug := s.sell(euros(12, 0), 10)
	req := request("sandbox_ok", of(mug.GetCode(), 1))
	req.Contact.Email = address
	req.CustomerId = self.GetAccount().GetCustomerId()
	placed, err := orders.PlaceOrder(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	other := s.place(request("sandbox_ok", of(mug.GetCode(), 1)))
	listed, err := orders.ListOrders(t.Context(), &orderv1.ListOrdersRequest{})
	if err != nil || len(listed.GetOrders()) != 1 || listed.GetOrders()[0].GetId() != placed.GetOrder().GetId() {
		t.Errorf("their orders are %v (%v), want %s", listed.GetOrders(), err, placed.GetOrder().GetId())
	}
	_, err = orders.GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: other.GetId()})
	testkit.Refused(t, err, connect.CodeNotFound, "ORDER_NOT_FOUND")
	customers := customerv1connect.NewCustomerServiceClient(testkit.Client(t, s.api["customer"], with))
	_, err = customers.ListCustomers(t.Context(), &customerv1.ListCustomersRequest{})
	testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")
	cart := orderv1connect.NewCartServiceClient(testkit.Client(t, s.api["order"], with))
	if _, err := cart.SetCartItem(t.Context(), &orderv1.SetCartItemRequest{ProductCode: mug.GetCode(), Quantity: new(int32(3))}); err != nil {
		t.Fatal(err)
	}
	exported, err := customers.ExportCustomer(t.Context(), &customerv1.ExportCustomerRequest{Id: self.GetAccount().GetCustomerId()})
	if err != nil {
		t.Fatal(err)
	}
	var held struct {
		Account  struct{ Email string }
		Sessions []struct{ Agent string }
		Cart     struct{ Lines []struct{ Quantity int } }
		Mails    []struct{ Kind, Recipient, Text string }
	}
	if err := json.Unmarshal(exported.GetContent(), &held); err != nil {
		t.Fatal(err)
	}
	if held.Account.Email != address || len(held.Sessions) != 2 || len(held.Cart.Lines) != 1 || held.Cart.Lines[0].Quantity != 3 ||
		len(held.Mails) == 0 || held.Mails[0].Kind != "NOTIFICATION_KIND_VERIFY_EMAIL" || held.Mails[0].Recipient != address || strings.Contains(string(exported.GetContent()), "sm_ln_") {
		t.Errorf("what they export is %s", exported.GetContent())
	}

	if _, err := accounts.SignOut(t.Context(), &identityv1.SignOutRequest{RefreshToken: signedIn.GetSession().GetRefreshToken()}); err != nil {
		t.Fatal(err)
	}
	_, err = accounts.RefreshSession(t.Context(), &identityv1.RefreshSessionRequest{RefreshToken: signedIn.GetSession().GetRefreshToken()})
	testkit.Refused(t, err, connect.CodeUnauthenticated, "TOKEN_EXPIRED")
	eventually(t, func(ctx context.Context) error {
		if _, err := orders.ListOrders(ctx, &orderv1.ListOrdersRequest{}); reasonOf(err) != "TOKEN_EXPIRED" {
			return errorf("after signing out the access token is answered with %v", err)
		}
		return nil
	})
}

// signUp makes the account of an address, and returns its customer and first session.
func (s *shop) signUp(address string) (customer string, session *identityv1.Session) {
	s.t.Helper()
	accounts := identityv1connect.NewAccountServiceClient(testkit.Client(s.t, s.api["identity"]))
	if _, err := accounts.SignUp(s.t.Context(), &identityv1.SignUpRequest{Email: address}); err != nil {
		s.t.Fatal(err)
	}
	verified, err := accounts.VerifyEmail(s.t.Context(), &identityv1.VerifyEmailRequest{
		Token: s.mailedToken(address), Password: shopperPassword, FirstName: "Ada", LastName: "Lovelace",
	})
	if err != nil {
		s.t.Fatal(err)
	}
	session = verified.GetSession()
	as := testkit.Client(s.t, s.api["identity"], token.Show(session.GetAccessToken()))
	self, err := identityv1connect.NewAccountServiceClient(as).GetSelf(s.t.Context(), &identityv1.GetSelfRequest{})
	if err != nil {
		s.t.Fatal(err)
	}
	return self.GetAccount().GetCustomerId(), session
}

// The erasure of a customer ends their account everywhere; the audit after the stories
// compares the two.
func erasedAccount(t *testing.T, s *shop) {
	address := unique("ada") + "@example.com"
	customer, session := s.signUp(address)
	if _, err := s.customer.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Id: customer}); err != nil {
		t.Fatal(err)
	}
	eventually(t, func(ctx context.Context) error {
		orders := orderv1connect.NewOrderServiceClient(testkit.Client(t, s.api["order"], token.Show(session.GetAccessToken())))
		if _, err := orders.ListOrders(ctx, &orderv1.ListOrdersRequest{}); reasonOf(err) != "TOKEN_EXPIRED" {
			return errorf("after the erasure the access token is answered with %v", err)
		}
		return nil
	})
	accounts := identityv1connect.NewAccountServiceClient(testkit.Client(t, s.api["identity"]))
	_, err := accounts.RefreshSession(t.Context(), &identityv1.RefreshSessionRequest{RefreshToken: session.GetRefreshToken()})
	testkit.Refused(t, err, connect.CodeUnauthenticated, "TOKEN_EXPIRED")
	_, err = accounts.SignIn(t.Context(), &identityv1.SignInRequest{
		Kind: identityv1.AccountKind_ACCOUNT_KIND_CUSTOMER, Email: address, Password: shopperPassword,
	})
	testkit.Refused(t, err, connect.CodeUnauthenticated, "CREDENTIALS_INVALID")
}

// guestsLink is how the link to a guest's order stands in a mail, above the page for another one.
var guestsLink = regexp.MustCompile(`(?m)^See your order: http://shopmesh\.localhost/o/(sm_go_[0-9A-Za-z]+)\r?\nDoes the link no longer open\? Have a new one sent: http://shopmesh\.localhost/(?:en/)?orders/find\r?$`)

// A guest orders and opens the order by the link in the mail; signs up with the same address,
// and finds the order among their own once the address is verified, with its payment. The
// guest's token is over, and no mail has it any more.
func guestsAccount(t *testing.T, s *shop) {
	address := unique("ada") + "@example.com"
	mug := s.sell(euros(12, 0), 10)
	req := request("sandbox_ok", of(mug.GetCode(), 1))
	req.Contact.Email = address
	anonymous := orderv1connect.NewOrderServiceClient(testkit.Client(t, s.api["order"]))
	placed, err := anonymous.PlaceOrder(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	s.reached(placed.GetOrder().GetId(), confirmed)
	link := guestsLink.FindStringSubmatch(s.oneMail(address).Text)
	if link == nil {
		t.Fatalf("the link is %q, and the mail\n%s", link, s.oneMail(address).Text)
	}
	guest := orderv1connect.NewOrderServiceClient(testkit.Client(t, s.api["order"], token.Show(link[1])))
	if _, err := guest.GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: placed.GetOrder().GetId()}); err != nil {
		t.Fatal(err)
	}
	kept, err := s.mail.ListNotifications(t.Context(), &notificationv1.ListNotificationsRequest{Filter: fmt.Sprintf("order_id = %q", placed.GetOrder().GetId())})
	if err != nil || len(kept.GetNotifications()) != 1 {
		t.Fatalf("the mails are %v (%v)", kept, err)
	}
	shown, err := s.mail.GetNotification(t.Context(), &notificationv1.GetNotificationRequest{Id: kept.GetNotifications()[0].GetId()})
	if text := shown.GetNotification().GetText(); err != nil || !strings.Contains(text, "See your order: [link removed]") {
		t.Errorf("staff reads (%v)\n%s", err, text)
	}

	customer, session := s.signUp(address)
	orders := orderv1connect.NewOrderServiceClient(testkit.Client(t, s.api["order"], token.Show(session.GetAccessToken())))
	eventually(t, func(ctx context.Context) error {
		listed, err := orders.ListOrders(ctx, &orderv1.ListOrdersRequest{})
		if err != nil || len(listed.GetOrders()) != 1 || listed.GetOrders()[0].GetId() != placed.GetOrder().GetId() || listed.GetOrders()[0].GetCustomerId() != customer {
			return errorf("their orders are %v (%v), want %s", listed.GetOrders(), err, placed.GetOrder().GetId())
		}
		return nil
	})
	payments := paymentv1connect.NewPaymentServiceClient(testkit.Client(t, s.api["payment"], token.Show(session.GetAccessToken())))
	eventually(t, func(ctx context.Context) error {
		_, err := payments.GetPayment(ctx, &paymentv1.GetPaymentRequest{Id: placed.GetOrder().GetPaymentId()})
		return err
	})
	_, err = guest.GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: placed.GetOrder().GetId()})
	testkit.Refused(t, err, connect.CodeNotFound, "ORDER_NOT_FOUND")
	if _, err := s.mail.ResendNotification(t.Context(), &notificationv1.ResendNotificationRequest{Id: shown.GetNotification().GetId()}); err != nil {
		t.Fatal(err)
	}
	eventually(t, func(context.Context) error {
		resent := s.mails(address)[0]
		if resent.Subject != shown.GetNotification().GetSubject() {
			return errorf("the newest mail is %q", resent.Subject)
		}
		if strings.Contains(resent.Text+resent.HTML, "sm_go_") || strings.Contains(resent.Text, "See your order") {
			t.Errorf("the mail was resent as\n%s", resent.Text)
		}
		return nil
	})
}
