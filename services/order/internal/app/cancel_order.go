package app

import (
	"context"

	"github.com/google/uuid"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/protoconv"
)

// Cancel ends an order because somebody wants it. Errors: INVALID_FIELD,
// ORDER_NOT_FOUND, ORDER_STATE, ETAG_MISMATCH, REQUEST_ID_REUSED.
func (s *Orders) Cancel(ctx context.Context, requestID, id uuid.UUID, request *orderv1.CancelOrderRequest) (*orderv1.CancelOrderResponse, error) {
	return changed(ctx, s, change{
		rpc: "CancelOrder", requestID: requestID, orderID: id, etag: request.GetEtag(),
		decide: func(o *domain.Order) (domain.Decision, error) {
			return o.Cancel(request.GetReason(), s.Settings.Now().Retry, s.cause(ctx))
		},
	}, request, &orderv1.CancelOrderResponse{}, func(o *domain.Order, history []domain.Entry) *orderv1.CancelOrderResponse {
		return &orderv1.CancelOrderResponse{Order: protoconv.Order(o, history)}
	})
}
