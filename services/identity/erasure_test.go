package identity_test

import (
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

const (
	accountTopic  = "shopmesh.identity.account.v1"
	customerTopic = "shopmesh.customer.customer.v1"
)

// CustomerErased ends the customer's account, and everybody who verifies tokens gets to know
// that those of before are not good any more.
func TestAnErasureEndsTheAccount(t *testing.T) {
	t.Parallel()
	o := newHarness(t)
	session := o.signUp(t, "ada@example.com")
	self, err := identityv1connect.NewAccountServiceClient(o.bearing(t, session.GetAccessToken())).GetSelf(t.Context(), &identityv1.GetSelfRequest{})
	if err != nil {
		t.Fatal(err)
	}
	events := testkit.NewEvents(t, o.broker, accountTopic, customerTopic)
	account, customer := uuid.MustParse(self.GetAccount().GetId()), uuid.MustParse(self.GetAccount().GetCustomerId())
	events.Publish(outbox.Event{
		Topic: customerTopic, Key: customer, Version: 2, Message: &customerv1.CustomerErased{CustomerId: customer.String(), Version: 2},
	})
	changed := &identityv1.AccountChanged{}
	for !changed.GetDisabled() {
		events.Next(accountTopic, account, changed)
	}
	if changed.GetEpoch() != 2 {
		t.Errorf("published %v", changed)
	}
	_, err = o.accounts(t).RefreshSession(t.Context(), &identityv1.RefreshSessionRequest{RefreshToken: session.GetRefreshToken()})
	testkit.Refused(t, err, connect.CodeUnauthenticated, "TOKEN_EXPIRED")
	_, err = o.accounts(t).SignIn(t.Context(), &identityv1.SignInRequest{
		Kind: identityv1.AccountKind_ACCOUNT_KIND_CUSTOMER, Email: "ada@example.com", Password: password,
	})
	testkit.Refused(t, err, connect.CodeUnauthenticated, "CREDENTIALS_INVALID")
}
