package testkit

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/big"
	"strings"
	"testing"
	"time"

	"crypto/ecdsa"

	"github.com/shopmesh/shopmesh/kit/token"
)

// BadTokens returns tokens that no verifier of VerifierConfig for the context callee takes,
// by what is wrong with them. All answer UNAUTHENTICATED, but the one that is "expired"
// TOKEN_EXPIRED. Each but for that is the token of the shop's owner,
// or of the context "order". They are answered so for an hour, although each that is bad for
// something else than its times expires meanwhile: that is judged last.
func BadTokens(tb testing.TB, callee string) map[string]string {
	tb.Helper()
	forge := &forger{tb: tb, key: SigningKey(), now: time.Now(), public: publicDER(tb, SigningKey())}
	owner := func(changes map[string]any) string { return forge.access(nil, changes) }
	headers := func(changes map[string]any) string { return forge.access(changes, nil) }
	now := forge.now.Unix()
	good := owner(nil)
	stranger := *forge
	stranger.key = newSigningKey()
	parts := strings.Split(good, ".")
	bad := map[string]string{
		"expired":                            owner(map[string]any{"iat": now - 300, "nbf": now - 300, "exp": now}),
		"not yet valid":                      owner(map[string]any{"nbf": now + 3600}),
		"issued in the future":               owner(map[string]any{"iat": now + 3600, "exp": now + 3660}),
		"without exp":                        owner(map[string]any{"exp": nil}),
		"without iat":                        owner(map[string]any{"iat": nil}),
		"without nbf":                        owner(map[string]any{"nbf": nil}),
		"exp that is no number":              owner(map[string]any{"exp": "tomorrow"}),
		"a life that is too long":            owner(map[string]any{"exp": now + 301}),
		"another issuer":                     owner(map[string]any{"iss": "https://evil.test"}),
		"without issuer":                     owner(map[string]any{"iss": nil}),
		"another audience":                   owner(map[string]any{"aud": "another-shop"}),
		"several audiences":                  owner(map[string]any{"aud": []string{TokenAudience, "another-shop"}}),
		"another kind":                       owner(map[string]any{"kind": "root"}),
		"without kind":                       owner(map[string]any{"kind": nil}),
		"without account":                    owner(map[string]any{"sub": nil}),
		"a service by an access token":       owner(map[string]any{"kind": "service", "sub": "order"}),
		"an owner by an API key":             owner(map[string]any{"api_key": "k", "exp": now + 60}),
		"a customer without id":              owner(map[string]any{"kind": "customer"}),
		"a customer with the nil id":         owner(map[string]any{"kind": "customer", "customer_id": "00000000-0000-0000-0000-000000000000"}),
		"claims that are no object":          forge.jwt(map[string]any{"typ": "at+jwt"}, []string{"owner"}),
		"another key under the known id":     stranger.access(map[string]any{"kid": SigningKey().ID()}, nil),
		"unknown kid":                        stranger.access(nil, nil),
		"without kid":                        headers(map[string]any{"kid": nil}),
		"alg none":                           forge.unsigned("none", ""),
		"alg None with a signature":          forge.unsigned("None", parts[2]),
		"HS256 with the public key":          forge.hmac(forge.public),
		"HS256 with the public key as PEM":   forge.hmac(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: forge.public})),
		"ES384 in the header":                headers(map[string]any{"alg": "ES384"}),
		"typ JWT":                            headers(map[string]any{"typ": "JWT"}),
		"typ in capitals":                    headers(map[string]any{"typ": "AT+JWT"}),
		"without typ":                        headers(map[string]any{"typ": nil}),
		"typ of a service":                   headers(map[string]any{"typ": "service+jwt"}),
		"jku header":                         headers(map[string]any{"jku": "https://evil.test/jwks.json"}),
		"x5u header":                         headers(map[string]any{"x5u": "https://evil.test/cert.pem"}),
		"x5c header":                         headers(map[string]any{"x5c": []string{base64.StdEncoding.EncodeToString(forge.public)}}),
		"jwk header":                         stranger.access(map[string]any{"jwk": forge.jwkOf(stranger.key)}, nil),
		"jwk header of the known key":        headers(map[string]any{"jwk": forge.jwkOf(SigningKey())}),
		"crit header":                        headers(map[string]any{"crit": []string{"exp"}}),
		"b64 header":                         headers(map[string]any{"b64": true}),
		"no signature":                       parts[0] + "." + parts[1] + ".",
		"signature cut":                      good[:len(good)-2],
		"another's payload":                  parts[0] + "." + strings.Split(owner(map[string]any{"sub": "other"}), ".")[1] + "." + parts[2],
		"two parts":                          parts[0] + "." + parts[1],
		"five parts":                         good + ".e30.e30",
		"JSON serialization":                 `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"larger than 8 KiB":                  owner(map[string]any{"sid": strings.Repeat("x", 9000)}),
		"letters that no token has":          good + "é",
		"two tokens":                         good + ", " + good,
		"null":                               "null",
		"a mailed link":                      token.Format(token.Link, make([]byte, 48)),
		"a refresh token":                    token.Format(token.Refresh, make([]byte, 48)),
		"a guest's order that is the nil id": token.ForGuestOrder([16]byte{}, [32]byte{}),
		"a guest's order that is cut":        token.ForGuestOrder([16]byte{1}, [32]byte{})[:60],
		"a cart token that is too short":     token.Format(token.Cart, make([]byte, 16)),
		"a service token of another key":     stranger.service("order", callee, nil),
		"a service token of identity's key":  forge.service("order", callee, nil),
	}
	forge.key = ServiceKey("order")
	maps.Copy(bad, map[string]string{
		"a service token for another context":         forge.service("order", "another", nil),
		"a service token of another context's name":   forge.service("payment", callee, nil),
		"a service token for access":                  forge.service("order", TokenAudience, nil),
		"a service token that lives too long":         forge.service("order", callee, map[string]any{"exp": now + 61}),
		"a service token without exp":                 forge.service("order", callee, map[string]any{"exp": nil}),
		"an access token of a service's key":          forge.access(nil, nil),
		"an access token under a service's type":      forge.access(map[string]any{"typ": "service+jwt"}, nil),
		"a service token that expired":                forge.service("order", callee, map[string]any{"iat": now - 60, "nbf": now - 60, "exp": now}),
		"a service token that is not yet valid":       forge.service("order", callee, map[string]any{"nbf": now + 3600}),
		"a service token with a jku header":           forge.jwt(map[string]any{"typ": "service+jwt", "jku": "https://evil.test"}, forge.serviceClaims("order", callee, nil)),
		"a service token that claims to be the owner": forge.jwt(map[string]any{"typ": "at+jwt"}, forge.serviceClaims("order", TokenAudience, map[string]any{"kind": "owner", "sub": "o"})),
	})
	return bad
}

// forger signs whatever it is given.
type forger struct {
	tb     testing.TB
	key    *token.Key
	public []byte
	now    time.Time
}

func (f *forger) access(headers, changes map[string]any) string {
	all := map[string]any{"typ": "at+jwt"}
	maps.Copy(all, headers)
	return f.jwt(all, with(f.ownerClaims(), changes))
}

func (f *forger) ownerClaims() map[string]any {
	now := f.now.Unix()
	return map[string]any{
		"iss": TokenIssuer, "aud": TokenAudience, "sub": "o", "kind": "owner", "iat": now, "nbf": now, "exp": now + 300, "auth_time": now,
	}
}

func (f *forger) service(context, callee string, changes map[string]any) string {
	return f.jwt(map[string]any{"typ": "service+jwt"}, f.serviceClaims(context, callee, changes))
}

func (f *forger) serviceClaims(context, callee string, changes map[string]any) map[string]any {
	now := f.now.Unix()
	return with(map[string]any{"iss": context, "aud": callee, "iat": now, "nbf": now, "exp": now + 60}, changes)
}

// jwt signs by ES256, whatever the headers state.
func (f *forger) jwt(headers map[string]any, claims any) string {
	f.tb.Helper()
	all := with(map[string]any{"alg": "ES256", "kid": f.key.ID()}, headers)
	signed := f.encode(all) + "." + f.encode(claims)
	sum := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, f.private(), sum[:])
	if err != nil {
		f.tb.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(append(fixed(r), fixed(s)...))
}

func (f *forger) unsigned(algorithm, signature string) string {
	return f.encode(map[string]any{"alg": algorithm, "typ": "at+jwt", "kid": f.key.ID()}) + "." + f.encode(f.ownerClaims()) + "." + signature
}

func (f *forger) hmac(secret []byte) string {
	signed := f.encode(map[string]any{"alg": "HS256", "typ": "at+jwt", "kid": f.key.ID()}) + "." + f.encode(f.ownerClaims())
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (f *forger) encode(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		f.tb.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func (f *forger) jwkOf(key *token.Key) map[string]any {
	text, err := key.Public().JSON()
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if err != nil || json.Unmarshal(text, &set) != nil {
		f.tb.Fatal("no JWK set", err)
	}
	return set.Keys[0]
}

func (f *forger) private() *ecdsa.PrivateKey {
	text, err := f.key.PEM()
	if err != nil {
		f.tb.Fatal(err)
	}
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		f.tb.Fatal(err)
	}
	return key.(*ecdsa.PrivateKey)
}

func publicDER(tb testing.TB, key *token.Key) []byte {
	f := &forger{tb: tb, key: key}
	der, err := x509.MarshalPKIXPublicKey(&f.private().PublicKey)
	if err != nil {
		tb.Fatal(err)
	}
	return der
}

func fixed(n *big.Int) []byte { return n.FillBytes(make([]byte, 32)) }

// with returns the members with some changed; nil takes one away.
func with(members, changes map[string]any) map[string]any {
	for name, value := range changes {
		if members[name] = value; value == nil {
			delete(members, name)
		}
	}
	return members
}
