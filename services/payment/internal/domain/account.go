package domain

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/money"
)

// Account is a payment with its refunds while decisions are made about it. What
// changes is kept until Changes collects it; nothing outside the account changes.
type Account struct {
	payment Payment
	refunds []Refund
	// disputes are loaded by LoadDisputes, where Disputed reports that there are any.
	disputes []Dispute
	known    bool // there is a payment
	stored   bool // it was loaded, not made here
	changed  bool
	// fresh and touched are the ids of refunds made and changed here.
	fresh, touched []uuid.UUID
	attempts       []Attempt
	// changedDisputes are those that are new or changed here.
	changedDisputes []Dispute
	events          []Event
}

// NewAccount is the account of an order that no event was applied for yet.
func NewAccount() *Account { return &Account{} }

// Load is the account of a stored payment. The refunds may be left out while
// nothing is captured, because there are none then.
func Load(payment Payment, refunds []Refund) *Account {
	return &Account{payment: payment, refunds: refunds, known: true, stored: true}
}

// Disputed reports whether the payment has disputes, which are then to be loaded with
// LoadDisputes: its version counts them beside the refunds that succeeded.
func (a *Account) Disputed() bool {
	version := OutcomeVersion
	for _, refund := range a.refunds {
		if refund.Status == RefundSucceeded {
			version++
		}
	}
	return a.payment.Version > version
}

// LoadDisputes adds the stored disputes of the payment.
func (a *Account) LoadDisputes(disputes []Dispute) { a.disputes = disputes }

// Payment returns the payment as it stands; zero when there is none.
func (a *Account) Payment() Payment { return a.payment }

// Refunds returns the refunds as they stand. The slice must not be changed.
func (a *Account) Refunds() []Refund { return a.refunds }

// left is what is captured and neither given back, by the shop or by a bank, nor about to
// be. A lost dispute may be of more than what was left after a refund; the bank then takes
// only the rest.
func (a *Account) left() int64 {
	left := a.payment.Captured.Amount - a.payment.Refunded.Amount - a.lost()
	for _, refund := range a.refunds {
		if refund.Status == RefundPending {
			left -= refund.Amount.Amount
		}
	}
	return max(left, 0)
}

// RefundSum is what the refunds come to: what was given back and what is about to be.
func (a *Account) RefundSum() money.Money {
	sum := a.payment.Refunded.Amount
	for _, refund := range a.refunds {
		if refund.Status == RefundPending {
			sum += refund.Amount.Amount
		}
	}
	return a.money(sum)
}

// money returns an amount in the payment's currency.
func (a *Account) money(amount int64) money.Money {
	return money.Money{Currency: a.payment.Amount.Currency, Amount: amount}
}

// addRefund adds a pending refund, completed with the payment's ids; it is requested
// from the provider after the commit.
func (a *Account) addRefund(refund Refund, dc DecisionContext) Refund {
	refund.ID, refund.PaymentID, refund.OrderID = dc.NewID(), a.payment.ID, a.payment.OrderID
	refund.Status, refund.Due = RefundPending, dc.Now.Add(dc.Lease)
	refund.CreateTime, refund.UpdateTime = dc.Now, dc.Now
	a.refunds = append(a.refunds, refund)
	a.fresh = append(a.fresh, refund.ID)
	return refund
}

// publish publishes an event once per decision, however many inputs call for it.
func (a *Account) publish(e Event) {
	known := slices.ContainsFunc(a.events, func(o Event) bool {
		return o.Kind == e.Kind && o.Version == e.Version
	})
	if !known {
		e.PaymentID, e.OrderID = a.payment.ID, a.payment.OrderID
		a.events = append(a.events, e)
	}
}

// publishOutcome publishes, or republishes, how the payment ended; while it is
// pending, what it waits for.
func (a *Account) publishOutcome(trace string) {
	switch {
	case !a.payment.Decided():
		a.publishPending(trace)
	case a.payment.Status == PaymentFailed || a.payment.Status == PaymentCancelled:
		a.publish(Event{Kind: EventFailed, Version: OutcomeVersion, Code: a.payment.FailureCode, Trace: trace})
	default:
		a.publish(Event{
			Kind: EventCaptured, Version: OutcomeVersion, Reference: a.payment.Reference,
			Amount: a.payment.Captured, Trace: trace,
		})
	}
}

// publishPending publishes, or republishes, that the customer has to act and that a
// bank works on the payment, each if that happened. It is no news to an order that ended.
func (a *Account) publishPending(trace string) {
	if a.payment.OrderCancelled {
		return
	}
	if at := a.payment.ActionTime; !at.IsZero() {
		a.publish(Event{Kind: EventActionRequired, Version: RequestedVersion, Time: at, Trace: trace})
	}
	if at := a.payment.ProcessingTime; !at.IsZero() {
		a.publish(Event{Kind: EventProcessing, Version: RequestedVersion, Time: at, Method: a.payment.Method, Trace: trace})
	}
}

