// Package protoconv translates between orders and the contract's messages, for replies
// and events alike.
package protoconv

import (
	"time"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/protobuf/types/known/timestamppb"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// Order returns an order with the history given; none for lists.
func Order(from *domain.Order, history []domain.Entry) *orderv1.Order {
	o := from.Snapshot()
	order := &orderv1.Order{
		Id:              o.ID.String(),
		Number:          o.Number,
		State:           State(o.State),
		CancelReason:    Reason(o.CancelReason),
		Lines:           lines(o.Lines),
		Adjustments:     adjustments(o.Adjustments),
		Subtotal:        moneypb.Proto(o.Subtotal),
		Total:           moneypb.Proto(o.Total),
		Contact:         contact(o),
		ShippingAddress: address(o),
		CustomerId:      ID(o.CustomerID),
		PaymentMethod:   o.PaymentMethod,
		PaymentId:       o.PaymentID.String(),
		Captured:        moneypb.Proto(o.Captured),
		Refunded:        moneypb.Proto(o.Refunded),
		Balance:         moneypb.Proto(o.Balance()),
		Shipment:        Shipment(o.Shipment),
		CreateTime:      timestamppb.New(o.CreateTime),
		UpdateTime:      timestamppb.New(o.UpdateTime),
		ExpireTime:      timestamp(o.ExpireTime),
		Etag:            from.Etag(),
		LanguageCode:    o.LanguageCode,
	}
	for _, dispute := range o.Disputes {
		order.Disputes = append(order.Disputes, disputed(dispute))
	}
	for _, entry := range history {
		order.History = append(order.History, Entry(entry))
	}
	return order
}

func disputed(d domain.Dispute) *orderv1.OrderDispute {
	return &orderv1.OrderDispute{
		Id: d.ID, Reason: d.Reason, Amount: moneypb.Proto(d.Amount), Status: disputeStatuses[d.Status],
		OpenTime: timestamppb.New(d.OpenTime), CloseTime: timestamp(d.CloseTime),
	}
}

var disputeStatuses = map[domain.DisputeStatus]orderv1.OrderDisputeStatus{
	domain.DisputeNeedsResponse: orderv1.OrderDisputeStatus_ORDER_DISPUTE_STATUS_NEEDS_RESPONSE,
	domain.DisputeUnderReview:   orderv1.OrderDisputeStatus_ORDER_DISPUTE_STATUS_UNDER_REVIEW,
	domain.DisputeWon:           orderv1.OrderDisputeStatus_ORDER_DISPUTE_STATUS_WON,
	domain.DisputeLost:          orderv1.OrderDisputeStatus_ORDER_DISPUTE_STATUS_LOST,
	domain.DisputeClosed:        orderv1.OrderDisputeStatus_ORDER_DISPUTE_STATUS_CLOSED,
}

// Entry returns an entry of an order's history.
func Entry(e domain.Entry) *orderv1.OrderHistoryEntry {
	return &orderv1.OrderHistoryEntry{
		Version: e.Version, Step: steps[e.Step], State: State(e.State), CancelReason: Reason(e.CancelReason),
		Note: e.Note, Actor: e.Actor, CreateTime: timestamppb.New(e.Time), TraceId: e.TraceID,
	}
}

var steps = map[domain.Step]orderv1.OrderStep{
	domain.Moved:          orderv1.OrderStep_ORDER_STEP_STATE,
	domain.ActionRequired: orderv1.OrderStep_ORDER_STEP_PAYMENT_ACTION_REQUIRED,
	domain.Processing:     orderv1.OrderStep_ORDER_STEP_PAYMENT_PROCESSING,
	domain.Updated:        orderv1.OrderStep_ORDER_STEP_UPDATED,
	domain.Disputed:       orderv1.OrderStep_ORDER_STEP_PAYMENT_DISPUTED,
	domain.Claimed:        orderv1.OrderStep_ORDER_STEP_CLAIMED,
}

// Quote returns what lines cost, with the payment methods that can take it.
func Quote(q domain.Quote, methods []string) *orderv1.OrderQuote {
	return &orderv1.OrderQuote{
		Lines: lines(q.Lines), Adjustments: adjustments(q.Adjustments),
		Subtotal: moneypb.Proto(q.Subtotal), Total: moneypb.Proto(q.Total), PaymentMethods: methods,
	}
}

// Notice returns what others need to act on an order.
func Notice(o domain.Snapshot, version int64) *orderv1.OrderNotice {
	return &orderv1.OrderNotice{
		OrderId: o.ID.String(), Number: o.Number, Version: version,
		Lines: lines(o.Lines), Adjustments: adjustments(o.Adjustments),
		Subtotal: moneypb.Proto(o.Subtotal), Total: moneypb.Proto(o.Total),
		Contact: contact(o), CustomerId: ID(o.CustomerID), ShippingAddress: address(o),
		LanguageCode: o.LanguageCode,
	}
}

// Shipment returns how an order was sent; nil when it was not.
func Shipment(s domain.Shipment) *orderv1.Shipment {
	if s.ID == uuid.Nil {
		return nil
	}
	return &orderv1.Shipment{
		Id: s.ID.String(), Carrier: s.Carrier, TrackingCode: s.TrackingCode,
		ShipTime: timestamppb.New(s.ShipTime), DeliverTime: timestamp(s.DeliverTime),
	}
}

// ReservationLines returns what inventory is to reserve.
func ReservationLines(all []domain.Line) []*orderv1.ReservationLine {
	out := make([]*orderv1.ReservationLine, len(all))
	for i, line := range all {
		out[i] = &orderv1.ReservationLine{ProductId: line.ProductID.String(), ProductCode: line.Code, Quantity: line.Quantity}
	}
	return out
}

// State returns a state. The domain's numbers are its own, hence the table.
func State(s domain.State) orderv1.OrderState {
	switch s {
	case domain.Placed:
		return orderv1.OrderState_ORDER_STATE_PLACED
	case domain.AwaitingPayment:
		return orderv1.OrderState_ORDER_STATE_AWAITING_PAYMENT
	case domain.Confirmed:
		return orderv1.OrderState_ORDER_STATE_CONFIRMED
	case domain.Shipped:
		return orderv1.OrderState_ORDER_STATE_SHIPPED
	case domain.Delivered:
		return orderv1.OrderState_ORDER_STATE_DELIVERED
	case domain.Cancelled:
		return orderv1.OrderState_ORDER_STATE_CANCELLED
	default:
		return orderv1.OrderState_ORDER_STATE_UNSPECIFIED
	}
}

// Reason returns why an order was cancelled.
func Reason(r domain.CancelReason) orderv1.CancelReason {
	switch r {
	case domain.OutOfStock:
		return orderv1.CancelReason_CANCEL_REASON_OUT_OF_STOCK
	case domain.PaymentDeclined:
		return orderv1.CancelReason_CANCEL_REASON_PAYMENT_FAILED
	case domain.Expired:
		return orderv1.CancelReason_CANCEL_REASON_EXPIRED
	case domain.Requested:
		return orderv1.CancelReason_CANCEL_REASON_REQUESTED
	default:
		return orderv1.CancelReason_CANCEL_REASON_UNSPECIFIED
	}
}

func lines(all []domain.Line) []*orderv1.OrderLine {
	out := make([]*orderv1.OrderLine, len(all))
	for i, line := range all {
		out[i] = &orderv1.OrderLine{
			ProductId: line.ProductID.String(), ProductCode: line.Code, Name: line.Name,
			UnitPrice: moneypb.Proto(line.UnitPrice), Quantity: line.Quantity, Total: moneypb.Proto(line.Total),
		}
	}
	return out
}

func adjustments(all []domain.Adjustment) []*orderv1.Adjustment {
	out := make([]*orderv1.Adjustment, len(all))
	for i, a := range all {
		out[i] = &orderv1.Adjustment{Kind: adjustmentKind(a.Kind), Label: a.Label, Amount: moneypb.Proto(a.Amount)}
	}
	return out
}

func adjustmentKind(k domain.AdjustmentKind) orderv1.AdjustmentKind {
	switch k {
	case domain.Shipping:
		return orderv1.AdjustmentKind_ADJUSTMENT_KIND_SHIPPING
	case domain.Tax:
		return orderv1.AdjustmentKind_ADJUSTMENT_KIND_TAX
	case domain.Discount:
		return orderv1.AdjustmentKind_ADJUSTMENT_KIND_DISCOUNT
	default:
		return orderv1.AdjustmentKind_ADJUSTMENT_KIND_UNSPECIFIED
	}
}

// contact is nil once the person's data was erased.
func contact(o domain.Snapshot) *orderv1.Contact {
	if o.Erased {
		return nil
	}
	return &orderv1.Contact{
		FirstName: o.Contact.FirstName, LastName: o.Contact.LastName, Email: o.Contact.Email, Phone: o.Contact.Phone,
	}
}

func address(o domain.Snapshot) *postaladdress.PostalAddress {
	if o.Erased {
		return nil
	}
	a := o.Address
	return &postaladdress.PostalAddress{
		Revision: a.Revision, RegionCode: a.RegionCode, LanguageCode: a.LanguageCode, PostalCode: a.PostalCode,
		SortingCode: a.SortingCode, AdministrativeArea: a.AdministrativeArea, Locality: a.Locality,
		Sublocality: a.Sublocality, AddressLines: a.AddressLines, Recipients: a.Recipients, Organization: a.Organization,
	}
}

// FromContact reads whom to write to.
func FromContact(c *orderv1.Contact) domain.Contact {
	return domain.Contact{FirstName: c.GetFirstName(), LastName: c.GetLastName(), Email: c.GetEmail(), Phone: c.GetPhone()}
}

// FromAddress reads a postal address.
func FromAddress(a *postaladdress.PostalAddress) domain.Address {
	return domain.Address{
		Revision: a.GetRevision(), RegionCode: a.GetRegionCode(), LanguageCode: a.GetLanguageCode(),
		PostalCode: a.GetPostalCode(), SortingCode: a.GetSortingCode(), AdministrativeArea: a.GetAdministrativeArea(),
		Locality: a.GetLocality(), Sublocality: a.GetSublocality(), AddressLines: a.GetAddressLines(),
		Recipients: a.GetRecipients(), Organization: a.GetOrganization(),
	}
}

// ID returns an id; empty for uuid.Nil.
func ID(given uuid.UUID) string {
	if given == uuid.Nil {
		return ""
	}
	return given.String()
}

func timestamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}
