package rpc

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// GetOrderTimeline returns all that happened to an order, in every context.
func (s *Server) GetOrderTimeline(ctx context.Context, req *orderv1.GetOrderTimelineRequest) (*orderv1.GetOrderTimelineResponse, error) {
	id, err := readOrderID(req.GetId())
	if err != nil {
		return nil, err
	}
	all, missing, err := s.orders.Timeline(ctx, id, s.sources)
	if err != nil {
		return nil, err
	}
	res := &orderv1.GetOrderTimelineResponse{Missing: missing}
	for _, h := range all {
		res.Entries = append(res.Entries, &orderv1.TimelineEntry{
			CreateTime: timestamppb.New(h.Time), Context: h.Context, Kind: h.Kind, Detail: h.Detail, Actor: h.Actor, TraceId: h.TraceID,
		})
	}
	return res, nil
}
