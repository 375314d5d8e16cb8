package main

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/token"
)

const (
	ofCustomer = identityv1.AccountKind_ACCOUNT_KIND_CUSTOMER
	ofStaff    = identityv1.AccountKind_ACCOUNT_KIND_STAFF
)

// refusal is an error as a client gets it.
func refusal(code connect.Code, reason string) error {
	detail, err := connectproto.NewErrorDetail(&errdetails.ErrorInfo{Reason: reason, Domain: fault.Domain})
	if err != nil {
		return err
	}
	return connect.NewError(code, "refused").WithDetail(detail)
}

// shownBy is the token that a call shows.
func shownBy(ctx context.Context) string {
	info, _ := connect.CallInfoForClientContext(ctx)
	return strings.TrimPrefix(info.RequestHeader().Get(token.Authorization), "Bearer ")
}

// Each member has one account and one customer, as acknowledged, and nobody else has one.
func TestAccountsAreCompared(t *testing.T) {
	t.Parallel()
	members := []*member{
		{kind: ofCustomer, name: "ada", email: "ada@example.com", verified: true, accountID: "a1", customerID: "c1"},
		{kind: ofStaff, name: "joan", email: "joan@example.com", verified: true, disabled: true, accountID: "a2"},
		{kind: ofCustomer, name: "eve", email: "eve@example.com"},
		{kind: ofCustomer, name: "bob", email: "bob@example.com", verified: true, lost: true},
	}
	accounts := []*identityv1.Account{
		{Id: "a1", Kind: ofCustomer, Email: "ada@example.com", CustomerId: "c1"},
		{Id: "a2", Kind: ofStaff, Email: "joan@example.com", Disabled: true},
		{Id: "a4", Kind: ofCustomer, Email: "bob-moved@example.com", CustomerId: "c4"},
	}
	customers := []*customerv1.Customer{{Id: "c1", Email: "ada@example.com"}, {Id: "c4", Email: "bob@example.com"}}
	account := func(i int, change func(*identityv1.Account)) []*identityv1.Account {
		changed := slices.Clone(accounts)
		changed[i] = proto.CloneOf(accounts[i])
		change(changed[i])
		return changed
	}
	for name, row := range map[string]struct {
		accounts  []*identityv1.Account
		customers []*customerv1.Customer
		want      []string
	}{
		"as acknowledged":      {accounts, customers, nil},
		"lost":                 {accounts[1:], customers, []string{"ACCOUNTS_DIFFER"}},
		"two":                  {append(slices.Clone(accounts), accounts[0]), customers, []string{"ACCOUNTS_DIFFER"}},
		"of another customer":  {account(0, func(a *identityv1.Account) { a.CustomerId = "c9" }), customers, []string{"ACCOUNT_DIFFERS"}},
		"another account":      {account(0, func(a *identityv1.Account) { a.Id = "a9" }), customers, []string{"ACCOUNT_DIFFERS"}},
		"enabled":              {account(1, func(a *identityv1.Account) { a.Disabled = false }), customers, []string{"ACCOUNT_DIFFERS"}},
		"disabled":             {account(0, func(a *identityv1.Account) { a.Disabled = true }), customers, []string{"ACCOUNT_DIFFERS"}},
		"at the former email":  {account(0, func(a *identityv1.Account) { a.Email = "ada-moved@example.com" }), customers, []string{"ACCOUNTS_DIFFER", "NOBODYS_ACCOUNT"}},
		"before the link":      {append(slices.Clone(accounts), &identityv1.Account{Email: "eve@example.com"}), customers, []string{"ACCOUNT_OF_NOBODY"}},
		"of nobody":            {append(slices.Clone(accounts), &identityv1.Account{Email: "mallory@example.com"}), customers, []string{"NOBODYS_ACCOUNT"}},
		"no customer":          {accounts, customers[1:], []string{"CUSTOMERS_DIFFER"}},
		"two customers":        {accounts, append(slices.Clone(customers), &customerv1.Customer{Id: "c2", Email: "ada@example.com"}), []string{"CUSTOMERS_DIFFER"}},
		"a customer of nobody": {accounts, append(slices.Clone(customers), &customerv1.Customer{Id: "c5", Email: "mallory@example.com"}), []string{"NOBODYS_CUSTOMER"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := books()
			c.book.findings = judgeAccounts(members, row.accounts, row.customers)
			if got := kinds(c); !slices.Equal(got, row.want) {
				t.Errorf("found %v, want %v", c.book.findings, row.want)
			}
		})
	}
}

