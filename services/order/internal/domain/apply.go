package domain

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/money"
)

// InboundEvent is what another context reports about an order. Events arrive more than
// once, and those of different contexts in any order; hearing one is right for
// every state.
type InboundEvent interface {
	apply(o *Order, at Cause, c *Changes) error
}

// Apply applies one event. It returns an error for
// an event that contradicts what the order knows; the order must not be stored then.
func (o *Order) Apply(event InboundEvent, retry RetryPolicy, at Cause, c *Changes) error {
	if err := event.apply(o, at, c); err != nil {
		return fmt.Errorf("order %s, %s: %w", o.ID, o.State, err)
	}
	o.schedule(retry)
	return nil
}

func (o *Order) ignore(what string, c *Changes) {
	c.Ignored = append(c.Ignored, fmt.Sprintf("%s for order %s, which is %s", what, o.ID, o.State))
}

// StockReserved says that all lines are reserved. Inventory also says it of its
// own when a reservation outlives the order's expiry: then it is a question.
type StockReserved struct{}

func (StockReserved) apply(o *Order, at Cause, c *Changes) error {
	switch {
	case o.State == Placed:
		o.clear(AwaitsStock, c)
		o.transition(AwaitingPayment, "", at, c)
		o.First.AwaitingPayment = o.Version
		o.await(AwaitsPayment, o.event(AwaitingPaymentEvent, o.Version, at), c)
	case o.State == Cancelled:
		c.publish(o.event(CancelledEvent, o.First.Cancelled, at))
	case o.State.Paid() && o.Awaits.Has(AwaitsCommit):
		c.publish(o.event(ConfirmedEvent, o.First.Confirmed, at))
	}
	return nil
}

// Shortage is a line that can't be served.
type Shortage struct {
	Code      string
	Requested int64
	Available int64
}

// StockRejected says that the lines can't be reserved; nothing is.
type StockRejected struct{ Shortages []Shortage }

// shortagesNamed bounds how many shortages the history names.
const shortagesNamed = 10

