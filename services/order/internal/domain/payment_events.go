package domain

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/money"
)

// PaymentCaptured reports that the money was taken.
type PaymentCaptured struct {
	PaymentID uuid.UUID
	Amount    money.Money
}

func (f PaymentCaptured) apply(o *Order, _ Policy, at Cause) error {
	if err := o.checkCapture(f.PaymentID, f.Amount); err != nil {
		return err
	}
	switch o.s.State {
	case Placed:
		// The database lost the order's last steps. The order takes them again, and
		// payment then reports this again.
		o.ignore("PaymentCaptured")
	case AwaitingPayment:
		o.confirm(f.Amount, at)
	case Cancelled:
		if o.noteCapture(f.Amount, at) {
			o.await(o.refundDue(), o.event(CancelledEvent, o.s.First.Cancelled, at))
		}
	default:
		// Confirmed by this very capture before.
	}
	return nil
}

// confirm records that the order is paid.
func (o *Order) confirm(captured money.Money, at Cause) {
	o.s.Captured, o.s.ExpireTime = captured, time.Time{}
	o.clear(AwaitsPayment)
	o.transition(Confirmed, "", at)
	o.s.First.Confirmed = o.s.Version
	o.await(AwaitsCommit|AwaitsConfirmationMail, o.event(ConfirmedEvent, o.s.Version, at))
}

// checkCapture refuses another payment's capture, and one of another amount.
func (o *Order) checkCapture(payment uuid.UUID, amount money.Money) error {
	if payment != o.s.PaymentID {
		return fmt.Errorf("%w: %s is not %s", ErrForeignPayment, payment, o.s.PaymentID)
	}
	if amount != o.s.Total {
		return fmt.Errorf("%w: %s was captured, the total is %s", ErrAmount, amount, o.s.Total)
	}
	return nil
}

// noteCapture records what was captured for a cancelled order; false when that is
// known already.
func (o *Order) noteCapture(amount money.Money, at Cause) bool {
	if !o.s.Awaits.Has(AwaitsPayment) && o.s.Captured == amount {
		return false
	}
	o.clear(AwaitsPayment)
	o.s.Captured = amount
	o.touch(at)
	return true
}

// PaymentFailed reports that nothing was taken, and nothing will be.
type PaymentFailed struct {
	PaymentID uuid.UUID
	// Code is the provider's, such as "card_declined".
	Code string
}

func (f PaymentFailed) apply(o *Order, _ Policy, at Cause) error {
	if f.PaymentID != o.s.PaymentID {
		return fmt.Errorf("%w: %s is not %s", ErrForeignPayment, f.PaymentID, o.s.PaymentID)
	}
	switch o.s.State {
	case AwaitingPayment:
		o.clear(AwaitsPayment)
		o.cancel(PaymentDeclined, f.Code, at)
	case Cancelled:
		o.clear(AwaitsPayment)
	default:
		o.ignore("PaymentFailed")
	}
	return nil
}

// PaymentRefunded reports that money was given back. The order's refunds must be
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

func (f PaymentRefunded) apply(o *Order, _ Policy, at Cause) error {
	if err := o.checkCapture(f.PaymentID, f.Captured); err != nil {
		return err
	}
	if known := o.refund(f.RefundID); known != nil {
		if known.MailAwaited {
			o.publish(o.refundEvent(*known, at))
		}
		return nil
	}
	if f.Refunded.Currency != o.Currency() || f.Amount.Currency != o.Currency() ||
		f.Amount.Amount < 0 || f.Refunded.Amount < f.Amount.Amount || f.Refunded.Amount > f.Captured.Amount {
		return fmt.Errorf("%w: %s given back, %s in all, of %s", ErrAmount, f.Amount, f.Refunded, f.Captured)
	}
	switch o.s.State {
	case Placed:
		return ErrNotPaid
	case AwaitingPayment:
		// What was given back had been taken; the event that reports it was lost.
		o.confirm(f.Captured, at)
	default:
	}
	if o.s.State == Cancelled {
		o.clear(AwaitsPayment)
		o.s.Captured = f.Captured
	}
	if f.Refunded.Amount > o.s.Refunded.Amount {
		o.s.Refunded = f.Refunded
	}
	o.touch(at)
	refund := Refund{ID: f.RefundID, Amount: f.Amount, Refunded: f.Refunded, Reason: f.Reason, Version: o.s.Version, MailAwaited: !o.s.Erased}
	o.s.Refunds = append(o.s.Refunds, refund)
	o.d.Refunds = append(o.d.Refunds, refund)
	o.await(AwaitsRefundMail|o.refundDue(), o.refundEvent(refund, at))
	if o.refundDue() == 0 {
		o.clear(AwaitsRefund)
	}
	return nil
}

