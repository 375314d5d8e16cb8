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

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/operator"
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
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://operator/token", bytes.NewReader([]byte(body)))
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
