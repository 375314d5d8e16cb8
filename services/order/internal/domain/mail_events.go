package domain

import (
	"slices"

	"github.com/google/uuid"
)

// MailKind is what a mail about an order is for.
type MailKind int

// The kinds of mails.
const (
	ConfirmationMail MailKind = iota + 1
	CancellationMail
	RefundMail
	ShippingMail
	UpdateMail
	LinkOnlyMail
)

// MailDone reports that a mail was sent, or can't be. For a refund's mail the
// order's refunds must be loaded.
type MailDone struct {
	Kind MailKind
	// SubjectID is what the mail is about: the order, refund, shipment, correction or request
	// of a link.
	SubjectID uuid.UUID
}

func (f MailDone) apply(o *Order, _ Policy, _ Cause) error {
	switch f.Kind {
	case ConfirmationMail:
		o.clear(AwaitsConfirmationMail)
	case CancellationMail:
		o.clear(AwaitsCancellationMail)
	case ShippingMail:
		o.clear(AwaitsShippingMail)
	case RefundMail:
		o.clearRefundMail(f.SubjectID)
	case UpdateMail:
		o.clearUpdateMail(f.SubjectID)
	case LinkOnlyMail:
		o.endLinkMail(f.SubjectID)
	default:
		o.ignore("a mail of an unknown kind")
	}
	return nil
}

func (o *Order) clearRefundMail(id uuid.UUID) {
	refund := o.refund(id)
	if refund == nil || !refund.MailAwaited {
		return
	}
	refund.MailAwaited = false
	o.keepRefund(*refund)
	for _, other := range o.s.Refunds {
		if other.MailAwaited {
			return
		}
	}
	o.clear(AwaitsRefundMail)
}

func (o *Order) clearUpdateMail(id uuid.UUID) {
	at := slices.IndexFunc(o.s.Corrections, func(c Correction) bool { return c.ID == id })
	if at < 0 || !o.s.Corrections[at].MailAwaited {
		return
	}
	o.s.Corrections = slices.Clone(o.s.Corrections)
	o.s.Corrections[at].MailAwaited = false
	o.d.Corrections, o.d.Changed = true, true
	if !slices.ContainsFunc(o.s.Corrections, func(c Correction) bool { return c.MailAwaited }) {
		o.clear(AwaitsUpdateMail)
	}
}
