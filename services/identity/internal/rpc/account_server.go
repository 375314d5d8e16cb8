package rpc

import (
	"connectrpc.com/connect/v2"

	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
)

var _ identityv1connect.AccountServiceHandler = (*AccountServer)(nil)

// AccountServer is the AccountService.
type AccountServer struct {
	accounts *app.Accounts
	cookie   Cookie
}

// NewAccountServer returns the AccountService over its use cases.
func NewAccountServer(accounts *app.Accounts, cookie Cookie) *AccountServer {
	return &AccountServer{accounts: accounts, cookie: cookie}
}

// Register serves it on server.
func (s *AccountServer) Register(server *connect.Server) {
	identityv1connect.RegisterAccountServiceHandler(server, s)
}
