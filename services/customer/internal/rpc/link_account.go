package rpc

import (
	"context"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
)

// LinkAccount returns the customer of an account.
func (s *Server) LinkAccount(ctx context.Context, req *customerv1.LinkAccountRequest) (*customerv1.LinkAccountResponse, error) {
	var read reader
	account := read.id("account_id", req.GetAccountId())
	if err := read.err(); err != nil {
		return nil, err
	}
	fields := domain.CustomerFields{FirstName: req.GetFirstName(), LastName: req.GetLastName(), Email: req.GetEmail()}
	id, err := s.customers.LinkAccount(ctx, account, fields)
	if err != nil {
		return nil, err
	}
	return &customerv1.LinkAccountResponse{CustomerId: id.String()}, nil
}