// publishRefund publishes, or republishes, that a refund succeeded. The sum is the one
// of its own version, so that the event is the same whenever it is published.
func (a *Account) publishRefund(refund Refund, trace string) {
	var sum int64
	for _, other := range a.refunds {
		if other.Status == RefundSucceeded && other.Version <= refund.Version {
			sum += other.Amount.Amount
		}
	}
	a.publish(Event{
		Kind: EventRefunded, Version: refund.Version, RefundID: refund.ID, Amount: refund.Amount,
		Refunded: a.money(sum), Captured: a.payment.Captured, Reason: refund.Reason, Origin: refund.Origin, Trace: trace,
	})
}

// RepublishSince republishes the refunds that succeeded and the disputes that changed
// at a time or after it, each in its own trace: order awaits none of them, unless it
// was cancelled, and does not know of one whose event was lost.
func (a *Account) RepublishSince(since time.Time) {
	for _, refund := range a.refunds {
		if refund.Status == RefundSucceeded && !refund.UpdateTime.Before(since) {
			a.publishRefund(refund, refund.Trace)
		}
	}
	for _, dispute := range a.disputes {
		if !dispute.UpdateTime.Before(since) {
			a.publishDispute(dispute, "")
		}
	}
}

// Changes is what a transaction stores, and what follows its commit.
type Changes struct {
	Insert        []Payment
	Update        []Payment
	InsertRefunds []Refund
	UpdateRefunds []Refund
	Attempts      []Attempt
	// Disputes are those that are new or changed.
	Disputes []Dispute
	Events   []Event
	// Charges are payments, and Refunds are refunds, to be requested from the
	// provider once the transaction is committed.
	Charges []Payment
	Refunds []RefundOrder
}

// Collect adds what was decided about an account; its events are published now.
func (c *Changes) Collect(a *Account, now time.Time) {
	if !a.known {
		return
	}
	switch {
	case !a.stored:
		c.Insert = append(c.Insert, a.payment)
		if !a.payment.Decided() {
			c.Charges = append(c.Charges, a.payment)
		}
	case a.changed:
		c.Update = append(c.Update, a.payment)
	}
	for _, refund := range a.refunds {
		switch {
		case slices.Contains(a.fresh, refund.ID):
			c.InsertRefunds = append(c.InsertRefunds, refund)
			c.Refunds = append(c.Refunds, RefundOrder{Refund: refund, Provider: a.payment.Provider, ChargeID: a.payment.ChargeID})
		case slices.Contains(a.touched, refund.ID):
			c.UpdateRefunds = append(c.UpdateRefunds, refund)
		}
	}
	c.Attempts = append(c.Attempts, a.attempts...)
	c.Disputes = append(c.Disputes, a.changedDisputes...)
	for _, event := range a.events {
		event.PublishTime = now
		c.Events = append(c.Events, event)
	}
}

// ApplyAll applies events in their order to the accounts of their orders, which
// accounts holds by order where there is a payment, and returns what follows: the
// accounts' changes come in the order in which events first name them.
func ApplyAll(accounts map[uuid.UUID]*Account, events []InboundEvent, dc DecisionContext) Changes {
	touched := make([]*Account, 0, len(events))
	seen := make(map[uuid.UUID]*Account, len(events))
	for _, e := range events {
		account, again := seen[e.OrderID]
		if !again {
			if account = accounts[e.OrderID]; account == nil {
				account = NewAccount()
			}
			seen[e.OrderID] = account
			touched = append(touched, account)
		}
		account.Apply(e, dc)
	}
	return collect(touched, dc)
}

// Answered is a provider's answer about a payment's charge or one of its refunds.
type Answered struct {
	PaymentID uuid.UUID
	// RefundID is the refund; the nil id for the charge.
	RefundID uuid.UUID
	Answer   Answer
}

// AnswerAll records answers in their order in the accounts of their payments, and
// returns what follows. An answer about a payment that there is not changes nothing.
func AnswerAll(accounts map[uuid.UUID]*Account, answered []Answered, dc DecisionContext) Changes {
	touched := make([]*Account, 0, len(answered))
	for _, a := range answered {
		account, known := accounts[a.PaymentID]
		if !known {
			continue
		}
		if !slices.Contains(touched, account) {
			touched = append(touched, account)
		}
		if a.RefundID == uuid.Nil {
			account.Charged(a.Answer, dc)
		} else {
			account.RefundAnswered(a.RefundID, a.Answer, dc)
		}
	}
	return collect(touched, dc)
}

func collect(accounts []*Account, dc DecisionContext) Changes {
	var changes Changes
	for _, account := range accounts {
		changes.Collect(account, dc.Now)
	}
	return changes
}
