package token_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

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
