package rpc

import (
	"context"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/order/internal/protoconv"
)

// QuoteOrder returns what lines would cost now.
func (s *Server) QuoteOrder(ctx context.Context, req *orderv1.QuoteOrderRequest) (*orderv1.QuoteOrderResponse, error) {
	quote, err := s.products.Quote(ctx, readLines(req.GetLines()))
	if err != nil {
		return nil, err
	}
	return &orderv1.QuoteOrderResponse{Quote: protoconv.Quote(quote, s.orders.Settings.Now().PaymentMethods.Fitting(quote.Total))}, nil
}
