package rpc

import (
	"context"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/identity/internal/protoconv"
)

// ListAccounts lists accounts that fit a filter.
func (s *StaffServer) ListAccounts(ctx context.Context, req *identityv1.ListAccountsRequest) (*identityv1.ListAccountsResponse, error) {
	accounts, err := s.accounts.ListAccounts(ctx, page.Request{
		Size: req.GetPageSize(), Token: req.GetPageToken(), Filter: req.GetFilter(), OrderBy: req.GetOrderBy(),
	})
	if err != nil {
		return nil, err
	}
	res := &identityv1.ListAccountsResponse{Accounts: make([]*identityv1.Account, len(accounts.Items)), NextPageToken: accounts.Next}
	for i, account := range accounts.Items {
		res.Accounts[i] = protoconv.Account(account)
	}
	return res, nil
}
