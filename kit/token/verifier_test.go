package token_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
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

// Keys are fetched once for all who wait for them, and again when a token names one that is
// not known, at most once in ten seconds.
func TestKeysAreFetchedSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var fetches atomic.Int64
		published := testkit.SigningKey().Public()
		cfg := testkit.VerifierConfig("catalog", nil)
		cfg.Keys = func(context.Context) (token.KeySet, error) {
			fetches.Add(1)
			pass(time.Second)
			return published, nil
		}
		verifier := token.NewVerifier(cfg)
		var waiting sync.WaitGroup
		for range 50 {
			waiting.Go(func() {
				if _, err := verifier.Authenticate(t.Context(), showing(tokenOf(t, testkit.Owner(), ""))); err != nil {
					t.Errorf("the first token: %v", err)
				}
			})
		}
		waiting.Wait()
		next, err := token.NewKey()
		if err != nil {
			t.Fatal(err)
		}
		issuer := token.NewIssuer(testkit.TokenIssuer, testkit.TokenAudience, next, time.Now)
		unknown := func() error {
			text, err := issuer.Access(token.AccessClaims{Account: "o", Kind: authz.Owner}, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			_, err = verifier.Authenticate(t.Context(), showing(text))
			return err
		}
		for range 100 {
			if err := unknown(); fault.ReasonOf(err) != fault.ReasonUnauthenticated {
				t.Fatalf("a key that nobody published: %v", err)
			}
		}
		if got := fetches.Load(); got != 1 {
			t.Errorf("%d fetches in the first ten seconds", got)
		}
		published = token.Join(published, next.Public())
		pass(10 * time.Second)
		if err := unknown(); err != nil || fetches.Load() != 2 {
			t.Errorf("after the rotation: %v, %d fetches", err, fetches.Load())
		}
	})
}

// While identity is away, tokens of known keys are good, and others can't be judged.
func TestIdentityIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		away := true
		cfg := testkit.VerifierConfig("catalog", permissions())
		cfg.Keys = func(context.Context) (token.KeySet, error) {
			if away {
				return token.KeySet{}, errors.New("connection refused")
			}
			return testkit.SigningKey().Public(), nil
		}
		cfg.ExchangeAPIKey = func(context.Context, string) (string, error) { return "", errors.New("connection refused") }
		verifier := token.NewVerifier(cfg)
		unavailable := func(name, text string) {
			t.Helper()
			_, err := verifier.Authenticate(t.Context(), showing(text))
			if refused, _ := fault.Of(err); refused == nil || refused.Kind() != fault.Unavailable || refused.RetryDelay() == 0 {
				t.Errorf("%s: %v", name, err)
			}
		}
		for range 3 {
			unavailable("before the first key", tokenOf(t, testkit.Owner(), ""))
		}
		unavailable("an API key", token.Format(token.APIKey, make([]byte, 48)))
		for _, known := range []authz.Identity{testkit.ServiceCaller("order"), testkit.GuestWithCart([32]byte{1}), testkit.Anonymous()} {
			header := http.Header{}
			if known.Kind != authz.Anonymous {
				header = showing(tokenOf(t, known, "catalog"))
			}
			if _, err := verifier.Authenticate(t.Context(), header); err != nil {
				t.Errorf("%v needs no key of identity: %v", known, err)
			}
		}
		away = false
		pass(time.Second)
		if _, err := verifier.Authenticate(t.Context(), showing(tokenOf(t, testkit.Owner(), ""))); err != nil {
			t.Errorf("identity is back: %v", err)
		}
		away = true
		pass(time.Minute)
		if _, err := verifier.Authenticate(t.Context(), showing(tokenOf(t, testkit.Staff(), ""))); err != nil {
			t.Errorf("identity is away again, and its key is known: %v", err)
		}
		unavailable("an unknown key", testkit.BadTokens(t, "catalog")["unknown kid"])
	})
}

