package testkit

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/token"
)

// The issuer and the audience of the tests' access tokens.
const (
	TokenIssuer   = "https://shop.test"
	TokenAudience = "shopmesh"
)

// signing holds the keys of a test program: identity's, and one for each context.
type signing struct {
	access *token.Key

	mu       sync.Mutex
	services map[string]*token.Key
}

// keysOfTests are made once for a program, because each takes a while.
var keysOfTests = sync.OnceValue(func() *signing {
	return &signing{access: newSigningKey(), services: make(map[string]*token.Key)}
})

func newSigningKey() *token.Key {
	key, err := token.NewKey()
	if err != nil {
		panic(err) // only where the system has no randomness
	}
	return key
}

func (s *signing) service(name string) *token.Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.services[name] == nil {
		s.services[name] = newSigningKey()
	}
	return s.services[name]
}

// SigningKey returns the key that signs the tests' access tokens, as identity's would.
func SigningKey() *token.Key { return keysOfTests().access }

// ServiceKey returns the key of a context.
func ServiceKey(context string) *token.Key { return keysOfTests().service(context) }

// VerifierConfig returns the configuration of a verifier for a context of that name: it
// takes the tokens that Token makes, and service tokens of the contexts that permissions
// names.
func VerifierConfig(self string, permissions map[string][]optionsv1.Permission) token.Config {
	services := token.KeySet{}
	for name := range permissions {
		services = token.Join(services, ServiceKey(name).PublicOf(name))
	}
	return token.Config{
		Issuer: TokenIssuer, Audience: TokenAudience, Self: []string{self}, Services: services, ServicePermissions: permissions,
		Keys: func(context.Context) (token.KeySet, error) { return SigningKey().Public(), nil },
	}
}

// Authenticator returns the verifier of VerifierConfig.
func Authenticator(self string, permissions map[string][]optionsv1.Permission) *token.Verifier {
	return token.NewVerifier(VerifierConfig(self, permissions))
}

// Everyone returns an authenticator that takes every caller for one identity, whatever they
// show. It is for tests of what is behind the authentication.
func Everyone(identity authz.Identity) authz.Authenticator {
	return authz.AuthenticatorFunc(func(context.Context, authz.Header) (authz.Identity, error) { return identity, nil })
}

// Owner is the shop's owner, who has just signed in.
func Owner() authz.Identity {
	return authz.Identity{Kind: authz.Owner, ID: "01890a5d-ac96-774b-bcce-b302099a8057", AuthTime: time.Now(), Methods: []string{"pwd"}}
}

// Staff is a member of staff with these permissions, who has just signed in.
func Staff(permissions ...optionsv1.Permission) authz.Identity {
	return authz.Identity{
		Kind: authz.Staff, ID: "01890a5d-ac96-774b-bcce-b302099a8058", Permissions: permissions, AuthTime: time.Now(), Methods: []string{"pwd"},
	}
}

// Customer is the customer of an id, who has just signed in.
func Customer(id string) authz.Identity {
	return authz.Identity{Kind: authz.Customer, ID: id, AccountID: "account of " + id, AuthTime: time.Now(), Methods: []string{"pwd"}}
}

// ServiceCaller is another context, which calls for itself.
func ServiceCaller(name string) authz.Identity { return authz.Identity{Kind: authz.Service, ID: name} }

// OnBehalf is another context, which calls for somebody.
func OnBehalf(name string, of authz.Identity) authz.Identity {
	return authz.Identity{Kind: authz.Service, ID: name, OnBehalfOf: &of}
}

// Anonymous shows no token.
func Anonymous() authz.Identity { return authz.Identity{} }

