package rpc

import (
	"context"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
)

// SummarizeOrders returns what was sold, by day and currency.
func (s *Server) SummarizeOrders(ctx context.Context, req *orderv1.SummarizeOrdersRequest) (*orderv1.SummarizeOrdersResponse, error) {
	days, sums, err := s.orders.Summarize(ctx, req.GetStartDate(), req.GetEndDate())
	if err != nil {
		return nil, err
	}
	res := &orderv1.SummarizeOrdersResponse{
		StartDate: days.Date(0), EndDate: days.Date(days.Len() - 1), TimeZone: days.Zone().String(), Sums: make([]*orderv1.OrderSum, len(sums)),
	}
	for i, sum := range sums {
		res.Sums[i] = &orderv1.OrderSum{
			Date: sum.Date, OrderCount: sum.Orders,
			Paid: moneypb.Proto(sum.Paid), Refunded: moneypb.Proto(sum.Refunded()), Revenue: moneypb.Proto(sum.Revenue),
		}
	}
	return res, nil
}
