package e2e

import (
	"context"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/types/known/timestamppb"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

// member is somebody who works for the shop, signed in, with an API key.
type member struct {
	s       *shop
	id      string
	email   string
	session *identityv1.Session
	key     string
}

// hire makes the account of a member of staff by a mailed invitation. They may read orders,
// and make API keys.
func (s *shop) hire(name string) *member {
	s.t.Helper()
	m := &member{s: s, email: unique(name) + "@example.com"}
	ctx := s.t.Context()
	read := optionsv1.Permission_PERMISSION_ORDERS_READ
	if _, err := s.staff(s.token).InviteStaff(ctx, &identityv1.InviteStaffRequest{
		Email: m.email, Permissions: []optionsv1.Permission{read, optionsv1.Permission_PERMISSION_ACCOUNTS_WRITE},
	}); err != nil {
		s.t.Fatal(err)
	}
	accepted, err := s.staff("").AcceptInvite(ctx, &identityv1.AcceptInviteRequest{
		Token: s.mailedToken(m.email), Password: shopperPassword, FirstName: "Grace",
	})
	if err != nil {
		s.t.Fatal(err)
	}
	m.session = accepted.GetSession()
	created, err := s.staff(m.session.GetAccessToken()).CreateApiKey(ctx, &identityv1.CreateApiKeyRequest{
		DisplayName: "export", Permissions: []optionsv1.Permission{read}, ExpireTime: timestamppb.New(time.Now().Add(time.Hour)),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	m.id, m.key = created.GetApiKey().GetCreator(), created.GetSecret()
	return m
}

func (s *shop) staff(shown string) identityv1connect.StaffServiceClient {
	return identityv1connect.NewStaffServiceClient(testkit.Client(s.t, s.api["identity"], token.Show(shown)))
}

func (s *shop) accounts() identityv1connect.AccountServiceClient {
	return identityv1connect.NewAccountServiceClient(testkit.Client(s.t, s.api["identity"]))
}

func (s *shop) ordersAs(shown string) orderv1connect.OrderServiceClient {
	return orderv1connect.NewOrderServiceClient(testkit.Client(s.t, s.api["order"], token.Show(shown)))
}

// reads fails the test when a token does not list orders.
func (s *shop) reads(what, shown string) {
	s.t.Helper()
	if _, err := s.ordersAs(shown).ListOrders(s.t.Context(), &orderv1.ListOrdersRequest{PageSize: 1}); err != nil {
		s.t.Fatalf("%s: %v", what, err)
	}
}

// readsNoMore waits until order refuses to list orders for a reason.
func (s *shop) readsNoMore(what, shown, reason string) {
	s.t.Helper()
	orders := s.ordersAs(shown)
	eventually(s.t, func(ctx context.Context) error {
		if _, err := orders.ListOrders(ctx, &orderv1.ListOrdersRequest{PageSize: 1}); reasonOf(err) != reason {
			return errorf("%s is answered with %v, want %s", what, err, reason)
		}
		return nil
	})
}

// refresh gets the member another access token, which is good for five minutes by itself:
// longer than anything here is waited for.
func (m *member) refresh() error {
	res, err := m.s.accounts().RefreshSession(m.s.t.Context(), &identityv1.RefreshSessionRequest{RefreshToken: m.session.GetRefreshToken()})
	if err == nil {
		m.session = res.GetSession()
	}
	return err
}

// watchOpenly opens the history of an order that goes on, with a new access token, and returns
// what waits for the end of the stream.
func (m *member) watchOpenly(order string) (ended func() error) {
	t := m.s.t
	t.Helper()
	if err := m.refresh(); err != nil {
		t.Fatal(err)
	}
	m.s.reads("the access token", m.session.GetAccessToken())
	m.s.reads("the API key", m.key)
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	t.Cleanup(cancel)
	stream, err := m.s.ordersAs(m.session.GetAccessToken()).WatchOrder(ctx, &orderv1.WatchOrderRequest{Id: order})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stream.Close() })
	if _, err := stream.Receive(); err != nil {
		t.Fatalf("the order's history: %v", err)
	}
	return func() error {
		for {
			if _, err := stream.Receive(); err != nil {
				return err
			}
		}
	}
}

// Three members of staff read orders, by access token, by a stream and by API key. One is
// demoted and one disabled: the streams and the live access tokens of both end in every
// service, the demoted one's new token and API key may not read orders any more, the disabled
// one gets no new token and their API key is none. The third one's key goes on.
func staffIsOut(t *testing.T, s *shop) {
	demoted, disabled, colleague := s.hire("demoted"), s.hire("disabled"), s.hire("colleague")
	order := s.place(request("sandbox_ok", of(s.sell(euros(12, 0), 10).GetCode(), 1)))
	s.reached(order.GetId(), confirmed) // its history goes on until it is delivered
	s.reads("the API key of a colleague", colleague.key)

	ended := demoted.watchOpenly(order.GetId())
	if _, err := s.staff(s.token).SetRoles(t.Context(), &identityv1.SetRolesRequest{
		Id: demoted.id, Permissions: []optionsv1.Permission{optionsv1.Permission_PERMISSION_ACCOUNTS_WRITE},
	}); err != nil {
		t.Fatal(err)
	}
	s.readsNoMore("the access token from before the demotion", demoted.session.GetAccessToken(), "TOKEN_EXPIRED")
	s.readsNoMore("the API key of who was demoted", demoted.key, "PERMISSION_DENIED")
	testkit.Refused(t, ended(), connect.CodeUnauthenticated, "TOKEN_EXPIRED")
	if err := demoted.refresh(); err != nil {
		t.Fatal(err)
	}
	s.readsNoMore("the access token from after the demotion", demoted.session.GetAccessToken(), "PERMISSION_DENIED")

	ended = disabled.watchOpenly(order.GetId())
	if _, err := s.staff(s.token).DisableAccount(t.Context(), &identityv1.DisableAccountRequest{Id: disabled.id}); err != nil {
		t.Fatal(err)
	}
	s.readsNoMore("the access token of who was disabled", disabled.session.GetAccessToken(), "TOKEN_EXPIRED")
	s.readsNoMore("the API key of who was disabled", disabled.key, "UNAUTHENTICATED")
	testkit.Refused(t, ended(), connect.CodeUnauthenticated, "TOKEN_EXPIRED")
	testkit.Refused(t, disabled.refresh(), connect.CodeUnauthenticated, "TOKEN_EXPIRED")
	_, err := s.accounts().SignIn(t.Context(), &identityv1.SignInRequest{
		Kind: identityv1.AccountKind_ACCOUNT_KIND_STAFF, Email: disabled.email, Password: shopperPassword,
	})
	testkit.Refused(t, err, connect.CodeUnauthenticated, "CREDENTIALS_INVALID")
	s.reads("the API key of a colleague", colleague.key)
}
