package rpc

import (
	"context"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/payment/internal/protoconv"
)

// ListContradictions reads a page of contradictions, newest first.
func (s *Server) ListContradictions(ctx context.Context, req *paymentv1.ListContradictionsRequest) (*paymentv1.ListContradictionsResponse, error) {
	found, next, err := s.payments.ListContradictions(ctx, page.Request{
		Size: req.GetPageSize(), Token: req.GetPageToken(), Filter: req.GetFilter(),
	})
	if err != nil {
		return nil, err
	}
	res := &paymentv1.ListContradictionsResponse{NextPageToken: next, Contradictions: make([]*paymentv1.Contradiction, len(found))}
	for i, c := range found {
		res.Contradictions[i] = protoconv.Contradiction(c)
	}
	return res, nil
}