// An API key is exchanged once for all who show it, and again while the token that it was
// exchanged for lasts as long as calls do; what identity answers counts then. While identity is
// away that token is good to its end.
func TestAPIKeysAreExchanged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var exchanges atomic.Int64
		refused, away := false, false
		cfg := testkit.VerifierConfig("catalog", nil)
		cfg.ExchangeAPIKey = func(_ context.Context, key string) (string, error) {
			exchanges.Add(1)
			pass(time.Second)
			switch {
			case refused:
				return "", fault.New(fault.Unauthenticated, fault.ReasonUnauthenticated, "it was revoked")
			case away:
				return "", errors.New("connection refused")
			}
			of := testkit.Staff(ordersRead)
			of.APIKey = "key-1"
			return testkit.Token(of, "")
		}
		verifier := token.NewVerifier(cfg)
		header := showing(token.Format(token.APIKey, make([]byte, 48)))
		show := func() (authz.Identity, error) { return verifier.Authenticate(t.Context(), header) }
		var waiting sync.WaitGroup
		for range 20 {
			waiting.Go(func() {
				got, err := show()
				if err != nil || got.APIKey != "key-1" || !got.May(ordersRead) || got.SignedIn() || strings.HasPrefix(got.Token(), "sm_") {
					t.Errorf("%v, %v", got, err)
				}
			})
		}
		waiting.Wait()
		pass(28 * time.Second)
		if _, err := show(); err != nil || exchanges.Load() != 1 {
			t.Errorf("within half a minute: %v, %d exchanges", err, exchanges.Load())
		}
		pass(4 * time.Second)
		begin := time.Now()
		if _, err := show(); err != nil || time.Since(begin) > 0 {
			t.Errorf("after half a minute it is waited for identity, %v: %v", time.Since(begin), err)
		}
		pass(time.Second)
		synctest.Wait()
		got, err := show()
		if err != nil || exchanges.Load() != 2 || time.Until(got.Expire) < token.APIKeyLife/2 {
			t.Errorf("a good key after half a minute: %v until %v, %d exchanges", err, got.Expire, exchanges.Load())
		}
		away = true
		pass(50 * time.Second)
		if again, err := show(); err != nil || again.Expire != got.Expire {
			t.Errorf("while identity is away: %v until %v, want %v", err, again.Expire, got.Expire)
		}
		pass(20 * time.Second)
		if _, err := show(); fault.ReasonOf(err) != fault.ReasonUnavailable {
			t.Errorf("while identity is away, and the token is over: %v", err)
		}
		away = false
		if _, err := show(); err != nil {
			t.Errorf("identity is back: %v", err)
		}
		refused = true
		pass(35 * time.Second)
		if _, err := show(); err != nil {
			t.Errorf("a key that was revoked meanwhile: %v", err)
		}
		pass(time.Second)
		synctest.Wait()
		for range 2 {
			if _, err := show(); fault.ReasonOf(err) != fault.ReasonUnauthenticated {
				t.Errorf("a revoked key after half a minute: %v", err)
			}
		}
	})
}

// Whatever the header holds, no caller comes out of it whose token nobody signed.
func FuzzAuthenticate(f *testing.F) {
	for _, text := range testkit.BadTokens(f, "catalog") {
		f.Add("Bearer "+text, "")
		f.Add("Bearer "+text, text)
	}
	good := map[string]bool{}
	for _, of := range []authz.Identity{testkit.Owner(), testkit.ServiceCaller("order")} {
		text := tokenOf(f, of, "catalog")
		good[signedPart(text)] = true
		f.Add("Bearer "+text, "")
	}
	verifier := testkit.Authenticator("catalog", permissions())
	f.Fuzz(func(t *testing.T, authorization, handedOn string) {
		header := http.Header{token.Authorization: {authorization}}
		if handedOn != "" {
			header[token.Caller] = []string{handedOn}
		}
		got, err := verifier.Authenticate(t.Context(), header)
		if err != nil {
			if refused, ok := fault.Of(err); !ok || refused.Kind() != fault.Unauthenticated {
				t.Fatalf("%q: %v", authorization, err)
			}
			return
		}
		if text := authorization[len("Bearer "):]; got.Kind != authz.Guest && !good[signedPart(text)] {
			t.Errorf("%q made %v", text, got)
		}
	})
}

// pass lets time pass on the clock of synctest, which does not wait.
func pass(d time.Duration) { time.Sleep(d) } //nolint:forbidigo // the clock of synctest

// signedPart is what a signature is made for: a signature has several forms.
func signedPart(text string) string { return text[:max(0, strings.LastIndexByte(text, '.'))] }

// What a call with a token costs that was seen before, and one that was not.
func BenchmarkAuthenticate(b *testing.B) {
	header := showing(tokenOf(b, testkit.Owner(), ""))
	b.Run("known", func(b *testing.B) {
		verifier := testkit.Authenticator("catalog", permissions())
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := verifier.Authenticate(context.Background(), header); err != nil {
					b.Error(err)
				}
			}
		})
	})
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			verifier := testkit.Authenticator("catalog", nil)
			if _, err := verifier.Authenticate(context.Background(), header); err != nil {
				b.Fatal(err)
			}
		}
	})
}
