package app

import (
	"context"

	"github.com/google/uuid"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/protoconv"
)

// Ship records that a confirmed order was sent. One that was sent in just this way is
// answered as it is. Errors: INVALID_FIELD, ORDER_NOT_FOUND, ORDER_STATE,
// ORDER_REFUNDED, ETAG_MISMATCH, REQUEST_ID_REUSED.
func (s *Orders) Ship(ctx context.Context, requestID, id uuid.UUID, request *orderv1.ShipOrderRequest) (*orderv1.ShipOrderResponse, error) {
	how := domain.Dispatch{Carrier: request.GetCarrier(), TrackingCode: request.GetTrackingCode(), ShipRefunded: request.GetShipRefunded()}
	return changed(ctx, s, change{
		rpc: "ShipOrder", requestID: requestID, orderID: id, etag: request.GetEtag(),
		done: func(o *domain.Order) bool { return o.SentAs(how) },
		decide: func(o *domain.Order) (domain.Decision, error) {
			return o.Ship(s.NewID(), how, s.Settings.Now().Retry, s.cause(ctx))
		},
	}, request, &orderv1.ShipOrderResponse{}, func(o *domain.Order, history []domain.Entry) *orderv1.ShipOrderResponse {
		return &orderv1.ShipOrderResponse{Order: protoconv.Order(o, history)}
	})
}
