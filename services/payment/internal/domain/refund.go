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

// ReasonOrderCancelled is the reason of a refund that follows a cancelled order.
const ReasonOrderCancelled = "order cancelled"

// Refund is money given back, or to be given back.
type Refund struct {
	ID        uuid.UUID
	PaymentID uuid.UUID
	OrderID   uuid.UUID
	Amount    money.Money
	Status    RefundStatus
	Reason    string
	// Requester is the key of who asked: a caller, or "service/order".
	Requester string
	// ProviderRefundID is the provider's id; empty until known.
	ProviderRefundID string
	// FailureCode says why the provider declined; empty otherwise.
	FailureCode string
	// Version is the payment's version when it succeeded; 0 before.
	Version  int64
	Attempts int32
	// Due is when the provider is to be asked, or asked again; zero once settled.
	Due        time.Time
	Trace      string
	CreateTime time.Time
	UpdateTime time.Time
}

// RefundOrder is a refund that the provider is to be asked for.
type RefundOrder struct {
	Refund Refund
	// Provider is the name of who took the money.
	Provider string
	// ChargeID is the provider's id of the charge to give back from.
	ChargeID string
}
