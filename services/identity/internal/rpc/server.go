// Package rpc translates between identity's contract and its use cases.
package rpc

import (
	"connectrpc.com/connect/v2"

	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
)

var (
	_ identityv1connect.TokenServiceHandler    = (*TokenServer)(nil)
	_ identityv1connect.AccountServiceHandler  = (*AccountServer)(nil)
	_ identityv1connect.StaffServiceHandler    = (*StaffServer)(nil)
	_ identityv1connect.ActivityServiceHandler = (*ActivityServer)(nil)
)

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

// StaffServer is the StaffService.
type StaffServer struct {
	accounts *app.Accounts
	cookie   Cookie
}

// NewStaffServer returns the StaffService over its use cases.
func NewStaffServer(accounts *app.Accounts, cookie Cookie) *StaffServer {
	return &StaffServer{accounts: accounts, cookie: cookie}
}

// Register serves it on server.
func (s *StaffServer) Register(server *connect.Server) {
	identityv1connect.RegisterStaffServiceHandler(server, s)
}

// ActivityServer is the ActivityService.
type ActivityServer struct{ activities app.Activities }

// NewActivityServer returns the ActivityService over its use cases.
func NewActivityServer(activities app.Activities) *ActivityServer {
	return &ActivityServer{activities: activities}
}

// Register serves it on server.
func (s *ActivityServer) Register(server *connect.Server) {
	identityv1connect.RegisterActivityServiceHandler(server, s)
}