// fakeAccounts is an identity that lets in who has one of some addresses with passwords, and
// refreshes some tokens.
type fakeAccounts struct {
	identityv1connect.AccountServiceClient
	signIn  map[string]bool
	refresh map[string]bool
}

func (f *fakeAccounts) SignIn(_ context.Context, req *identityv1.SignInRequest) (*identityv1.SignInResponse, error) {
	if !f.signIn[req.GetEmail()+" "+req.GetPassword()] {
		return nil, refusal(connect.CodeUnauthenticated, "CREDENTIALS_INVALID")
	}
	return &identityv1.SignInResponse{Session: &identityv1.Session{AccessToken: "access of " + req.GetEmail()}}, nil
}

func (f *fakeAccounts) RefreshSession(_ context.Context, req *identityv1.RefreshSessionRequest) (*identityv1.RefreshSessionResponse, error) {
	if !f.refresh[req.GetRefreshToken()] {
		return nil, refusal(connect.CodeUnauthenticated, reasonExpired)
	}
	return &identityv1.RefreshSessionResponse{}, nil
}

// fakeOrders is an order that has lists by access token, and orders by guests' tokens.
type fakeOrders struct {
	orderv1connect.OrderServiceClient
	lists map[string][]*orderv1.Order
	opens map[string]string // by token: the order's id
}

func (f *fakeOrders) ListOrders(ctx context.Context, _ *orderv1.ListOrdersRequest) (*orderv1.ListOrdersResponse, error) {
	list, ok := f.lists[shownBy(ctx)]
	if !ok {
		return nil, refusal(connect.CodeUnauthenticated, reasonExpired)
	}
	return &orderv1.ListOrdersResponse{Orders: list}, nil
}

func (f *fakeOrders) GetOrder(ctx context.Context, req *orderv1.GetOrderRequest) (*orderv1.GetOrderResponse, error) {
	if opened := f.opens[shownBy(ctx)]; opened != req.GetId() && opened != "all" {
		return nil, refusal(connect.CodeNotFound, "ORDER_NOT_FOUND")
	}
	return &orderv1.GetOrderResponse{Order: &orderv1.Order{Id: req.GetId()}}, nil
}

// at makes one endpoint all that a checker calls.
func (c *checker) at(k *endpoint) *checker {
	all := map[string][]*endpoint{}
	for _, name := range []string{"catalog", "config", "customer", "identity", "inventory", "notification", "order", "payment"} {
		all[name] = []*endpoint{k}
	}
	c.endpoints = all
	c.public = &caller{endpoints: all, tally: c.tally}
	return c
}

