package domain

import (
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/money"
)

// RefundStatus is how a refund stands. The numbers are those of the contract's
// RefundStatus and of the database.
type RefundStatus int16

// The statuses of a refund.
const (
	// RefundPending waits for the provider's answer; its amount is spoken for.
	RefundPending RefundStatus = 1
	// RefundSucceeded gave the money back.
	RefundSucceeded RefundStatus = 2
	// RefundFailed gave nothing back: the provider declined.
	RefundFailed RefundStatus = 3
)

// RefundOrigin is who caused a refund. The numbers are those of the contract's
// RefundOrigin and of the database.
type RefundOrigin int16

// The origins of a refund.
const (
	// OriginRequest: somebody called RefundPayment.
	OriginRequest RefundOrigin = 1
	// OriginOrderCancelled: the order was cancelled.
	OriginOrderCancelled RefundOrigin = 2
	// OriginProvider: it was made at the provider. The shop never requests it there.
	OriginProvider RefundOrigin = 3
)

// The codes of refusals that are final: the same request would be refused again.
const (
	// CodeRefundTooLarge: more than is left at the provider.
	CodeRefundTooLarge = "refund_exceeds_charge"
	// CodeAlreadyRefunded: nothing is left at the provider.
	CodeAlreadyRefunded = "charge_already_refunded"
	// CodeDisputed: the bank took the money back, or is about to.
	CodeDisputed = "charge_disputed"
)

// ReasonOrderCancelled is the reason of a refund that follows a cancelled order.
const ReasonOrderCancelled = "order cancelled"

// Refund is money given back, or to be given back.
type Refund struct {
	ID        uuid.UUID
	PaymentID uuid.UUID
	OrderID   uuid.UUID
	Amount    money.Money
	Status    RefundStatus
	Origin    RefundOrigin
	Reason    string
	// Lines are what it is for, where whoever requested it said so.
	Lines []RefundLine
	// Requester is the key of who requested it: a caller, "service/order", or
	// "provider/stripe".
	Requester string
	// ProviderRefundID is the provider's id; empty until known.
	ProviderRefundID string
	// FailureCode is why the provider declined; empty otherwise.
	FailureCode string
	// Version is the payment's version when it succeeded; 0 before.
	Version int64
	// Attempts counts the requests whose outcome was recorded, Polls those that found
	// that the provider still works on it.
	Attempts int32
	Polls    int32
	// Due is when the provider is to be called, or called again; zero once decided.
	Due        time.Time
	Trace      string
	CreateTime time.Time
	UpdateTime time.Time
}

// known notes the provider's id. One that was made at the provider is known by it from
// the beginning.
func (r *Refund) known(providerID string) {
	if r.Origin != OriginProvider {
		r.ProviderRefundID = providerID
	}
}

// refusedForGood reports whether the provider refused it in a way that another
// request for this amount would be refused too; because of a dispute, until that is closed.
func (r Refund) refusedForGood(amount int64) bool {
	if r.Status != RefundFailed || r.Origin == OriginProvider {
		return false
	}
	switch r.FailureCode {
	case CodeRefundTooLarge:
		return amount >= r.Amount.Amount
	case CodeAlreadyRefunded, CodeDisputed:
		return true
	}
	return false
}

// RefundLine is a part of what was ordered: some of a line, named by its product's code.
type RefundLine struct {
	ProductCode string
	Quantity    int32
}

// OrderedLine is a line of the order.
type OrderedLine struct {
	ProductCode string
	UnitPrice   money.Money
	Quantity    int32
}

// RefundOrder is a refund to be requested from the provider.
type RefundOrder struct {
	Refund Refund
	// Provider is the name of who took the money.
	Provider string
	// ChargeID is the provider's id of the charge to give back from.
	ChargeID string
}
