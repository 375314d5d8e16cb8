package rpc

import (
	"context"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/protoconv"
)

var _ identityv1connect.StaffServiceHandler = (*StaffServer)(nil)

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

// InviteStaff has an invitation mailed.
func (s *StaffServer) InviteStaff(ctx context.Context, req *identityv1.InviteStaffRequest) (*identityv1.InviteStaffResponse, error) {
	email, err := readEmail("email", req.GetEmail())
	if err != nil {
		return nil, err
	}
	token, err := s.accounts.InviteStaff(ctx, app.Invitation{Email: email, Owner: req.GetOwner(), Permissions: permissions(req.GetPermissions())})
	if err != nil {
		return nil, err
	}
	return &identityv1.InviteStaffResponse{Token: token}, nil
}

// AcceptInvite makes the account of an invitation.
func (s *StaffServer) AcceptInvite(ctx context.Context, req *identityv1.AcceptInviteRequest) (*identityv1.AcceptInviteResponse, error) {
	person := domain.Person{FirstName: req.GetFirstName(), LastName: req.GetLastName()}
	session, err := s.accounts.AcceptInvite(ctx, req.GetToken(), req.GetPassword(), person, client(ctx))
	if err != nil {
		return nil, err
	}
	return &identityv1.AcceptInviteResponse{Session: s.cookie.session(ctx, session, req.GetUseCookie())}, nil
}

// ListAccounts lists accounts that fit a filter.
func (s *StaffServer) ListAccounts(ctx context.Context, req *identityv1.ListAccountsRequest) (*identityv1.ListAccountsResponse, error) {
	accounts, next, err := s.accounts.ListAccounts(ctx, page.Request{
		Size: req.GetPageSize(), Token: req.GetPageToken(), Filter: req.GetFilter(), OrderBy: req.GetOrderBy(),
	})
	if err != nil {
		return nil, err
	}
	res := &identityv1.ListAccountsResponse{Accounts: make([]*identityv1.Account, len(accounts)), NextPageToken: next}
	for i, account := range accounts {
		res.Accounts[i] = protoconv.Account(account)
	}
	return res, nil
}

// SetRoles gives a member of staff other roles.
func (s *StaffServer) SetRoles(ctx context.Context, req *identityv1.SetRolesRequest) (*identityv1.SetRolesResponse, error) {
	id, err := readID(req.GetId())
	if err != nil {
		return nil, err
	}
	account, err := s.accounts.SetRoles(ctx, id, req.GetEtag(), req.GetOwner(), permissions(req.GetPermissions()))
	if err != nil {
		return nil, err
	}
	return &identityv1.SetRolesResponse{Account: protoconv.Account(account)}, nil
}

// DisableAccount keeps an account from signing in.
func (s *StaffServer) DisableAccount(ctx context.Context, req *identityv1.DisableAccountRequest) (*identityv1.DisableAccountResponse, error) {
	id, err := readID(req.GetId())
	if err != nil {
		return nil, err
	}
	account, err := s.accounts.SetDisabled(ctx, id, req.GetEtag(), true)
	if err != nil {
		return nil, err
	}
	return &identityv1.DisableAccountResponse{Account: protoconv.Account(account)}, nil
}

// EnableAccount lets an account sign in again.
func (s *StaffServer) EnableAccount(ctx context.Context, req *identityv1.EnableAccountRequest) (*identityv1.EnableAccountResponse, error) {
	id, err := readID(req.GetId())
	if err != nil {
		return nil, err
	}
	account, err := s.accounts.SetDisabled(ctx, id, req.GetEtag(), false)
	if err != nil {
		return nil, err
	}
	return &identityv1.EnableAccountResponse{Account: protoconv.Account(account)}, nil
}

// CreateApiKey makes a key of the caller's.
func (s *StaffServer) CreateApiKey(ctx context.Context, req *identityv1.CreateApiKeyRequest) (*identityv1.CreateApiKeyResponse, error) {
	expire := req.GetExpireTime().AsTime().Truncate(time.Microsecond)
	key, secret, err := s.accounts.CreateAPIKey(ctx, req.GetDisplayName(), permissions(req.GetPermissions()), expire)
	if err != nil {
		return nil, err
	}
	return &identityv1.CreateApiKeyResponse{ApiKey: protoconv.APIKey(key), Secret: secret}, nil
}

// ListApiKeys lists keys that fit a filter.
func (s *StaffServer) ListApiKeys(ctx context.Context, req *identityv1.ListApiKeysRequest) (*identityv1.ListApiKeysResponse, error) {
	keys, next, err := s.accounts.ListAPIKeys(ctx, page.Request{
		Size: req.GetPageSize(), Token: req.GetPageToken(), Filter: req.GetFilter(), OrderBy: req.GetOrderBy(),
	})
	if err != nil {
		return nil, err
	}
	res := &identityv1.ListApiKeysResponse{ApiKeys: make([]*identityv1.ApiKey, len(keys)), NextPageToken: next}
	for i, key := range keys {
		res.ApiKeys[i] = protoconv.APIKey(key)
	}
	return res, nil
}

// RevokeApiKey ends a key.
func (s *StaffServer) RevokeApiKey(ctx context.Context, req *identityv1.RevokeApiKeyRequest) (*identityv1.RevokeApiKeyResponse, error) {
	id, err := readID(req.GetId())
	if err != nil {
		return nil, err
	}
	key, err := s.accounts.RevokeAPIKey(ctx, id)
	if err != nil {
		return nil, err
	}
	return &identityv1.RevokeApiKeyResponse{ApiKey: protoconv.APIKey(key)}, nil
}

func readID(text string) (uuid.UUID, error) {
	id, err := grammar.UUID(text)
	if err != nil {
		return uuid.Nil, fault.Fields(fault.Violation{Field: "id", Description: err.Error()})
	}
	return id, nil
}

func permissions(given []optionsv1.Permission) []domain.Permission {
	list := make([]domain.Permission, len(given))
	for i, p := range given {
		list[i] = domain.Permission(p)
	}
	return list
}
