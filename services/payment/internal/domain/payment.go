package domain

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/etag"
	"github.com/shopmesh/shopmesh/kit/money"
)

// PaymentStatus is how a payment stands. The numbers are those of the contract's
// PaymentStatus and of the database.
type PaymentStatus int16

// The statuses of a payment.
const (
	// PaymentPending waits for the provider's answer.
	PaymentPending PaymentStatus = 1
	// PaymentCaptured has the money.
	PaymentCaptured PaymentStatus = 2
	// PaymentFailed took nothing: the provider declined.
	PaymentFailed PaymentStatus = 3
	// PaymentCancelled took nothing: the order was cancelled before.
	PaymentCancelled PaymentStatus = 4
	// PaymentPartiallyRefunded gave a part of the money back.
	PaymentPartiallyRefunded PaymentStatus = 5
	// PaymentRefunded gave all of the money back.
	PaymentRefunded PaymentStatus = 6
)

var paymentStatusNames = [...]string{
	PaymentPending:           "PENDING",
	PaymentCaptured:          "CAPTURED",
	PaymentFailed:            "FAILED",
	PaymentCancelled:         "CANCELLED",
	PaymentPartiallyRefunded: "PARTIALLY_REFUNDED",
	PaymentRefunded:          "REFUNDED",
}

// String returns the status' name in the contract, without its prefix.
func (s PaymentStatus) String() string {
	if s < PaymentPending || s > PaymentRefunded {
		return "UNKNOWN"
	}
	return paymentStatusNames[s]
}

// The versions of a payment count what is published about it: it was requested (1),
// its outcome was decided (2), then each refund that succeeded and each change of a
// dispute. So the outcome always has OutcomeVersion, however often and late it is
// published, and what is published before it has RequestedVersion.
const (
	RequestedVersion int64 = 1
	OutcomeVersion   int64 = 2
)

// PendingReason is what a pending payment waits for. The numbers are those of the
// contract's PendingReason and of the database.
type PendingReason int16

// The reasons.
const (
	// PendingUnknown: the provider was not called, or its answer is not known.
	PendingUnknown PendingReason = 0
	// PendingAction: the customer must act, such as in a 3-D Secure check.
	PendingAction PendingReason = 1
	// PendingBank: a bank works on it, for days if it is a debit.
	PendingBank PendingReason = 2
)

// CodeOrderCancelled is the failure code of a payment whose order was cancelled
// before anything was taken.
const CodeOrderCancelled = "order_cancelled"

// NoCurrency stands where an order without a total was cancelled: ISO 4217's code
// for a transaction without a currency.
const NoCurrency = "XXX"

// Bounds of texts, in bytes; what a provider sends beyond them is cut.
const (
	MaxCode   = 200
	MaxDetail = 500
	MaxMethod = 100
)

// maxTyped bounds what somebody writes about a refund or a contradiction, in characters.
const maxTyped = 500

// Payment is the money for one order. Amount, Captured and Refunded share one
// currency, and 0 ≤ Refunded ≤ Captured ≤ Amount.
type Payment struct {
	ID      uuid.UUID
	OrderID uuid.UUID
	// Reference is for people and statements: "PAY-7K3MQ2XD".
	Reference string
	Amount    money.Money
	Status    PaymentStatus
	Method    string
	// Provider is the name of who takes the money; empty when it was requested from nobody.
	Provider string
	// ChargeID is the provider's id of the charge; empty until known.
	ChargeID string
	// FailureCode is why nothing was taken; empty unless FAILED or CANCELLED.
	FailureCode string
	Captured    money.Money
	Refunded    money.Money
	// OrderCancelled reports that the order ended: whatever is captured is given back.
	OrderCancelled bool
	// CustomerID is the order's customer, who may read the payment; uuid.Nil for a guest,
	// and once the customer was erased.
	CustomerID uuid.UUID
	// PendingReason is what it waits for while it is pending.
	PendingReason PendingReason
	// ActionTime is when the customer first had to act, ProcessingTime when a bank first
	// worked on it; zero when that never was. They are published once.
	ActionTime     time.Time
	ProcessingTime time.Time
	// Attempts counts the requests to the provider whose outcome was recorded. Polls
	// counts those that found no news and were not, the last at PollTime.
	Attempts int32
	Polls    int32
	PollTime time.Time
	// Due is when the provider is to be called, or called again; zero once decided.
	Due     time.Time
	Version int64
	// Trace is the traceparent under which it was requested; may be empty.
	Trace      string
	CreateTime time.Time
	UpdateTime time.Time
}

// Decided reports whether the outcome is decided.
func (p Payment) Decided() bool { return p.Status != PaymentPending }

// HasMoney reports whether something was captured that may be given back.
func (p Payment) HasMoney() bool {
	return p.Status == PaymentCaptured || p.Status == PaymentPartiallyRefunded
}

// Etag names this version of the payment. Attempts and polls are part of what it
// shows, and therefore count too.
func (p Payment) Etag() string { return etag.Of(p.ID, p.Version<<32|int64(p.Attempts+p.Polls)) }

// cut makes a provider's text one that the database keeps: valid, without U+0000,
// and of at most maximum bytes, without breaking a character.
func cut(text string, maximum int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "?"), "\x00", "?")
	if len(text) <= maximum {
		return text
	}
	end := maximum
	for end > 0 && text[end]&0xC0 == 0x80 {
		end--
	}
	return text[:end]
}
