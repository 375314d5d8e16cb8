package identity_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	activityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/activity/v1"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/operator"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

// headers are those of a request with a token.
type headers map[string][]string

func (h headers) Values(name string) []string { return h[name] }

func (h headers) Get(name string) string { return append(h[name], "")[0] }

// The operator's tokens are what every service takes for the role that they name: whoever
// verifies tokens by the published keys knows who calls.
func TestOperatorsTokensAreVerifiedByThePublishedKeys(t *testing.T) {
	t.Parallel()
	o := newHarness(t)
	o.stop()
	o.socket = filepath.Join(t.TempDir(), "operator.sock")
	o = o.again(t)
	verifier := token.NewVerifier(token.Config{
		Issuer: publicURL, Audience: "shopmesh", Self: []string{"order"},
		ServicePermissions: map[string][]optionsv1.Permission{"order": {optionsv1.Permission_PERMISSION_STOCK_READ}},
		Keys: func(context.Context) (token.KeySet, error) {
			return token.ParseKeySet([]byte(o.get(t, "/.well-known/jwks.json")))
		},
	})
	const ada = "01890a5d-ac96-774b-bcce-b302099a8057"
	read, adjust, stock := optionsv1.Permission_PERMISSION_ORDERS_READ, optionsv1.Permission_PERMISSION_STOCK_WRITE, optionsv1.Permission_PERMISSION_STOCK_READ
	for as, want := range map[string]authz.Identity{
		"owner":                         {Kind: authz.Owner},
		"staff:ORDERS_READ,STOCK_WRITE": {Kind: authz.Staff, Permissions: []optionsv1.Permission{read, adjust}},
		"customer:" + ada:               {Kind: authz.Customer, ID: ada},
		"service:order":                 {Kind: authz.Service, ID: "order", Permissions: []optionsv1.Permission{stock}},
	} {
		status, answer := o.operatorToken(t, `{"as": "`+as+`", "for": "30m"}`)
		var issued struct {
			AccessToken string `json:"access_token"`
		}
		if err := json.Unmarshal(answer, &issued); err != nil || status != http.StatusOK {
			t.Fatalf("%s: %d %s", as, status, answer)
		}
		caller, err := verifier.Authenticate(t.Context(), headers{token.Authorization: {"Bearer " + issued.AccessToken}})
		if err != nil || caller.Kind != want.Kind || want.ID != "" && caller.ID != want.ID || !slices.Equal(caller.Permissions, want.Permissions) {
			t.Errorf("%s is %v with %v, %v", as, caller, caller.Permissions, err)
		}
		if left := time.Until(caller.Expire); left < 29*time.Minute || left > 30*time.Minute || !slices.Equal(caller.Methods, []string{authz.MethodOperator}) {
			t.Errorf("%s is good for %v, by %v", as, left, caller.Methods)
		}
	}
	for want, body := range map[string]string{
		"is no role": `{"as": "staff", "for": "1h"}`, "is no time": `{"as": "owner", "for": "soon"}`,
		"lives from 5m to 12h": `{"as": "owner", "for": "24h"}`, "the body is not as expected": `{"as": "owner", "for": "1h", "sub": "ada"}`,
	} {
		if status, answer := o.operatorToken(t, body); status != http.StatusBadRequest || !strings.Contains(string(answer), want) {
			t.Errorf("%s: %d %s", body, status, answer)
		}
	}
}

func (o harness) operatorToken(t *testing.T, body string) (int, []byte) {
	t.Helper()
	return o.operate(t, "/token", body)
}

// operate calls the operator's socket.
func (o harness) operate(t *testing.T, path, body string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://operator"+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	res, err := operator.Client(o.socket).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, answer
}

