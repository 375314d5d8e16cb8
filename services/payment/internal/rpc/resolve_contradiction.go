package rpc

import (
	"context"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/services/payment/internal/protoconv"
)

// ResolveContradiction notes that the caller looked into a contradiction.
func (s *Server) ResolveContradiction(ctx context.Context, req *paymentv1.ResolveContradictionRequest) (*paymentv1.ResolveContradictionResponse, error) {
	id, err := readID("id", req.GetId())
	if err != nil {
		return nil, err
	}
	c, err := s.payments.ResolveContradiction(ctx, id, authz.Caller(ctx).Key(), req.GetNote())
	if err != nil {
		return nil, err
	}
	return &paymentv1.ResolveContradictionResponse{Contradiction: protoconv.Contradiction(c)}, nil
}