// Token returns the token that shows an identity to a context: its own token where it has
// one, such as a guest's, a service token for a service, an access token for others, and ""
// for who is anonymous.
func Token(identity authz.Identity, callee string) (string, error) {
	switch {
	case identity.Token() != "":
		return identity.Token(), nil
	case identity.Kind == authz.Anonymous:
		return "", nil
	case identity.Kind == authz.Service:
		return token.NewServiceSigner(identity.ID, ServiceKey(identity.ID), time.Now).For(callee)
	case identity.Kind == authz.Guest:
		return "", fmt.Errorf("a guest shows a token of its own: give it WithToken")
	}
	claims := token.AccessClaims{
		Account: identity.AccountID, Session: identity.SessionID, Epoch: identity.Epoch, Kind: identity.Kind, Permissions: identity.Permissions,
		AuthTime: identity.AuthTime, StepUpAge: identity.StepUpAge, Methods: identity.Methods, HasOTP: identity.HasOTP, APIKey: identity.APIKey,
	}
	claims.Account = cmp.Or(claims.Account, identity.ID)
	if identity.Kind == authz.Customer {
		claims.Customer = identity.ID
	}
	life := token.AccessLife
	if identity.APIKey != "" {
		life = token.APIKeyLife
	}
	return token.NewIssuer(TokenIssuer, TokenAudience, SigningKey(), time.Now).Access(claims, life)
}

// As makes a client's calls show who calls: the tokens are made and verified as they are in
// the shop.
func As(tb testing.TB, identity authz.Identity) connect.ClientInterceptor {
	return AsFunc(tb, func() authz.Identity { return identity })
}

// AsFunc is As for a client whose caller changes.
func AsFunc(tb testing.TB, caller func() authz.Identity) connect.ClientInterceptor {
	return func(next connect.ClientFunc) connect.ClientFunc {
		return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
			identity := caller()
			info, ok := connect.CallInfoForClientContext(ctx)
			if !ok {
				ctx, info = connect.NewClientContext(ctx)
			}
			header := info.RequestHeader()
			shown, err := Token(identity, contextOf(spec.Procedure))
			if err != nil {
				tb.Errorf("make a token for %s: %v", identity, err)
				return nil, err
			}
			if shown != "" {
				header.Set(token.Authorization, "Bearer "+shown)
			}
			if identity.OnBehalfOf != nil {
				handedOn, err := Token(*identity.OnBehalfOf, contextOf(spec.Procedure))
				if err != nil {
					tb.Errorf("make a token for %s: %v", identity.OnBehalfOf, err)
					return nil, err
				}
				header.Set(token.Caller, handedOn)
			}
			return next(ctx, spec)
		}
	}
}

// contextOf returns the context of a procedure: "order" of "/shopmesh.order.v1.OrderService/GetOrder".
func contextOf(procedure string) string {
	parts := strings.Split(procedure, ".")
	if len(parts) < 2 {
		return ""
	}
	return parts[1]
}

// GuestWithOrder is a guest who shows the token of an order.
func GuestWithOrder(order uuid.UUID, mac [32]byte) authz.Identity {
	text := token.ForGuestOrder(order, mac)
	return authz.GuestOfOrder(authz.GuestOrder{OrderID: order, MAC: mac[:]}).WithToken(text)
}

// GuestWithCart is a guest who shows a cart's token.
func GuestWithCart(random [32]byte) authz.Identity {
	text := token.ForCart(random)
	return authz.GuestOfCart(token.Hash(text)).WithToken(text)
}

// HTTP returns a client for plain requests, such as those to REST, that show who calls.
func HTTP(tb testing.TB, identity authz.Identity) *http.Client {
	tb.Helper()
	shown, err := Token(identity, "")
	if err != nil {
		tb.Fatalf("make a token for %s: %v", identity, err)
	}
	return Showing(shown)
}

// Showing returns a client for plain requests that show a token; an empty one is not shown.
func Showing(shown string) *http.Client { return &http.Client{Transport: showing(shown)} }

// showing is a token that requests show.
type showing string

// RoundTrip implements http.RoundTripper.
func (s showing) RoundTrip(r *http.Request) (*http.Response, error) {
	if s != "" {
		r = r.Clone(r.Context())
		r.Header.Set(token.Authorization, "Bearer "+string(s))
	}
	return http.DefaultTransport.RoundTrip(r)
}

// Signer signs the service tokens of a context, for app.Process.Signers.
func Signer(context string) map[string]*token.ServiceSigner {
	return map[string]*token.ServiceSigner{context: token.NewServiceSigner(context, ServiceKey(context), time.Now)}
}
