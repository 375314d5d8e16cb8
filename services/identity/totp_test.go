package identity_test

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

const staffPassword = "seven quiet herons wait"

// In a shop that others reach, whoever works for it signs in without a second factor only to
// set one up: until then they keep their own account and do nothing else, owners too.
// Customers need no second factor.
func TestStaffEnrollsASecondFactorFirst(t *testing.T) {
	t.Parallel()
	o := newHarness(t) // its public URL is https://
	o.stop()
	o.socket = filepath.Join(t.TempDir(), "operator.sock")
	o = o.again(t)
	status, answer := o.operatorToken(t, `{"as": "owner", "for": "30m"}`)
	var operator struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(answer, &operator); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s", status, answer)
	}
	staffOf := func(accessToken string) identityv1connect.StaffServiceClient {
		return identityv1connect.NewStaffServiceClient(o.bearing(t, accessToken))
	}
	if _, err := staffOf(operator.AccessToken).ListAccounts(t.Context(), &identityv1.ListAccountsRequest{}); err != nil {
		t.Errorf("the operator: %v", err)
	}
	shopper := o.signUp(t, "ada@example.com")
	_, err := staffOf(shopper.GetAccessToken()).ListAccounts(t.Context(), &identityv1.ListAccountsRequest{})
	testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")
	for email, as := range map[string]string{"owner@example.com": "owner", "staff@example.com": "staff:ACCOUNTS_READ"} {
		var invitation struct{ Link string }
		status, answer := o.operate(t, "/link/create", `{"as": "`+as+`", "email": "`+email+`"}`)
		if err := json.Unmarshal(answer, &invitation); err != nil || status != http.StatusOK {
			t.Fatalf("%d %s", status, answer)
		}
		_, mailed, _ := strings.Cut(invitation.Link, "#")
		accepted, err := identityv1connect.NewStaffServiceClient(testkit.Client(t, o.url)).AcceptInvite(t.Context(), &identityv1.AcceptInviteRequest{
			Token: mailed, Password: staffPassword, FirstName: "Grace",
		})
		if err != nil {
			t.Fatal(err)
		}
		before := accepted.GetSession()
		own := identityv1connect.NewAccountServiceClient(o.bearing(t, before.GetAccessToken()))
		_, err = staffOf(before.GetAccessToken()).ListAccounts(t.Context(), &identityv1.ListAccountsRequest{})
		if refusal := testkit.Refused(t, err, connect.CodePermissionDenied, "STEP_UP_REQUIRED"); refusal.Metadata["enroll"] != "true" {
			t.Errorf("%s: the refusal shows %v", as, refusal.Metadata)
		}
		if _, err := own.GetSelf(t.Context(), &identityv1.GetSelfRequest{}); err != nil {
			t.Errorf("%s: their account: %v", as, err)
		}
		enrolled, err := own.EnrollTotp(t.Context(), &identityv1.EnrollTotpRequest{})
		if err != nil {
			t.Fatal(err)
		}
		code := domain.TotpCode(app.ReadTotpSecret(enrolled.GetSecret()), time.Now())
		if _, err := own.ConfirmTotp(t.Context(), &identityv1.ConfirmTotpRequest{Secret: enrolled.GetSecret(), TotpCode: code}); err != nil {
			t.Fatal(err)
		}
		refreshed, err := o.accounts(t).RefreshSession(t.Context(), &identityv1.RefreshSessionRequest{RefreshToken: before.GetRefreshToken()})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := staffOf(refreshed.GetSession().GetAccessToken()).ListAccounts(t.Context(), &identityv1.ListAccountsRequest{}); err != nil {
			t.Errorf("%s, with a second factor: %v", as, err)
		}
	}
}
