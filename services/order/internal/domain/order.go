package domain

import (
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/money"
)

// Order is what a customer bought. It is made by Place or Restore, and changes only by
// its methods, each of which returns the Decision that follows.
type Order struct {
	s Snapshot
	d Decision // of the change under way
}

// Restore returns an order as it was stored.
func Restore(s Snapshot) *Order { return &Order{s: s} }

// Snapshot returns the order as it is now. Its slices belong to the order.
func (o *Order) Snapshot() Snapshot { return o.s }

// ID returns the order's id.
func (o *Order) ID() uuid.UUID { return o.s.ID }

// State returns where the order is on its way.
func (o *Order) State() State { return o.s.State }

// CustomerID returns whose order it is; uuid.Nil for a guest's.
func (o *Order) CustomerID() uuid.UUID { return o.s.CustomerID }

// CreateTime returns when the order was placed.
func (o *Order) CreateTime() time.Time { return o.s.CreateTime }

// Erased reports whether the order's personal data was blanked.
func (o *Order) Erased() bool { return o.s.Erased }

// HasLines reports whether the order was loaded with its lines and its address.
func (o *Order) HasLines() bool { return len(o.s.Lines) > 0 }

// Currency is the one that the whole order is priced in.
func (o *Order) Currency() string { return o.s.Total.Currency }

// SupplyLines adds what an order was loaded without: its lines and address.
func (o *Order) SupplyLines(lines []Line, address Address) { o.s.Lines, o.s.Address = lines, address }

// Snapshot is an order as it is stored, with prices, names, contact and address as
// they were when it was placed.
type Snapshot struct {
	ID     uuid.UUID
	Number string

	State        State
	CancelReason CancelReason
	CancelNote   string
	// Version counts the changes that a reader of the order can see, from 1.
	Version int64
	// First holds the versions at which the order's events were first published.
	First FirstVersions

	Awaits Awaits
	// DueTime is when the sweeper handles the order at the latest; zero for never.
	DueTime time.Time
	// RetryCount counts how often the events of the awaited steps were published again.
	RetryCount int
	// LastPublishedTime is when the event of an awaited step was last published.
	LastPublishedTime time.Time
	// ExpireTime is when the order is cancelled unless it is paid by then; zero
	// once that can't happen any more.
	ExpireTime time.Time

	Quote
	Captured money.Money
	Refunded money.Money

	PaymentID     uuid.UUID
	PaymentMethod string
	// Payment is how far the payment of an order that waits for it has come.
	Payment PaymentProgress
	// Disputes are the demands of banks to have the money back, oldest first.
	Disputes []Dispute

	// CustomerID is uuid.Nil for a guest.
	CustomerID uuid.UUID
	// GuestVersion is the version of the token that opens a guest's order. It rises when
	// the token ends.
	GuestVersion int64
	Contact      Contact
	Address      Address
	// Erased reports that contact and address were blanked on the person's behalf.
	Erased bool
	// LanguageCode is the language in which the customer is written to (BCP 47); empty for the
	// shop's.
	LanguageCode string

	// Shipment is the zero Shipment before the order is shipped.
	Shipment Shipment
	// Corrections are those that the customer is mailed about, oldest first.
	Corrections []Correction
	// LinkMails are the last ones with nothing but the link of a guest's order, oldest first.
	LinkMails []LinkMail
	// Refunds are loaded only where a decision needs them.
	Refunds []Refund

	CreateTime time.Time
	UpdateTime time.Time
}

// Balance is what was captured and not given back: neither refunded, nor taken back by a
// bank in a dispute that the shop lost. A lost dispute may be of more than what was left
// after a refund; the bank then takes only the rest.
func (s Snapshot) Balance() money.Money {
	balance := money.Money{Currency: s.Captured.Currency, Amount: s.Captured.Amount - s.Refunded.Amount}
	for _, d := range s.Disputes {
		if d.Status == DisputeLost {
			balance.Amount -= d.Amount.Amount
		}
	}
	balance.Amount = max(balance.Amount, 0)
	return balance
}

// FirstVersions are the versions with which an order came to its states; 0 when it
// did not. An event that is published again carries the version of the first time.
type FirstVersions struct {
	AwaitingPayment int64
	Confirmed       int64
	Cancelled       int64
	Shipped         int64
}

