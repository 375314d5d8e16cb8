// Package provider is the port to whoever takes the money. Requests are single and
// repeatable: each carries an idempotency key, and the provider answers a repeated
// key with what it recorded the first time.
package provider

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/money"
)

// Provider takes money and gives it back.
//
// A nil error is an answer. Any error leaves open whether the provider acted (a
// time-out, a lost connection, a failure of the provider): the same request is
// repeated under the same key until there is an answer.
type Provider interface {
	// Charge takes money for a payment.
	Charge(ctx context.Context, request ChargeRequest) (Charge, error)
	// Refund gives back money of a charge.
	Refund(ctx context.Context, request RefundRequest) (Refund, error)
	// LookUpRefund reads a refund that was made at the provider, by the request's
	// ProviderID. It moves no money.
	LookUpRefund(ctx context.Context, request RefundRequest) (Refund, error)
}

// ActionReader is a provider whose charges can need the customer to act.
type ActionReader interface {
	// NextAction reads what the customer has to do for a charge; the zero Action when
	// there is nothing to do any more.
	NextAction(ctx context.Context, chargeID string) (Action, error)
}

// RefundLister is a provider at which others can make refunds.
type RefundLister interface {
	// ListRefunds lists the refunds of a charge, whoever made them.
	ListRefunds(ctx context.Context, chargeID string) ([]Notice, error)
}

// EventLister is a provider that lists what happened at it, whoever did it: a second way
// for notices, beside webhooks.
type EventLister interface {
	// EventsKept is how far back ListEvents reaches.
	EventsKept() time.Duration
	// ListEvents lists what happened to refunds and disputes from one time to another,
	// both included, oldest first; whole is false, and the list empty, when there are more
	// than most.
	ListEvents(ctx context.Context, from, to time.Time, most int) (events []Event, whole bool, err error)
	// Complete looks up what an event's notice does not hold; ErrNotFound when that is
	// gone from the provider.
	Complete(ctx context.Context, n Notice) (Notice, error)
}

// Event is one event of an EventLister's.
type Event struct {
	// ID and Type are the provider's, as in a Notice.
	ID   string
	Type string
	Time time.Time
	// Notice is what it reports, not complete yet; Concerns is false when that is nothing
	// about payments, and Err is why it can't be read.
	Notice   Notice
	Concerns bool
	Err      error
}

// Action is what a customer has to do: one of the two. Who holds it can act for the
// customer, so that it is neither kept nor logged.
type Action struct {
	ClientSecret string
	RedirectURL  string
}

// Providers returns the provider of a name that payments keep, as the settings in force have
// it; nil when the process has none of that name.
type Providers func(name string) Provider

// The names of the providers.
const (
	Sandbox = "sandbox"
	Stripe  = "stripe"
)

// stripePrefix begins the ids of Stripe's PaymentMethods.
const stripePrefix = "pm_"

// StripeCheckout is the payment method of which the customer chooses everything else on a page
// of Stripe's.
const StripeCheckout = "stripe_checkout"

// Of names the provider that takes a payment method: Stripe takes its own
// PaymentMethods and payments on its page, and the sandbox all others, of which it declines
// what it does not know. A payment keeps the name, and stays with its provider.
func Of(method string) string {
	if strings.HasPrefix(method, stripePrefix) || method == StripeCheckout {
		return Stripe
	}
	return Sandbox
}

// ErrNotFound is a charge that the provider does not know.
var ErrNotFound = errors.New("the provider knows no such charge")

// ErrKeyReused is a key that came before with other parameters: a mistake of ours,
// which the provider refuses to act on.
var ErrKeyReused = errors.New("the idempotency key was used with other parameters")

// ErrMismatch reports that what the provider has under the payment's or refund's id is
// of another amount, currency, order or account. Nothing is concluded from it: someone
// must look into it.
var ErrMismatch = errors.New("the provider holds something else under this payment's id")

// CodeCancelled is the code of a charge that was stopped because its order ended.
const CodeCancelled = "order_cancelled"

// ChargeKey is the idempotency key of a payment's charge: the same at each attempt.
func ChargeKey(paymentID uuid.UUID) string { return "charge-" + paymentID.String() }

// RefundKey is the idempotency key of a refund: the same at each attempt.
func RefundKey(refundID uuid.UUID) string { return "refund-" + refundID.String() }

// ChargeRequest is a request to take money.
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
	// ChargeID is what the provider calls the charge, once that is recorded.
	ChargeID string
	// Attempts counts the answers, unknown ones too, that were recorded before.
	Attempts int32
	// Time is when the payment was made: no key of it is older.
	Time time.Time
	// Cancelled reports that the order ended. A provider that can stop a charge stops it
	// and answers Declined with CodeCancelled; another acts as ever.
	Cancelled bool
}

// Status is what the provider did.
type Status int16

