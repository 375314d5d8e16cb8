package rpc

import (
	"context"
	"strings"

	errorsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/errors/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	kitrpc "github.com/shopmesh/shopmesh/kit/rpc"
)

// BatchShipOrders records that several orders were sent, each as ShipOrder does.
func (s *Server) BatchShipOrders(ctx context.Context, req *orderv1.BatchShipOrdersRequest) (*orderv1.BatchShipOrdersResponse, error) {
	rows := req.GetRequests()
	id := func(row *orderv1.ShipOrderRequest) string { return strings.ToLower(row.GetId()) }
	if err := kitrpc.Distinct(rows, "id", id); err != nil {
		return nil, err
	}
	outcomes, err := kitrpc.EachRow(ctx, rows, s.shipRow, func(refusal *errorsv1.Refusal) *orderv1.ShipOrderOutcome {
		return &orderv1.ShipOrderOutcome{Outcome: &orderv1.ShipOrderOutcome_Refusal{Refusal: refusal}}
	})
	if err != nil {
		return nil, err
	}
	return &orderv1.BatchShipOrdersResponse{Outcomes: outcomes}, nil
}

func (s *Server) shipRow(ctx context.Context, row *orderv1.ShipOrderRequest) (*orderv1.ShipOrderOutcome, error) {
	done, err := s.ShipOrder(ctx, row)
	if err != nil {
		return nil, err
	}
	return &orderv1.ShipOrderOutcome{Outcome: &orderv1.ShipOrderOutcome_Order{Order: done.GetOrder()}}, nil
}
