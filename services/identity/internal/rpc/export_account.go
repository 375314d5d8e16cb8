package rpc

import (
	"context"

	"github.com/google/uuid"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/protoconv"
)

// ExportAccount returns what is kept about a customer who signs in.
func (s *AccountServer) ExportAccount(ctx context.Context, req *identityv1.ExportAccountRequest) (*identityv1.ExportAccountResponse, error) {
	customer, err := readID("customer_id", req.GetCustomerId())
	if err != nil {
		return nil, err
	}
	account, sessions, life, err := s.accounts.ExportAccount(ctx, customer)
	if err != nil || account.ID == uuid.Nil {
		return &identityv1.ExportAccountResponse{}, err
	}
	res := &identityv1.ExportAccountResponse{Account: protoconv.Account(account)}
	for _, session := range sessions {
		res.Sessions = append(res.Sessions, protoconv.ActiveSession(session, life, false))
	}
	return res, nil
}