// Line is a product and how many of it, at the price of the order.
type Line struct {
	ProductID uuid.UUID
	Code      string
	Name      string
	UnitPrice money.Money
	Quantity  int32
	Total     money.Money
}

// AdjustmentKind is what an adjustment is for. The numbers are stored.
type AdjustmentKind int

// The kinds of adjustments.
const (
	Shipping AdjustmentKind = iota + 1
	Tax
	Discount
)

// Adjustment changes what the customer pays: added when positive, taken off when
// negative.
type Adjustment struct {
	Kind   AdjustmentKind
	Label  string
	Amount money.Money
}

// Shipment is how and when an order was sent.
type Shipment struct {
	ID           uuid.UUID
	Carrier      string
	TrackingCode string
	ShipTime     time.Time
	DeliverTime  time.Time
}

// Refund is money given back, as payment reported it.
type Refund struct {
	ID     uuid.UUID
	Amount money.Money
	// Refunded is how much was given back in all, this refund included.
	Refunded money.Money
	Reason   string
	// Version is the order's version when the refund was applied.
	Version int64
	// MailAwaited reports that the customer's mail about it is not sent yet.
	MailAwaited bool
}

// Correction is a change of contact, address or shipment that the customer is mailed
// about.
type Correction struct {
	// ID is what its mail is known by.
	ID uuid.UUID
	// Version is the order's version after it.
	Version int64
	// Changed names the fields, such as "contact.email".
	Changed []string
	// MailAwaited reports that the mail about it is not sent yet.
	MailAwaited bool
}

// PaymentProgress is how far a payment has come that has no outcome yet. The numbers
// are stored.
type PaymentProgress int

// The stages.
const (
	// PaymentRequested was requested from payment, or will be.
	PaymentRequested PaymentProgress = iota
	// PaymentNeedsAction waits for the customer: 3-D Secure, or a page of their bank.
	PaymentNeedsAction
	// PaymentInProcess is with the bank, which can take days.
	PaymentInProcess
)

// Dispute is a bank's demand, for its customer, to have a payment's money back.
type Dispute struct {
	// ID is the provider's.
	ID     string
	Reason string
	Amount money.Money
	Status DisputeStatus
	// Version is the payment's version that the dispute was last reported with.
	Version   int64
	OpenTime  time.Time
	CloseTime time.Time
}

// DisputeStatus is how a dispute stands. The numbers are stored.
type DisputeStatus int

// The statuses of a dispute.
const (
	DisputeNeedsResponse DisputeStatus = iota + 1
	DisputeUnderReview
	DisputeWon
	DisputeLost
	DisputeClosed
)

// String returns the status' name as the contract has it, such as "WON".
func (s DisputeStatus) String() string {
	names := [...]string{"NEEDS_RESPONSE", "UNDER_REVIEW", "WON", "LOST", "CLOSED"}
	if s < DisputeNeedsResponse || s > DisputeClosed {
		return "UNKNOWN"
	}
	return names[s-1]
}

// Step is what an entry of the history records. The numbers are stored.
type Step int

// The steps.
const (
	// Moved is a new state.
	Moved Step = iota + 1
	// ActionRequired is a payment for which the customer has to act.
	ActionRequired
	// Processing is a payment that a bank has begun to work on.
	Processing
	// Updated is a change of contact, address or shipment by a person.
	Updated
	// Disputed is a dispute that was opened or changed.
	Disputed
	// Claimed is a customer who took a guest's order.
	Claimed
)

// Entry is one step of an order's history. State is the order's state after it.
type Entry struct {
	Version      int64
	Step         Step
	State        State
	CancelReason CancelReason
	Note         string
	Actor        string
	TraceID      string
	Time         time.Time
}

// Cause is why an order changes: when it happens, who does it, and in which trace.
type Cause struct {
	Time time.Time
	// Actor is a person's id, "owner", "guest", or a service's name.
	Actor string
	// Traceparent continues the trace that led here (W3C trace context), and TraceID is
	// the trace's id; both may be empty.
	Traceparent, TraceID string
}
