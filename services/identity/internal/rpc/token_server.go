// Package rpc translates between identity's contract and its use cases.
package rpc

import (
	"connectrpc.com/connect/v2"

	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
)

var _ identityv1connect.TokenServiceHandler = (*TokenServer)(nil)

// TokenServer is the TokenService.
type TokenServer struct {
	keys     *app.SigningKeys
	accounts *app.Accounts
}

// NewTokenServer returns the TokenService over its use cases.
func NewTokenServer(keys *app.SigningKeys, accounts *app.Accounts) *TokenServer {
	return &TokenServer{keys: keys, accounts: accounts}
}

// Register serves it on server.
func (s *TokenServer) Register(server *connect.Server) {
	identityv1connect.RegisterTokenServiceHandler(server, s)
}
