package identity_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1/customerv1connect"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services"
)

// customers is customer as identity sees it: its contract, on a server of its own.
type customers struct {
	customerv1connect.UnimplementedCustomerServiceHandler

	mu sync.Mutex
	of map[string]string // by account
}

func (s *customers) LinkAccount(_ context.Context, req *customerv1.LinkAccountRequest) (*customerv1.LinkAccountResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = map[string]string{}
	}
	if s.of[req.GetAccountId()] == "" {
		s.of[req.GetAccountId()] = uuid.NewString()
	}
	return &customerv1.LinkAccountResponse{CustomerId: s.of[req.GetAccountId()]}, nil
}

// serve returns customer's URL.
func (s *customers) serve(t *testing.T) string {
	t.Helper()
	return testkit.Others(t, services.Permissions(), func(server *connect.Server) {
		customerv1connect.RegisterCustomerServiceHandler(server, s)
	}, "customer")
}

// verifier takes the access tokens that the process under test signs, by the public keys
// that it publishes, and the service tokens of notification.
func (o harness) verifier() *token.Verifier {
	return token.NewVerifier(token.Config{
		Issuer: publicURL, Audience: kitapp.TokenAudience, Self: []string{"identity"},
		Services:           token.Join(testkit.ServiceKey("notification").PublicOf("notification"), testkit.ServiceKey("order").PublicOf("order")),
		ServicePermissions: map[string][]optionsv1.Permission{"notification": nil, "order": nil},
		Keys: func(ctx context.Context) (token.KeySet, error) {
			url := o.keysAt.Load()
			if url == nil {
				return token.KeySet{}, errors.New("the process does not serve yet")
			}
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, *url+"/.well-known/jwks.json", nil)
			if err != nil {
				return token.KeySet{}, err
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				return token.KeySet{}, err
			}
			defer res.Body.Close()
			text, err := io.ReadAll(res.Body)
			if err != nil {
				return token.KeySet{}, err
			}
			return token.ParseKeySet(text)
		},
	})
}