// The socket hands out links for owners, and the process keeps that of the first one until
// there is an owner.
func TestTheSocketHandsOutLinks(t *testing.T) {
	t.Parallel()
	o := newHarness(t)
	o.stop()
	kept := make(chan string, 10)
	o.config.KeepOwnerLink = func(link string) error { kept <- link; return nil }
	o.socket = filepath.Join(t.TempDir(), "operator.sock")
	o = o.again(t)
	if link := <-kept; !strings.HasPrefix(link, publicURL+"/accept-invitation#sm_ln_") {
		t.Errorf("the first owner's link is %q", link)
	}
	var answer struct {
		Link, Purpose string
		ExpireTime    time.Time `json:"expire_time"`
	}
	status, body := o.operate(t, "/link/create", `{"as": "owner", "email": "grace@example.com"}`)
	if err := json.Unmarshal(body, &answer); err != nil || status != http.StatusOK || answer.Purpose != "invitation" || time.Until(answer.ExpireTime) < 71*time.Hour {
		t.Fatalf("%d %s, %v", status, body, err)
	}
	_, token, _ := strings.Cut(answer.Link, "#")
	status, body, _ = o.post(t, "/v1/staff:acceptInvite", `{"token": "`+token+`", "password": "`+password+`", "firstName": "Grace"}`, nil, nil)
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	select {
	case link := <-kept:
		if link != "" {
			t.Errorf("with an owner %q is kept", link)
		}
	case <-time.After(testkit.Patience):
		t.Error("with an owner the first one's link is kept")
	}
	if status, body = o.operate(t, "/link/create", `{"as": "owner", "email": "grace@example.com"}`); status != http.StatusConflict {
		t.Errorf("twice: %d %s", status, body)
	}
	status, body = o.operate(t, "/link/renew", `{"as": "owner", "email": "grace@example.com"}`)
	if err := json.Unmarshal(body, &answer); err != nil || status != http.StatusOK || answer.Purpose != "reset_password" {
		t.Errorf("%d %s, %v", status, body, err)
	}
	if status, body = o.operate(t, "/link/renew", `{"as": "owner", "email": "grace@example.com", "reset_totp": true}`); status != http.StatusOK {
		t.Errorf("%d %s", status, body)
	}
	for body, want := range map[string]string{
		`{"as": "owner"}`: "email: ", `{"as": "owner", "email": "no address"}`: "email: ", `{"as": "king", "email": "a@example.com"}`: "is no role",
		`{"email": 1}`: "the body is not as expected",
	} {
		if status, answer := o.operate(t, "/link/create", body); status != http.StatusBadRequest || !strings.Contains(string(answer), want) {
			t.Errorf("%s: %d %s", body, status, answer)
		}
	}
	o.wantLinksRecorded(t)
}

// wantLinksRecorded fails unless the activity log has the links that were handed out: an
// owner's, another of theirs, and one that removes their second factor.
func (o harness) wantLinksRecorded(t *testing.T) {
	t.Helper()
	var issued struct {
		AccessToken string `json:"access_token"`
	}
	if _, answer := o.operatorToken(t, `{"as": "staff:ACTIVITY_READ", "for": "30m"}`); json.Unmarshal(answer, &issued) != nil {
		t.Fatalf("no token: %s", answer)
	}
	log := identityv1connect.NewActivityServiceClient(o.bearing(t, issued.AccessToken))
	for rpc, want := range map[string][]string{
		"operator/link/create": {"invitations/: kind=→ACCOUNT_KIND_STAFF owner=→true"},
		"operator/link/renew":  {"accounts/: reset_totp=→true", "accounts/:"}, // the newest first
	} {
		var entries []*activityv1.Activity
		testkit.Eventually(t, "the links handed out are recorded", func() bool {
			res, err := log.ListActivity(t.Context(), &identityv1.ListActivityRequest{Filter: `rpc = "` + rpc + `"`})
			if err != nil {
				t.Fatal(err)
			}
			entries = res.GetActivities()
			return len(entries) >= len(want)
		})
		var got []string
		for _, entry := range entries {
			collection, id, _ := strings.Cut(entry.GetResource(), "/")
			if by := entry.GetActor(); by.GetKind() != activityv1.ActorKind_ACTOR_KIND_OPERATOR || !strings.HasPrefix(by.GetId(), "operator-") || id == "" {
				t.Errorf("%s is recorded as done by %v to %s", rpc, by, entry.GetResource())
			}
			_, changes, _ := strings.Cut(testkit.Described(entry), ":")
			got = append(got, collection+"/:"+changes)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: recorded are %q, not %q", rpc, got, want)
		}
	}
}
