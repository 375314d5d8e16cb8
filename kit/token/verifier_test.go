package token_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

const ordersRead = optionsv1.Permission_PERMISSION_ORDERS_READ

func permissions() map[string][]optionsv1.Permission {
	return map[string][]optionsv1.Permission{"order": {ordersRead}, "payment": nil, "catalog": nil}
}

// showing are the headers of a request that shows a token, and hands others on.
func showing(text string, handedOn ...string) http.Header {
	header := http.Header{token.Authorization: {"Bearer " + text}}
	if len(handedOn) > 0 {
		header[token.Caller] = handedOn
	}
	return header
}

func tokenOf(tb testing.TB, identity authz.Identity, callee string) string {
	tb.Helper()
	text, err := testkit.Token(identity, callee)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// Whoever has a token is known as what it states, and no more.
func TestGoodTokensNameTheirCaller(t *testing.T) {
	t.Parallel()
	verifier := testkit.Authenticator("catalog", permissions())
	customer := uuid.NewString()
	key := testkit.Staff(ordersRead)
	key.APIKey = "key-1"
	for name, row := range map[string]struct {
		caller authz.Identity
		key    string
		may    bool
	}{
		"the owner":           {testkit.Owner(), "owner/" + testkit.Owner().ID, true},
		"staff":               {testkit.Staff(ordersRead), "staff/" + testkit.Staff().ID, true},
		"staff that may less": {testkit.Staff(), "staff/" + testkit.Staff().ID, false},
		"a customer":          {testkit.Customer(customer), "customer/" + customer, false},
		"an API key":          {key, "staff/" + key.ID, true},
		"a service":           {testkit.ServiceCaller("order"), "service/order", true},
		"another service":     {testkit.ServiceCaller("payment"), "service/payment", false},
		"an order's guest":    {testkit.GuestWithOrder(uuid.UUID{7}, [32]byte{}), "guest/" + uuid.UUID{7}.String(), false},
		"nobody":              {testkit.Anonymous(), "anonymous", false},
	} {
		header, text := http.Header{}, tokenOf(t, row.caller, "catalog")
		if text != "" {
			header = showing(text)
		}
		handedOn, lives := text, row.caller.Kind != authz.Guest && row.caller.Kind != authz.Anonymous
		if row.caller.Kind == authz.Service {
			handedOn = ""
		}
		for round := range 2 { // first judged, then found among the known where it is a JWT
			if known := verifier.Knows(text); known != (lives && round > 0) {
				t.Errorf("%s, call %d: its token is known: %t", name, round+1, known)
			}
			got, err := verifier.Authenticate(t.Context(), header)
			if err != nil || got.Key() != row.key || got.May(ordersRead) != row.may || got.APIKey != row.caller.APIKey || got.OnBehalfOf != nil {
				t.Errorf("%s: %v (%v), %v", name, got, got.Permissions, err)
			}
			if got.Token() != handedOn {
				t.Errorf("%s: the token that is handed on is %q, want %q", name, got.Token(), handedOn)
			}
		}
	}
	got, err := verifier.Authenticate(t.Context(), http.Header{token.Authorization: {"bearer " + tokenOf(t, testkit.Owner(), "")}})
	if err != nil || got.Kind != authz.Owner || !got.SignedIn() || time.Until(got.Expire) > token.AccessLife || time.Since(got.AuthTime) > time.Minute {
		t.Errorf("a scheme in small letters: %v, %v", got, err)
	}
	aged := testkit.Owner()
	aged.StepUpAge = time.Hour
	if got, err = verifier.Authenticate(t.Context(), showing(tokenOf(t, aged, ""))); err != nil || got.StepUpAge != time.Hour {
		t.Errorf("with another age of its proof: %v, %v", got.StepUpAge, err)
	}
}

// A service that calls as a visitor of its pages is the visitor, and no service.
func TestVisitorsAreWhoTheyShow(t *testing.T) {
	t.Parallel()
	verifier := testkit.Authenticator("catalog", permissions())
	service := tokenOf(t, testkit.ServiceCaller("order"), "catalog")
	customer := testkit.Customer("01890a5d-ac96-774b-bcce-b302099a8057")
	for name, row := range map[string]struct {
		handedOn []string
		want     authz.Kind
	}{
		"who shows nothing": {nil, authz.Anonymous},
		"a customer":        {[]string{tokenOf(t, customer, "")}, authz.Customer},
	} {
		header := showing(service, row.handedOn...)
		header[token.Visitor] = []string{""}
		got, err := verifier.Authenticate(t.Context(), header)
		if err != nil || got.Kind != row.want || got.OnBehalfOf != nil || got.May(ordersRead) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// No bad token names a caller, also beside a service's token, and none is named in an error.
// Most of an hour later each is still refused for the same reason: tests use them for minutes.
func TestBadTokensNameNobody(t *testing.T) {
	t.Parallel()
	verifier := testkit.Authenticator("catalog", permissions())
	cfg := testkit.VerifierConfig("catalog", permissions())
	cfg.Clock = func() time.Time { return time.Now().Add(50 * time.Minute) }
	later := token.NewVerifier(cfg)
	bad := testkit.BadTokens(t, "catalog")
	if len(bad) < 60 {
		t.Fatalf("only %d bad tokens", len(bad))
	}
	for name, text := range bad {
		want := fault.ReasonUnauthenticated
		if strings.HasPrefix(name, "expired") {
			want = fault.ReasonTokenExpired
		}
		if got, err := later.Authenticate(t.Context(), showing(text)); fault.ReasonOf(err) != want || got.Kind != authz.Anonymous {
			t.Errorf("%s, later: %v, %v", name, got, err)
		}
		service := tokenOf(t, testkit.ServiceCaller("order"), "catalog") // it lives for a minute
		for where, header := range map[string]http.Header{"shown": showing(text), "handed on": showing(service, text)} {
			got, err := verifier.Authenticate(t.Context(), header)
			if refused, ok := fault.Of(err); !ok || refused.Kind() != fault.Unauthenticated || refused.Reason() != want || got.Kind != authz.Anonymous {
				t.Errorf("%s, %s: %v, %v", name, where, got, err)
			}
			if err != nil && len(text) > 16 && strings.Contains(fmt.Sprintf("%+v %v", err, errors.Unwrap(err)), text[len(text)-16:]) {
				t.Errorf("%s: the error holds the token: %v", name, err)
			}
		}
	}
}

// EmptyTokenIsNoToken (Spree CVE-2020-26223), and neither is anything else in the header.
func TestEmptyTokenIsNoToken(t *testing.T) {
	t.Parallel()
	verifier := testkit.Authenticator("catalog", permissions())
	owner, service := tokenOf(t, testkit.Owner(), ""), tokenOf(t, testkit.ServiceCaller("order"), "catalog")
	for name, header := range map[string]http.Header{
		"empty header":              {token.Authorization: {""}},
		"no token":                  {token.Authorization: {"Bearer"}},
		"empty token":               {token.Authorization: {"Bearer "}},
		"blanks for a token":        {token.Authorization: {"Bearer    "}},
		"a token without scheme":    {token.Authorization: {owner}},
		"Basic":                     {token.Authorization: {"Basic b3duZXI6b3duZXI="}},
		"DPoP":                      {token.Authorization: {"DPoP " + owner}},
		"two headers":               {token.Authorization: {"Bearer " + owner, "Bearer " + owner}},
		"an empty one beside it":    {token.Authorization: {"Bearer " + owner, ""}},
		"two blanks":                {token.Authorization: {"Bearer  " + owner}},
		"a blank behind it":         {token.Authorization: {"Bearer " + owner + " "}},
		"handed on by nobody":       {token.Caller: {owner}},
		"handed on by the owner":    {token.Authorization: {"Bearer " + owner}, token.Caller: {owner}},
		"handed on with nothing":    showing(service, ""),
		"handed on twice":           showing(service, owner, owner),
		"handed on with its scheme": showing(service, "Bearer "+owner),
		"a service for a service":   showing(service, tokenOf(t, testkit.ServiceCaller("payment"), "catalog")),
		"a service for an API key":  showing(service, token.Format(token.APIKey, make([]byte, 48))),
		"a visitor of nobody":       {token.Visitor: {"203.0.113.9"}},
		"a visitor of the owner":    {token.Authorization: {"Bearer " + owner}, token.Visitor: {"203.0.113.9"}},
	} {
		if got, err := verifier.Authenticate(t.Context(), header); fault.ReasonOf(err) != fault.ReasonUnauthenticated || got.Kind != authz.Anonymous {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// TokenWithoutExpiry (Zitadel GHSA-wxg7-w2v3-w38g): a token that does not state when it ends,
// or states more life than it may have, is none, however it is signed.
func TestTokenWithoutExpiry(t *testing.T) {
	t.Parallel()
	verifier, bad := testkit.Authenticator("catalog", permissions()), testkit.BadTokens(t, "catalog")
	for _, name := range []string{"without exp", "exp that is no number", "a life that is too long", "without iat", "without nbf"} {
		text, there := bad[name]
		if !there {
			t.Fatalf("there is no bad token %q", name)
		}
		if got, err := verifier.Authenticate(t.Context(), showing(text)); fault.ReasonOf(err) != fault.ReasonUnauthenticated || got.Kind != authz.Anonymous {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// HeaderIsNoIdentity (Nacos CVE-2021-29441): no header but Authorization names a caller,
// whether it holds a name or a token that is good; the one that services hand a caller on in
// is refused without a service's token, and a cookie is none.
func TestHeaderIsNoIdentity(t *testing.T) {
	t.Parallel()
	verifier, owner := testkit.Authenticator("catalog", permissions()), tokenOf(t, testkit.Owner(), "")
	for _, name := range []string{
		"User-Agent", "X-User", "X-User-Id", "X-Account-Id", "X-Customer-Id", "X-Role", "X-Forwarded-User", "X-Remote-User", "X-Auth-Token",
		"X-Authorization", "Proxy-Authorization", "X-Api-Key", "Cookie", "From", "Forwarded", "X-Forwarded-Client-Cert", "Shopmesh-User",
		"Grpc-Metadata-Authorization", "Grpcgateway-Authorization", "X-Original-Authorization",
	} {
		for _, value := range []string{"owner", "Shopmesh-Server", testkit.Owner().ID, owner, "Bearer " + owner, "Authorization=" + owner} {
			if got, err := verifier.Authenticate(t.Context(), http.Header{name: {value}}); err != nil || got.Kind != authz.Anonymous || got.May(ordersRead) {
				t.Errorf("%s: %.20s: %v, %v", name, value, got, err)
			}
		}
	}
	for _, value := range []string{"owner", "service/order", owner, tokenOf(t, testkit.ServiceCaller("order"), "catalog")} {
		if got, err := verifier.Authenticate(t.Context(), http.Header{token.Caller: {value}}); fault.ReasonOf(err) != fault.ReasonUnauthenticated || got.Kind != authz.Anonymous {
			t.Errorf("%s: %.20s: %v, %v", token.Caller, value, got, err)
		}
	}
}

// Whom a service calls for is known by a token of theirs, beside the service's own.
func TestServicesHandTheirCallerOn(t *testing.T) {
	t.Parallel()
	verifier := testkit.Authenticator("catalog", permissions())
	service := tokenOf(t, testkit.ServiceCaller("order"), "catalog")
	customer := testkit.Customer(uuid.NewString())
	for _, of := range []authz.Identity{customer, testkit.Owner(), testkit.GuestWithCart([32]byte{3}), testkit.GuestWithOrder(uuid.New(), [32]byte{4})} {
		got, err := verifier.Authenticate(t.Context(), showing(service, tokenOf(t, of, "catalog")))
		if err != nil || got.Key() != "service/order" || got.OnBehalfOf == nil || got.OnBehalfOf.Key() != of.Key() || got.Owns(customer.ID) {
			t.Errorf("for %v: %v, %v", of, got, err)
		}
	}
	for _, header := range []string{"X-User", "X-Forwarded-User", "Grpc-Metadata-Authorization", "Cookie", "Proxy-Authorization"} {
		if got, err := verifier.Authenticate(t.Context(), http.Header{header: {"Bearer " + tokenOf(t, customer, "")}}); err != nil || got.Kind != authz.Anonymous {
			t.Errorf("%s names %v, %v", header, got, err)
		}
	}
}

// epochs are those of one account.
type epochs struct{ of atomic.Int64 }

func (e *epochs) Current(account string) (int64, bool) {
	return e.of.Load(), account == testkit.Owner().ID
}

// A token ends with its time and with its account's epoch, also while it is kept as verified.
func TestVerifiedTokensEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg, revoked := testkit.VerifierConfig("catalog", permissions()), &epochs{}
		cfg.Epochs = revoked
		verifier := token.NewVerifier(cfg)
		first, other := showing(tokenOf(t, testkit.Owner(), "")), showing(tokenOf(t, testkit.Staff(), ""))
		caller, err := verifier.Authenticate(t.Context(), first)
		if err != nil || verifier.Revoked(caller) != nil {
			t.Fatal(err)
		}
		pass(token.AccessLife - time.Second)
		if _, err := verifier.Authenticate(t.Context(), first); err != nil {
			t.Errorf("a second before its end: %v", err)
		}
		revoked.of.Store(1)
		for range 2 {
			if _, err := verifier.Authenticate(t.Context(), first); fault.ReasonOf(err) != fault.ReasonTokenExpired {
				t.Errorf("with an earlier epoch: %v", err)
			}
		}
		if fault.ReasonOf(verifier.Revoked(caller)) != fault.ReasonTokenExpired {
			t.Error("a call that lasts would go on")
		}
		if _, err := verifier.Authenticate(t.Context(), other); err != nil {
			t.Errorf("another account is revoked too: %v", err)
		}
		again := testkit.Owner()
		again.Epoch = 1
		if _, err := verifier.Authenticate(t.Context(), showing(tokenOf(t, again, ""))); err != nil {
			t.Errorf("with the new epoch: %v", err)
		}
		pass(time.Second)
		for range 2 {
			if _, err := verifier.Authenticate(t.Context(), other); fault.ReasonOf(err) != fault.ReasonTokenExpired {
				t.Errorf("at its end: %v", err)
			}
		}
	})
}