func (f StockRejected) note() string {
	var short []string
	for _, s := range f.Shortages[:min(len(f.Shortages), shortagesNamed)] {
		short = append(short, fmt.Sprintf("%s: %d of %d available", s.Code, s.Available, s.Requested))
	}
	if more := len(f.Shortages) - shortagesNamed; more > 0 {
		short = append(short, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(short, "; ")
}

func (f StockRejected) apply(o *Order, at Cause, c *Changes) error {
	switch o.State {
	case Placed:
		o.cancel(OutOfStock, f.note(), at, c)
	case Cancelled:
	default:
		// The reservation was made before: inventory keeps to its first answer.
		o.ignore("StockRejected", c)
	}
	return nil
}

// StockCommitted says that the stock has left the shelf.
type StockCommitted struct{}

func (StockCommitted) apply(o *Order, _ Cause, c *Changes) error {
	o.clear(AwaitsCommit, c)
	return nil
}

// StockReleased says that nothing is held for the order.
type StockReleased struct{}

func (StockReleased) apply(o *Order, _ Cause, c *Changes) error {
	if o.State != Cancelled {
		o.ignore("StockReleased", c)
		return nil
	}
	o.clear(AwaitsRelease, c)
	return nil
}

// PaymentCaptured says that the money was taken.
type PaymentCaptured struct {
	PaymentID uuid.UUID
	Amount    money.Money
}

func (f PaymentCaptured) apply(o *Order, at Cause, c *Changes) error {
	if err := o.checkCapture(f.PaymentID, f.Amount); err != nil {
		return err
	}
	switch o.State {
	case Placed:
		// The order lost its memory of having asked. It asks its way here again,
		// and payment says this again.
		o.ignore("PaymentCaptured", c)
	case AwaitingPayment:
		o.confirm(f.Amount, at, c)
	case Cancelled:
		if o.noteCapture(f.Amount, at, c) {
			o.await(o.refundDue(), o.event(CancelledEvent, o.First.Cancelled, at), c)
		}
	default:
		// Confirmed by this very capture before.
	}
	return nil
}

// confirm notes that the order is paid.
func (o *Order) confirm(captured money.Money, at Cause, c *Changes) {
	o.Captured, o.ExpireTime = captured, time.Time{}
	o.clear(AwaitsPayment, c)
	o.transition(Confirmed, "", at, c)
	o.First.Confirmed = o.Version
	o.await(AwaitsCommit|AwaitsConfirmationMail, o.event(ConfirmedEvent, o.Version, at), c)
}

// checkCapture refuses another payment's capture, and one of another amount.
func (o *Order) checkCapture(payment uuid.UUID, amount money.Money) error {
	if payment != o.PaymentID {
		return fmt.Errorf("%w: %s is not %s", ErrForeignPayment, payment, o.PaymentID)
	}
	if amount != o.Total {
		return fmt.Errorf("%w: %s was captured, the total is %s", ErrAmount, amount, o.Total)
	}
	return nil
}

// noteCapture notes what was captured for a cancelled order; false when that is
// known already.
func (o *Order) noteCapture(amount money.Money, at Cause, c *Changes) bool {
	if !o.Awaits.Has(AwaitsPayment) && o.Captured == amount {
		return false
	}
	o.clear(AwaitsPayment, c)
	o.Captured = amount
	o.touch(at, c)
	return true
}

// PaymentFailed says that nothing was taken, and nothing will be.
type PaymentFailed struct {
	PaymentID uuid.UUID
	// Code is the provider's, such as "card_declined".
	Code string
}

func (f PaymentFailed) apply(o *Order, at Cause, c *Changes) error {
	if f.PaymentID != o.PaymentID {
		return fmt.Errorf("%w: %s is not %s", ErrForeignPayment, f.PaymentID, o.PaymentID)
	}
	switch o.State {
	case AwaitingPayment:
		o.clear(AwaitsPayment, c)
		o.cancel(PaymentDeclined, f.Code, at, c)
	case Cancelled:
		o.clear(AwaitsPayment, c)
	default:
		o.ignore("PaymentFailed", c)
	}
	return nil
}

// PaymentRefunded says that money was given back. The order's refunds must be
// loaded.
type PaymentRefunded struct {
	RefundID  uuid.UUID
	PaymentID uuid.UUID
	Amount    money.Money
	// Refunded is how much was given back in all, and Captured how much had been taken.
	Refunded money.Money
	Captured money.Money
	Reason   string
}

func (f PaymentRefunded) apply(o *Order, at Cause, c *Changes) error {
	if err := o.checkCapture(f.PaymentID, f.Captured); err != nil {
		return err
	}
	if known := o.refund(f.RefundID); known != nil {
		if known.MailAwaited {
			c.publish(o.refundEvent(*known, at))
		}
		return nil
	}
	if f.Refunded.Currency != o.Currency() || f.Amount.Currency != o.Currency() ||
		f.Amount.Amount < 0 || f.Refunded.Amount < f.Amount.Amount || f.Refunded.Amount > f.Captured.Amount {
		return fmt.Errorf("%w: %s given back, %s in all, of %s", ErrAmount, f.Amount, f.Refunded, f.Captured)
	}
	switch o.State {
	case Placed:
		return ErrNotPaid
	case AwaitingPayment:
		// What was given back had been taken; the news of it was lost.
		o.confirm(f.Captured, at, c)
	default:
	}
	if o.State == Cancelled {
		o.clear(AwaitsPayment, c)
		o.Captured = f.Captured
	}
	if f.Refunded.Amount > o.Refunded.Amount {
		o.Refunded = f.Refunded
	}
	o.touch(at, c)
	refund := Refund{ID: f.RefundID, Amount: f.Amount, Refunded: f.Refunded, Reason: f.Reason, Version: o.Version, MailAwaited: !o.Erased}
	o.Refunds = append(o.Refunds, refund)
	c.Refunds = append(c.Refunds, refund)
	o.await(AwaitsRefundMail|o.refundDue(), o.refundEvent(refund, at), c)
	if o.refundDue() == 0 {
		o.clear(AwaitsRefund, c)
	}
	return nil
}

// Currency is the one that the whole order is priced in.
func (o *Order) Currency() string { return o.Total.Currency }

func (o *Order) refund(id uuid.UUID) *Refund {
	for i := range o.Refunds {
		if o.Refunds[i].ID == id {
			return &o.Refunds[i]
		}
	}
	return nil
}

func (o *Order) refundEvent(refund Refund, at Cause) Event {
	event := o.event(RefundedEvent, refund.Version, at)
	event.Refund = refund
	return event
}

// MailKind is what a mail about an order says.
type MailKind int

// The kinds of mails.
const (
	ConfirmationMail MailKind = iota + 1
	CancellationMail
	RefundMail
	ShippingMail
)

// MailDone says that a mail was sent, or can't be. For a refund's mail the
// order's refunds must be loaded.
type MailDone struct {
	Kind MailKind
	// SubjectID is what the mail is about: the order, refund or shipment.
	SubjectID uuid.UUID
}

func (f MailDone) apply(o *Order, _ Cause, c *Changes) error {
	switch f.Kind {
	case ConfirmationMail:
		o.clear(AwaitsConfirmationMail, c)
	case CancellationMail:
		o.clear(AwaitsCancellationMail, c)
	case ShippingMail:
		o.clear(AwaitsShippingMail, c)
	case RefundMail:
		o.clearRefundMail(f.SubjectID, c)
	default:
		o.ignore("a mail of an unknown kind", c)
	}
	return nil
}

func (o *Order) clearRefundMail(id uuid.UUID, c *Changes) {
	refund := o.refund(id)
	if refund == nil || !refund.MailAwaited {
		return
	}
	refund.MailAwaited = false
	c.keepRefund(*refund)
	for _, other := range o.Refunds {
		if other.MailAwaited {
			return
		}
	}
	o.clear(AwaitsRefundMail, c)
}

// keepRefund records a refund's last state, so that each is stored once.
func (c *Changes) keepRefund(refund Refund) {
	for i := range c.Refunds {
		if c.Refunds[i].ID == refund.ID {
			c.Refunds[i] = refund
			return
		}
	}
	c.Refunds = append(c.Refunds, refund)
}
