package app

import (
	"context"

	"github.com/google/uuid"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/mask"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/protoconv"
)

// Update corrects contact and address of an order that is not shipped, carrier and
// tracking code of one that is. Errors: ORDER_NOT_FOUND, ORDER_STATE, ETAG_MISMATCH,
// CUSTOMER_ERASED, REQUEST_ID_REUSED, INVALID_FIELD; PERMISSION_DENIED for a shipment
// that a customer would change.
func (s *Orders) Update(ctx context.Context, requestID, id uuid.UUID, request *orderv1.UpdateOrderRequest) (*orderv1.UpdateOrderResponse, error) {
	// Of a shipment, carrier and tracking code change; its other fields are the server's,
	// and have no effect (AIP-203).
	fields, err := mask.Read(request.GetUpdateMask(), request.GetOrder(), "contact", "shipping_address", "shipment")
	if err != nil {
		return nil, err
	}
	if fields.Has("shipment") && !authz.Caller(ctx).May(optionsv1.Permission_PERMISSION_ORDERS_WRITE) {
		return nil, fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied,
			"only the shop's staff corrects carrier and tracking code").Field("update_mask", "must not name the shipment")
	}
	return changed(ctx, s, change{
		rpc: "UpdateOrder", requestID: requestID, orderID: id, etag: request.GetOrder().GetEtag(),
		decide: func(o *domain.Order) (domain.Decision, error) {
			return o.Update(s.NewID(), editOf(fields, o, request.GetOrder()), s.Settings.Now().Retry, s.cause(ctx))
		},
	}, request, &orderv1.UpdateOrderResponse{}, func(o *domain.Order, history []domain.Entry) *orderv1.UpdateOrderResponse {
		return &orderv1.UpdateOrderResponse{Order: protoconv.Order(o, history)}
	})
}

// editOf is what a request changes of an order, whole parts of it.
func editOf(fields mask.Fields, o *domain.Order, given *orderv1.Order) domain.Edit {
	next := mask.Apply(fields, protoconv.Order(o, nil), given)
	var edit domain.Edit
	if fields.Has("contact") {
		contact := protoconv.FromContact(next.GetContact())
		edit.Contact = &contact
	}
	if fields.Has("shipping_address") {
		address := protoconv.FromAddress(next.GetShippingAddress())
		edit.Address = &address
	}
	if fields.Has("shipment.carrier") {
		carrier := next.GetShipment().GetCarrier()
		edit.Carrier = &carrier
	}
	if fields.Has("shipment.tracking_code") {
		code := next.GetShipment().GetTrackingCode()
		edit.TrackingCode = &code
	}
	return edit
}
