package app

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/idempotency"
)

// stored are the messages that idempotency records hold, by RPC.
func stored(rpc string) (request, response proto.Message, err error) {
	switch rpc {
	case placeRPC:
		return &orderv1.PlaceOrderRequest{}, &orderv1.PlaceOrderResponse{}, nil
	case "CancelOrder":
		return &orderv1.CancelOrderRequest{}, &orderv1.CancelOrderResponse{}, nil
	case "ShipOrder":
		return &orderv1.ShipOrderRequest{}, &orderv1.ShipOrderResponse{}, nil
	case "MarkOrderDelivered":
		return &orderv1.MarkOrderDeliveredRequest{}, &orderv1.MarkOrderDeliveredResponse{}, nil
	case "UpdateOrder":
		return &orderv1.UpdateOrderRequest{}, &orderv1.UpdateOrderResponse{}, nil
	default:
		return nil, nil, fmt.Errorf("no answers of %s are stored", rpc)
	}
}

// blankRecord returns a record without what it holds about a person.
func blankRecord(record idempotency.Record) (idempotency.Record, error) {
	request, response, err := stored(record.RPC)
	if err != nil {
		return record, err
	}
	if err := proto.Unmarshal(record.Request, request); err != nil {
		return record, fmt.Errorf("read the stored request %s: %w", record.RequestID, err)
	}
	if err := proto.Unmarshal(record.Response, response); err != nil {
		return record, fmt.Errorf("read the stored answer to %s: %w", record.RequestID, err)
	}
	if answer, ok := response.(interface{ GetOrder() *orderv1.Order }); ok {
		blankOrder(answer.GetOrder())
	}
	return idempotency.NewRecord(record.Key, blankRequest(request), response)
}

// blankRequest returns a copy of a request without what people typed into it.
func blankRequest(request proto.Message) proto.Message {
	request = proto.Clone(request)
	switch r := request.(type) {
	case *orderv1.PlaceOrderRequest:
		r.Contact, r.ShippingAddress = nil, nil
	case *orderv1.CancelOrderRequest:
		r.Reason = ""
	case *orderv1.ShipOrderRequest:
		r.Carrier, r.TrackingCode = "", ""
	case *orderv1.UpdateOrderRequest:
		blankOrder(r.GetOrder())
	}
	return request
}

func blankOrder(o *orderv1.Order) {
	if o == nil {
		return
	}
	o.Contact, o.ShippingAddress = nil, nil
	if o.GetShipment() != nil {
		o.Shipment.Carrier, o.Shipment.TrackingCode = "", ""
	}
	for _, entry := range o.GetHistory() {
		if entry.GetCancelReason() == orderv1.CancelReason_CANCEL_REASON_REQUESTED {
			entry.Note = ""
		}
	}
}
