package app

import (
	"context"

	"github.com/google/uuid"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/protoconv"
)

// MarkDelivered records that a shipped order arrived. One that arrived already is
// answered as it is. Errors: ORDER_NOT_FOUND, ORDER_STATE, ETAG_MISMATCH,
// REQUEST_ID_REUSED.
func (s *Orders) MarkDelivered(
	ctx context.Context, requestID, id uuid.UUID, request *orderv1.MarkOrderDeliveredRequest,
) (*orderv1.MarkOrderDeliveredResponse, error) {
	return changed(ctx, s, change{
		rpc: "MarkOrderDelivered", requestID: requestID, orderID: id, etag: request.GetEtag(),
		done:   func(o *domain.Order) bool { return o.State() == domain.Delivered },
		decide: func(o *domain.Order) (domain.Decision, error) { return o.Deliver(s.cause(ctx)) },
	}, request, &orderv1.MarkOrderDeliveredResponse{}, func(o *domain.Order, history []domain.Entry) *orderv1.MarkOrderDeliveredResponse {
		return &orderv1.MarkOrderDeliveredResponse{Order: protoconv.Order(o, history)}
	})
}
