package identity_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	activityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/activity/v1"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// The log holds what every context records, and of identity itself who signed in, who was
// refused, and each token that the operator's socket handed out.
func TestTheActivityLogIsListed(t *testing.T) {
	t.Parallel()
	o := newHarness(t)
	o.stop()
	o.socket = filepath.Join(t.TempDir(), "operator.sock")
	o = o.again(t)
	var issued struct {
		AccessToken string `json:"access_token"`
	}
	if _, answer := o.operatorToken(t, `{"as": "staff:ACTIVITY_READ", "for": "30m"}`); json.Unmarshal(answer, &issued) != nil {
		t.Fatalf("no token: %s", answer)
	}
	log := identityv1connect.NewActivityServiceClient(o.bearing(t, issued.AccessToken))
	find := func(filter string) *activityv1.Activity {
		t.Helper()
		var found []*activityv1.Activity
		testkit.Eventually(t, "there is an entry with "+filter, func() bool {
			res, err := log.ListActivity(t.Context(), &identityv1.ListActivityRequest{Filter: filter})
			if err != nil {
				t.Fatal(err)
			}
			found = res.GetActivities()
			return len(found) > 0
		})
		if len(found) != 1 {
			t.Errorf("%s: %d entries", filter, len(found))
		}
		return found[0]
	}

	handed := find(`rpc = "operator/token"`)
	if by := handed.GetActor(); by.GetKind() != activityv1.ActorKind_ACTOR_KIND_OPERATOR || !strings.HasPrefix(by.GetId(), "operator-") ||
		by.GetCredential() != activityv1.Credential_CREDENTIAL_OPERATOR || handed.GetChanges()[0].GetNewValue() != "staff:ACTIVITY_READ" {
		t.Errorf("the token handed out is %v", handed)
	}

	session := o.signUp(t, "ada@example.com")
	signIn := func(password string) error {
		_, err := o.accounts(t).SignIn(t.Context(), &identityv1.SignInRequest{
			Kind: identityv1.AccountKind_ACCOUNT_KIND_CUSTOMER, Email: "ada@example.com", Password: password,
		})
		return err
	}
	if err := signIn(password); err != nil {
		t.Fatal(err)
	}
	testkit.Refused(t, signIn("wrong bread under rivers"), connect.CodeUnauthenticated, "CREDENTIALS_INVALID")
	verified := find(`rpc = "shopmesh.identity.v1.AccountService/VerifyEmail"`)
	if !strings.HasPrefix(verified.GetResource(), "accounts/") || verified.GetAddressPrefix() != "127.0.0.1" {
		t.Errorf("the new account is %v", verified)
	}
	signedIn := find(`rpc = "shopmesh.identity.v1.AccountService/SignIn" AND outcome = DONE`)
	if signedIn.GetResource() != verified.GetResource() || signedIn.GetActor().GetKind() != activityv1.ActorKind_ACTOR_KIND_ANONYMOUS {
		t.Errorf("the sign-in is %v, and the account %s", signedIn, verified.GetResource())
	}
	if failed := find(`rpc = "shopmesh.identity.v1.AccountService/SignIn" AND outcome = REFUSED`); failed.GetReason() != "CREDENTIALS_INVALID" {
		t.Errorf("the failed sign-in is %v", failed)
	}

	// A session that goes on has no entry; a used refresh token that is shown again has one.
	joan := o.signUp(t, "joan@example.com")
	self, err := identityv1connect.NewAccountServiceClient(o.bearing(t, joan.GetAccessToken())).GetSelf(t.Context(), &identityv1.GetSelfRequest{})
	if err != nil {
		t.Fatal(err)
	}
	refresh := func(token string) (*identityv1.Session, error) {
		res, err := o.accounts(t).RefreshSession(t.Context(), &identityv1.RefreshSessionRequest{RefreshToken: token})
		return res.GetSession(), err
	}
	newest := joan
	for range 2 {
		if newest, err = refresh(newest.GetRefreshToken()); err != nil {
			t.Fatal(err)
		}
	}
	_, err = refresh(joan.GetRefreshToken())
	testkit.Refused(t, err, connect.CodeUnauthenticated, "TOKEN_REUSED")
	reused := find(`rpc = "shopmesh.identity.v1.AccountService/RefreshSession" AND outcome = DONE`)
	if want := "accounts/" + self.GetAccount().GetId(); reused.GetResource() != want {
		t.Errorf("the reuse is %v, and the account %s", reused, want)
	}

	// Who tries to give what they lack is found by the account that they tried it with.
	if _, answer := o.operatorToken(t, `{"as": "staff:ACCOUNTS_WRITE", "for": "30m"}`); json.Unmarshal(answer, &issued) != nil {
		t.Fatalf("no token: %s", answer)
	}
	_, err = identityv1connect.NewStaffServiceClient(o.bearing(t, issued.AccessToken)).SetRoles(t.Context(), &identityv1.SetRolesRequest{
		Id: self.GetAccount().GetId(), Permissions: []optionsv1.Permission{optionsv1.Permission_PERMISSION_STOCK_WRITE},
	})
	testkit.Refused(t, err, connect.CodePermissionDenied, "ROLE_ESCALATION")
	if tried := find(`reason = "ROLE_ESCALATION"`); tried.GetResource() != reused.GetResource() {
		t.Errorf("the escalation is %v", tried)
	}

	// What changes nothing has no entry: a session that is over, and one that there is not.
	// The entry of what was done after them comes after theirs.
	for range 2 {
		if _, err := o.accounts(t).SignOut(t.Context(), &identityv1.SignOutRequest{RefreshToken: session.GetRefreshToken()}); err != nil {
			t.Fatal(err)
		}
	}
	fresh := o.signUp(t, "grace@example.com")
	_, err = identityv1connect.NewAccountServiceClient(o.bearing(t, fresh.GetAccessToken())).RevokeSession(t.Context(), &identityv1.RevokeSessionRequest{Id: uuid.NewString()})
	testkit.Refused(t, err, connect.CodeNotFound, "SESSION_NOT_FOUND")
	o.signUp(t, "mary@example.com")
	last := func() int {
		res, err := log.ListActivity(t.Context(), &identityv1.ListActivityRequest{Filter: `rpc = "shopmesh.identity.v1.AccountService/VerifyEmail"`})
		if err != nil {
			t.Fatal(err)
		}
		return len(res.GetActivities())
	}
	testkit.Eventually(t, "the last sign-up has its entry", func() bool { return last() == 4 })
	if ended := find(`rpc = "shopmesh.identity.v1.AccountService/SignOut"`); ended.GetResource() != verified.GetResource() {
		t.Errorf("the sign-out is %v", ended)
	}
	revoked, err := log.ListActivity(t.Context(), &identityv1.ListActivityRequest{Filter: `rpc = "shopmesh.identity.v1.AccountService/RevokeSession" AND outcome = DONE`})
	if err != nil || len(revoked.GetActivities()) != 0 {
		t.Errorf("a session that there is not was revoked: %v, %v", revoked.GetActivities(), err)
	}

	order := uuid.New()
	entry := &activityv1.Activity{
		Id: uuid.NewString(), CreateTime: timestamppb.Now(), Count: 1, Outcome: activityv1.Outcome_OUTCOME_DONE, Resource: "orders/" + order.String(),
		Actor:   &activityv1.Actor{Kind: activityv1.ActorKind_ACTOR_KIND_STAFF, Id: "a", Credential: activityv1.Credential_CREDENTIAL_API_KEY, CredentialId: "k"},
		Rpc:     "shopmesh.order.v1.OrderService/CancelOrder",
		Changes: []*activityv1.Change{{Path: "state", OldValue: "ORDER_STATE_PLACED", NewValue: "ORDER_STATE_CANCELLED"}},
	}
	testkit.NewEvents(t, o.broker, kitapp.ActivityTopic("order").Name).Publish(outbox.Event{
		Topic: kitapp.ActivityTopic("order").Name, Key: uuid.MustParse(entry.GetId()), Version: 1, Message: &activityv1.ActivityRecorded{Activity: entry},
	})
	if got := find(`resource = "orders/` + order.String() + `"`); got.GetActor().GetCredentialId() != "k" || got.GetChanges()[0].GetNewValue() != "ORDER_STATE_CANCELLED" {
		t.Errorf("order's entry is %v", got)
	}

	for name, client := range map[string]*connect.Client{"nobody": testkit.Client(t, o.url), "a customer": o.bearing(t, fresh.GetAccessToken())} {
		code, reason := connect.CodeUnauthenticated, "UNAUTHENTICATED"
		if name == "a customer" {
			code, reason = connect.CodePermissionDenied, "PERMISSION_DENIED"
		}
		_, err := identityv1connect.NewActivityServiceClient(client).ListActivity(t.Context(), &identityv1.ListActivityRequest{})
		testkit.Refused(t, err, code, reason)
	}
}