// The statuses of a charge or refund.
const (
	// Succeeded: the money was moved.
	Succeeded Status = 1
	// Declined: nothing was moved, and nothing will be; Code is why.
	Declined Status = 2
	// Pending: the provider has not decided; Code is what it waits for.
	Pending Status = 3
	// Opened: the provider knows of the charge under ID and has moved nothing. It
	// takes the money when it is requested again with that ChargeID, which must be
	// recorded before. Only of charges.
	Opened Status = 4
)

// Waits is what a pending charge waits for.
type Waits int16

// What a charge can wait for.
const (
	// WaitsForUnknown: the provider gives no reason.
	WaitsForUnknown Waits = 0
	// WaitsForCustomer: the customer has to act, see ActionReader.
	WaitsForCustomer Waits = 1
	// WaitsForBank: a bank works on it.
	WaitsForBank Waits = 2
)

// Charge is the provider's answer to a ChargeRequest.
type Charge struct {
	// ID is the provider's; may be empty when Declined.
	ID     string
	Status Status
	// Waits is what it waits for when Pending.
	Waits Waits
	// Code is why it was declined, such as "card_declined", or what is waited for.
	Code string
}

// RefundRequest is a request to give money back.
type RefundRequest struct {
	// Key is the idempotency key, see RefundKey.
	Key string
	// ChargeID is the provider's id of the charge.
	ChargeID  string
	RefundID  uuid.UUID
	PaymentID uuid.UUID
	// ProviderID is the provider's id of the refund; empty until known.
	ProviderID string
	// Amount is more than 0, in the charge's currency.
	Amount money.Money
	// Attempts counts the answers, unknown ones too, that were recorded before.
	Attempts int32
	// Time is when the refund was made: no key of it is older.
	Time time.Time
}

// The codes of refunds that were refused for good, in the words of all providers.
const (
	// CodeRefundTooLarge: more than is left of the charge.
	CodeRefundTooLarge = "refund_exceeds_charge"
	// CodeAlreadyRefunded: nothing is left of the charge.
	CodeAlreadyRefunded = "charge_already_refunded"
	// CodeDisputed: the bank took the money back, or is about to.
	CodeDisputed = "charge_disputed"
	// CodeRefundNotFound: the provider knows no such refund.
	CodeRefundNotFound = "refund_not_found"
)

// Refund is the provider's answer to a RefundRequest.
type Refund struct {
	// ID is the provider's; may be empty when Declined.
	ID     string
	Status Status
	// Code is why it was declined, or what is waited for.
	Code string
}

// Balance is what a provider's ledger holds of one payment.
type Balance struct {
	OrderID   uuid.UUID
	PaymentID uuid.UUID
	// Charges counts those that succeeded; more than one is a double charge.
	Charges int32
	// Charged and Refunded are sums of what succeeded.
	Charged  money.Money
	Refunded money.Money
}

// Notice is what a provider reports of its own accord: that something changed. It is
// no answer: how things stand is looked up at the provider.
type Notice struct {
	// ID and Type are the event's: "evt_…", "payment_intent.succeeded".
	ID   string
	Type string
	// PaymentID and OrderID are those that the provider keeps as metadata; nil ids when
	// it keeps none.
	PaymentID uuid.UUID
	OrderID   uuid.UUID
	// ChargeID is the provider's id of the charge.
	ChargeID string
	// OpenedID is the id under which the charge was opened, where it got another one when it
	// was taken; empty otherwise.
	OpenedID string
	// Amount is the charge's, the refund's or the dispute's.
	Amount money.Money
	// Succeeded reports that the charge's money was moved.
	Succeeded bool
	// Refund is set when the notice is about a refund, Dispute when about a dispute.
	Refund  *RefundNotice
	Dispute *Dispute
	// Foreign is why the notice is not of the account that the key belongs to; empty otherwise.
	Foreign string
}

// RefundNotice is the part of a notice about a refund.
type RefundNotice struct {
	// ID is ours, out of the provider's metadata; the nil id when it keeps none.
	ID uuid.UUID
	// ProviderID is the provider's.
	ProviderID string
	// Reversed reports that the refund did not succeed, or no longer.
	Reversed bool
}

// DisputeStatus is how a dispute stands; the numbers are those of the domain.
type DisputeStatus int16

// The statuses of a dispute.
const (
	DisputeNeedsResponse DisputeStatus = 1
	DisputeUnderReview   DisputeStatus = 2
	DisputeWon           DisputeStatus = 3
	DisputeLost          DisputeStatus = 4
	DisputeClosed        DisputeStatus = 5
)

// Dispute is a dispute as the provider answered that it stands.
type Dispute struct {
	ID       string
	ChargeID string
	Amount   money.Money
	Reason   string
	Status   DisputeStatus
	OpenTime time.Time
	// ObserveTime is when it was looked up at the provider.
	ObserveTime time.Time
}
