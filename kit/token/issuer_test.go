package token_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

// A good token's issuer refuses what no verifier would take.
func TestWhatIsNotIssued(t *testing.T) {
	t.Parallel()
	issuer := token.NewIssuer("i", "a", testkit.SigningKey(), time.Now)
	customer := uuid.NewString()
	for name, row := range map[string]struct {
		claims token.AccessClaims
		life   time.Duration
	}{
		"longer than five minutes":   {token.AccessClaims{Account: "a", Kind: authz.Owner}, token.AccessLife + time.Second},
		"no life":                    {token.AccessClaims{Account: "a", Kind: authz.Owner}, 0},
		"a key longer than a minute": {token.AccessClaims{Account: "a", Kind: authz.Staff, APIKey: "k"}, token.AccessLife},
		"beyond twelve hours":        {token.AccessClaims{Account: "a", Kind: authz.Owner, Methods: []string{authz.MethodOperator}}, 13 * time.Hour},
		"nobody":                     {token.AccessClaims{Kind: authz.Owner}, time.Minute},
		"anonymous":                  {token.AccessClaims{Account: "a"}, time.Minute},
		"a service":                  {token.AccessClaims{Account: "order", Kind: authz.Service}, time.Minute},
		"staff with a customer":      {token.AccessClaims{Account: "a", Kind: authz.Staff, Customer: customer}, time.Minute},
		"a customer who must enroll": {token.AccessClaims{Account: "a", Kind: authz.Customer, Customer: customer, MustEnroll: true}, time.Minute},
		"codes, and must enroll":     {token.AccessClaims{Account: "a", Kind: authz.Staff, HasOTP: true, MustEnroll: true}, time.Minute},
		"a customer with rights": {token.AccessClaims{Account: "a", Kind: authz.Customer, Customer: customer,
			Permissions: []optionsv1.Permission{ordersRead}}, time.Minute},
	} {
		if _, err := issuer.Access(row.claims, row.life); err == nil {
			t.Errorf("%s: it was issued", name)
		}
	}
	enrolling, err := token.NewIssuer(testkit.TokenIssuer, testkit.TokenAudience, testkit.SigningKey(), time.Now).
		Access(token.AccessClaims{Account: "a", Kind: authz.Owner, MustEnroll: true}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := testkit.Authenticator("catalog", permissions()).Authenticate(t.Context(), showing(enrolling)); err != nil || !got.MustEnroll || got.May(ordersRead) {
		t.Errorf("an owner who must enroll: %v, %v", got, err)
	}
	operator := token.NewIssuer(testkit.TokenIssuer, testkit.TokenAudience, testkit.SigningKey(), time.Now)
	text, err := operator.Access(token.AccessClaims{Account: "order", Kind: authz.Service, Methods: []string{authz.MethodOperator}}, 12*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	got, err := testkit.Authenticator("catalog", permissions()).Authenticate(t.Context(), showing(text))
	if err != nil || got.Key() != "service/order" || !got.May(ordersRead) {
		t.Errorf("the operator's token of a service: %v, %v", got, err)
	}
	if _, err := testkit.Authenticator("catalog", permissions()).Authenticate(t.Context(), showing(text, tokenOf(t, testkit.Owner(), ""))); err == nil {
		t.Error("the operator handed on a caller")
	}
}

// Keys come back out of PEM, JWK and JWK sets; a set of public keys holds nothing private.
func TestKeysAreWrittenAndRead(t *testing.T) {
	t.Parallel()
	key := testkit.ServiceKey("order")
	pem, err := key.PEM()
	if err != nil {
		t.Fatal(err)
	}
	private, err := key.JWK()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range [][]byte{pem, private, append([]byte("\n"), pem...)} {
		if read, err := token.ParseKey(text); err != nil || read.ID() != key.ID() {
			t.Errorf("%v, %v", read, err)
		}
	}
	set := token.Join(key.PublicOf("order"), testkit.SigningKey().Public())
	text, err := set.JSON()
	if err != nil || bytes.Contains(text, []byte(`"d":`)) {
		t.Fatalf("%s, %v", text, err)
	}
	read, err := token.ParseKeySet(text)
	if err != nil || read.Len() != 2 || strings.Join(read.IDs(), " ") != strings.Join(set.IDs(), " ") {
		t.Fatalf("%v, %v", read.IDs(), err)
	}
	cfg := testkit.VerifierConfig("catalog", permissions())
	cfg.Services = read
	if _, err := token.NewVerifier(cfg).Authenticate(t.Context(), showing(tokenOf(t, testkit.ServiceCaller("order"), "catalog"))); err != nil {
		t.Errorf("with the keys that were read: %v", err)
	}
	for name, bad := range map[string]string{
		"a private key": string(private), "a set with one": `{"keys":[` + string(private) + `]}`, "no set": "{}[", "a symmetric key": `{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}`,
		"another curve": `{"keys":[{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}]}`, "a point off the curve": `{"keys":[{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"}]}`,
		"another's id": strings.Replace(string(text), set.IDs()[0], set.IDs()[1], 1),
	} {
		if got, err := token.ParseKeySet([]byte(bad)); err == nil {
			t.Errorf("%s was read as %v", name, got.IDs())
		}
	}
	for name, bad := range map[string]string{"nothing": "", "a public set": string(text), "half of it": string(pem[:80])} {
		_, err := token.ParseKey([]byte(bad))
		if err == nil || len(bad) > 70 && strings.Contains(err.Error(), bad[40:70]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("a key", "key", key)
	if shown := log.String() + fmt.Sprintf("%v %+v %#v %q", key, key, key, key); strings.Contains(shown, "D:") || !strings.Contains(shown, key.ID()) {
		t.Errorf("the key is shown: %s", shown)
	}
}

// A service's token is renewed before its end, for each called context by itself.
func TestServiceTokensAreRenewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		signer := token.NewServiceSigner("order", testkit.ServiceKey("order"), time.Now)
		of := func(callee string) string {
			text, err := signer.For(callee)
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		first := of("catalog")
		if first == of("payment") {
			t.Error("one token is for two contexts")
		}
		pass(29 * time.Second)
		if of("catalog") != first {
			t.Error("it was renewed early")
		}
		pass(time.Second)
		if of("catalog") == first {
			t.Error("it was not renewed at half of its life")
		}
	})
}
