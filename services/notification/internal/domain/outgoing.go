package domain

import (
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// Outgoing is a mail that this process may hand over until its lease ends.
type Outgoing struct {
	ID        uuid.UUID
	Kind      Kind
	Recipient string
	Subject   string
	// Shop, Template and Content are what it is rendered from.
	Shop        ShopDetails
	Template    int
	Content     []byte
	MessageID   string
	Resends     int
	Traceparent string
	// RequestedTime is when it, or its resending, was requested: the mail's date.
	RequestedTime time.Time
}

// OrderMail is a mail about an order, and the address that it goes to.
type OrderMail struct {
	OrderID   uuid.UUID
	Recipient string
}

// Stored is a mail as it is kept, with all that can be shown of it.
type Stored struct {
	Snapshot
	// AccountID is the account that it is about; uuid.Nil for a mail about an order.
	AccountID  uuid.UUID
	Recipient  string
	Subject    string
	Shop       ShopDetails
	Template   int
	Content    []byte
	MessageID  string
	CreateTime time.Time
	// History is what was tried, oldest first.
	History []Attempt
}

// CheckAddress refuses to resend a mail when the address that it names may be an old one:
// the order was corrected after the mail was requested, and what was corrected is known
// no more. Errors: NOTIFICATION_STATE.
func (s Stored) CheckAddress(corrections []Stored) error {
	if !s.Kind.precedesShipping() {
		return nil
	}
	for _, c := range corrections {
		if c.ID != s.ID && !c.Readable && !c.CreateTime.Before(s.RequestedTime) {
			return fault.New(fault.FailedPrecondition, ReasonNotificationState,
				"notification %s can't be sent: the order was corrected since, and the text of that correction is kept no longer", s.ID).
				With("status", s.Status.String())
		}
	}
	return nil
}

// Resend has the mail sent again under a new Message-ID, to another recipient when one
// is named.
func (s Stored) Resend(recipient string, now, due time.Time, domain, traceparent string) (Stored, error) {
	if s.Kind.AboutAccount() {
		return s, fault.New(fault.FailedPrecondition, ReasonNotificationState,
			"notification %s is about an account: it is mailed to nobody but its owner, who requests it again", s.ID).With("kind", s.Kind.String())
	}
	resent, err := Restore(s.Snapshot).Resend(now, due, traceparent)
	if err != nil {
		return s, err
	}
	s.Snapshot = resent.Snapshot()
	s.MessageID = MessageID(s.ID, s.Resends, domain)
	if recipient != "" {
		s.Recipient = recipient
	}
	return s, nil
}

// Outgoing is the mail as it is handed over.
func (s Stored) Outgoing() Outgoing {
	return Outgoing{
		ID: s.ID, Kind: s.Kind, Recipient: s.Recipient, Subject: s.Subject, Shop: s.Shop, Template: s.Template,
		Content: s.Content, MessageID: s.MessageID, Resends: s.Resends, Traceparent: s.Traceparent, RequestedTime: s.RequestedTime,
	}
}
