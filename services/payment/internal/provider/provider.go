// Package provider is the port to whoever takes the money. Requests are single and
// repeatable: each carries an idempotency key, and the provider answers a repeated
// key with what it recorded the first time.
package provider

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/money"
)

// Provider takes money and gives it back.
//
// A nil error is an answer: the provider acted, or declined. Any error leaves open
// whether the provider acted (a time-out, a lost connection, a failure of the
// provider): the same request is repeated under the same key until there is an
// answer.
type Provider interface {
	// Charge takes money for a payment.
	Charge(ctx context.Context, request ChargeRequest) (Charge, error)
	// Refund gives back money of a charge.
	Refund(ctx context.Context, request RefundRequest) (Refund, error)
	// LookUp reads a charge by the provider's id; ErrNotFound when there is none,
	// which says nothing about a request that may still be under way.
	LookUp(ctx context.Context, id string) (Charge, error)
}

// ErrNotFound is a charge that the provider does not know.
var ErrNotFound = errors.New("the provider knows no such charge")

// ErrKeyReused is a key that came before with other parameters: a mistake of ours,
// which the provider refuses to act on.
var ErrKeyReused = errors.New("the idempotency key was used with other parameters")

// ChargeKey is the idempotency key of a payment's charge: the same at each attempt.
func ChargeKey(paymentID uuid.UUID) string { return "charge-" + paymentID.String() }

// RefundKey is the idempotency key of a refund: the same at each attempt.
func RefundKey(refundID uuid.UUID) string { return "refund-" + refundID.String() }

// ChargeRequest asks to take money.
type ChargeRequest struct {
	// Key is the idempotency key, see ChargeKey.
	Key string
	// PaymentID, OrderID and Reference are kept by the provider as metadata.
	PaymentID uuid.UUID
	OrderID   uuid.UUID
	Reference string
	// Amount is more than 0.
	Amount money.Money
	// Method is how it is paid, in the provider's terms.
	Method string
}

// Status is what the provider did.
type Status int16

// The statuses of a charge or refund.
const (
	// Succeeded: the money was moved.
	Succeeded Status = 1
	// Declined: nothing was moved; Code says why.
	Declined Status = 2
)

// Charge is the provider's answer to a ChargeRequest.
type Charge struct {
	// ID is the provider's.
	ID     string
	Status Status
	// Code says why it was declined, such as "card_declined".
	Code string
}

// RefundRequest asks to give money back.
type RefundRequest struct {
	// Key is the idempotency key, see RefundKey.
	Key string
	// ChargeID is the provider's id of the charge.
	ChargeID string
	RefundID uuid.UUID
	// Amount is more than 0, in the charge's currency.
	Amount money.Money
}

// Refund is the provider's answer to a RefundRequest.
type Refund struct {
	// ID is the provider's.
	ID     string
	Status Status
	// Code says why it was declined.
	Code string
}