// A token of one list is none of another, though both are ordered by columns of one name.
// What has no order is not filtered by one.
func TestListsOfIdentityKeepTheirTokensApart(t *testing.T) {
	t.Parallel()
	o := newHarness(t)
	o.stop()
	o.socket = filepath.Join(t.TempDir(), "operator.sock")
	o = o.again(t)
	var issued struct {
		AccessToken string `json:"access_token"`
	}
	if _, answer := o.operatorToken(t, `{"as": "owner", "for": "30m"}`); json.Unmarshal(answer, &issued) != nil {
		t.Fatalf("no token: %s", answer)
	}
	o.signUp(t, "ada@example.com")
	o.signUp(t, "grace@example.com")
	client := o.bearing(t, issued.AccessToken)
	staff := identityv1connect.NewStaffServiceClient(client)
	page, err := staff.ListAccounts(t.Context(), &identityv1.ListAccountsRequest{PageSize: 1})
	if err != nil || page.GetNextPageToken() == "" {
		t.Fatalf("%v, %v", page, err)
	}
	if _, err := staff.ListAccounts(t.Context(), &identityv1.ListAccountsRequest{PageSize: 1, PageToken: page.GetNextPageToken()}); err != nil {
		t.Errorf("its own list: %v", err)
	}
	_, err = identityv1connect.NewActivityServiceClient(client).ListActivity(t.Context(), &identityv1.ListActivityRequest{PageSize: 1, PageToken: page.GetNextPageToken()})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "PAGE_TOKEN_INVALID", "page_token")
	found, err := staff.ListAccounts(t.Context(), &identityv1.ListAccountsRequest{Filter: `email = " ADA@example.com"`})
	if err != nil || len(found.GetAccounts()) != 1 {
		t.Errorf("by address: %v, %v", found, err)
	}
	_, err = staff.ListAccounts(t.Context(), &identityv1.ListAccountsRequest{Filter: `email < "a"`})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "FILTER_INVALID", "filter")
}