// What was acknowledged last signs in, and nothing from before; an ended session is over; the
// list of orders has each once.
func TestMembersAreTried(t *testing.T) {
	t.Parallel()
	of := func(id string) *orderv1.Order { return &orderv1.Order{Id: id, CustomerId: "c1"} }
	const now, before, moved = "ada@example.com new", "ada@example.com old", "first@example.com new"
	for name, row := range map[string]struct {
		signIn   []string
		refresh  string
		orders   []*orderv1.Order
		disabled bool
		want     []string
	}{
		"as acknowledged":             {signIn: []string{now}, orders: []*orderv1.Order{of("o1"), of("o2")}},
		"refused":                     {orders: []*orderv1.Order{of("o1"), of("o2")}, want: []string{"SIGN_IN_REFUSED"}},
		"the password before":         {signIn: []string{now, before}, orders: []*orderv1.Order{of("o1"), of("o2")}, want: []string{"NOT_REFUSED"}},
		"the address before":          {signIn: []string{now, moved}, orders: []*orderv1.Order{of("o1"), of("o2")}, want: []string{"NOT_REFUSED"}},
		"signed out, and not":         {signIn: []string{now}, refresh: "ended", orders: []*orderv1.Order{of("o1"), of("o2")}, want: []string{"NOT_REFUSED"}},
		"disabled":                    {disabled: true},
		"disabled, and not":           {signIn: []string{now}, disabled: true, orders: []*orderv1.Order{of("o1"), of("o2")}, want: []string{"NOT_REFUSED"}},
		"somebody else's in the list": {signIn: []string{now}, orders: []*orderv1.Order{of("o1"), {Id: "o2", CustomerId: "c2"}}, want: []string{"OTHERS_ORDER"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			identity := &fakeAccounts{signIn: map[string]bool{}, refresh: map[string]bool{row.refresh: true}}
			for _, pair := range row.signIn {
				identity.signIn[pair] = true
			}
			c := books().at(&endpoint{account: identity, order: &fakeOrders{lists: map[string][]*orderv1.Order{"access of ada@example.com": row.orders}}})
			m := &member{
				kind: ofCustomer, email: "ada@example.com", password: "new", formerEmail: "first@example.com", formerPassword: "old",
				customerID: "c1", disabled: row.disabled, ended: []*session{{refresh: "ended"}}, orders: []*order{{id: "o2"}, {id: "o1"}},
			}
			if err := c.tryMember(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			if got := kinds(c); !slices.Equal(got, row.want) {
				t.Errorf("found %v, want %v", c.book.findings, row.want)
			}
		})
	}
}

// An order that is missing in the list, is there twice, or is nobody's, is a difference.
func TestOrdersOfAMemberAreCompared(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		got  []string
		want string
	}{
		"all once": {[]string{"o1", "o2"}, ""}, "missing": {[]string{"o1"}, "ORDERS_DIFFER"},
		"twice": {[]string{"o1", "o2", "o2"}, "ORDERS_DIFFER"}, "one more": {[]string{"o1", "o2", "o3"}, "ORDERS_DIFFER"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := differentOrders([]*order{{id: "o2"}, {id: "o1"}}, row.got); (got != "") != (row.want != "") {
				t.Errorf("%q, want %q", got, row.want)
			}
		})
	}
}

// An access token whose session ended is refused by every replica of every context.
func TestRevokedTokensAreTried(t *testing.T) {
	t.Parallel()
	later := time.Now().Add(time.Hour)
	for name, row := range map[string]struct {
		taken  bool
		expire time.Time
		want   []string
	}{
		"refused":         {expire: later},
		"taken":           {taken: true, expire: later, want: []string{"REVOKED_TOKEN_TAKEN"}},
		"over by itself":  {taken: true, expire: time.Now().Add(-time.Second)},
		"refused as over": {expire: time.Now().Add(-time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			orders := &fakeOrders{lists: map[string][]*orderv1.Order{}}
			if row.taken {
				orders.lists["ended"] = []*orderv1.Order{}
			}
			c := books()
			r := &replica{name: "order 2", api: &endpoint{order: orders}}
			c.tryRevoked(t.Context(), &member{email: "ada@example.com"}, accessToken{"ended", row.expire}, r, "order", time.Now())
			if got := kinds(c); !slices.Equal(got, row.want) {
				t.Errorf("found %v, want %v", c.book.findings, row.want)
			}
			if counted := c.tally.denied["calls with the access token of an ended session"]; (counted == 1) != (name == "refused") {
				t.Errorf("counted %d refusals", counted)
			}
		})
	}
}
