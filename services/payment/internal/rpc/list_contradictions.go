package rpc

import (
	"context"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/payment/internal/protoconv"
)

// ListContradictions reads a page of contradictions, newest first.
func (s *Server) ListContradictions(ctx context.Context, req *paymentv1.ListContradictionsRequest) (*paymentv1.ListContradictionsResponse, error) {
	found, err := s.payments.ListContradictions(ctx, page.Request{
		Size: req.GetPageSize(), Token: req.GetPageToken(), Filter: req.GetFilter(),
	})
	if err != nil {
		return nil, err
	}
	res := &paymentv1.ListContradictionsResponse{NextPageToken: found.Next, Contradictions: make([]*paymentv1.Contradiction, len(found.Items))}
	for i, c := range found.Items {
		res.Contradictions[i] = protoconv.Contradiction(c)
	}
	return res, nil
}