func (o *Order) refund(id uuid.UUID) *Refund {
	for i := range o.s.Refunds {
		if o.s.Refunds[i].ID == id {
			return &o.s.Refunds[i]
		}
	}
	return nil
}

func (o *Order) refundEvent(refund Refund, at Cause) Event {
	event := o.event(RefundedEvent, refund.Version, at)
	event.Refund = refund
	return event
}

// PaymentActionRequired reports that the customer must act before the money can be
// taken: 3-D Secure, or a page of their bank.
type PaymentActionRequired struct{ PaymentID uuid.UUID }

func (f PaymentActionRequired) apply(o *Order, _ Policy, at Cause) error {
	if f.PaymentID != o.s.PaymentID {
		return fmt.Errorf("%w: %s is not %s", ErrForeignPayment, f.PaymentID, o.s.PaymentID)
	}
	if o.s.State != AwaitingPayment || o.s.Payment >= PaymentNeedsAction {
		return nil
	}
	o.s.Payment = PaymentNeedsAction
	o.record(ActionRequired, "", at)
	return nil
}

// NeedsAction reports whether the order waits for its customer to act, so that it is paid.
func (o *Order) NeedsAction() bool {
	return o.s.State == AwaitingPayment && o.s.Payment == PaymentNeedsAction
}

// PaymentProcessing reports that a bank has begun to work on the payment, at a time.
type PaymentProcessing struct {
	PaymentID uuid.UUID
	Time      time.Time
}

func (f PaymentProcessing) apply(o *Order, policy Policy, at Cause) error {
	if f.PaymentID != o.s.PaymentID {
		return fmt.Errorf("%w: %s is not %s", ErrForeignPayment, f.PaymentID, o.s.PaymentID)
	}
	if o.s.State != AwaitingPayment || o.s.Payment == PaymentInProcess {
		return nil
	}
	o.s.Payment = PaymentInProcess
	method, _ := policy.Methods.Find(o.s.PaymentMethod)
	if until := f.Time.Add(method.Processing); until.After(o.s.ExpireTime) {
		o.s.ExpireTime = until
	}
	o.record(Processing, "", at)
	return nil
}

// PaymentDisputed reports a bank's demand to have the money back, or how it stands.
type PaymentDisputed struct {
	PaymentID uuid.UUID
	Dispute   Dispute
}

func (f PaymentDisputed) apply(o *Order, _ Policy, at Cause) error {
	if f.PaymentID != o.s.PaymentID {
		return fmt.Errorf("%w: %s is not %s", ErrForeignPayment, f.PaymentID, o.s.PaymentID)
	}
	if f.Dispute.Amount.Currency != o.Currency() {
		return fmt.Errorf("%w: %s is disputed of an order in %s", ErrAmount, f.Dispute.Amount, o.Currency())
	}
	if o.s.State == Placed {
		return ErrNotPaid
	}
	// An order that awaits its payment was paid; the event that reports it was lost, and
	// payment reports it again.
	next := make([]Dispute, 0, len(o.s.Disputes)+1)
	found := false
	for _, known := range o.s.Disputes {
		if known.ID == f.Dispute.ID {
			if known.Version >= f.Dispute.Version {
				o.updateRefundDue(at)
				return nil
			}
			known, found = f.Dispute, true
		}
		next = append(next, known)
	}
	if !found {
		next = append(next, f.Dispute)
	}
	o.s.Disputes, o.d.Disputes = next, true
	o.record(Disputed, fmt.Sprintf("%s of %s: %s", f.Dispute.Status, f.Dispute.Amount, f.Dispute.Reason), at)
	o.updateRefundDue(at)
	return nil
}

// updateRefundDue stops awaiting the refund of a cancelled order once a bank has given its
// customer all the money back, because payment does not give it back a second time. When
// the bank decides for the shop after all, the refund is due again.
func (o *Order) updateRefundDue(at Cause) {
	switch due := o.refundDue(); {
	case due == 0:
		o.clear(AwaitsRefund)
	case !o.s.Awaits.Has(due):
		o.await(due, o.event(CancelledEvent, o.s.First.Cancelled, at))
	}
}
