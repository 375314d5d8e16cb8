package domain

import (
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// Kind is what a mail is about. A mail is known by its kind and subject: the order, the
// refund, the shipment or the correction that it is about.
type Kind int16

// The kinds, numbered as in shopmesh.notification.v1.NotificationKind.
const (
	OrderConfirmed Kind = 1
	OrderCancelled Kind = 2
	OrderRefunded  Kind = 3
	OrderShipped   Kind = 4
	OrderUpdated   Kind = 5

	// Mails about accounts. Those up to ConfirmEmail hold a link.
	VerifyEmail     Kind = 6
	AccountExists   Kind = 7
	ResetPassword   Kind = 8
	Invitation      Kind = 9
	ConfirmEmail    Kind = 10
	PasswordChanged Kind = 11
	TokenReused     Kind = 12
	EmailChanged    Kind = 13
	TotpChanged     Kind = 14

	// OrderLink holds nothing but the link of a guest's order, which somebody requested.
	OrderLink Kind = 15

	// LastKind is the highest of them.
	LastKind = OrderLink
)

// AboutAccount reports whether a mail is about an account and not about an order: no order
// awaits it.
func (k Kind) AboutAccount() bool { return k >= VerifyEmail && k <= TotpChanged }

// NeedsLink reports whether a mail is nothing without its link.
func (k Kind) NeedsLink() bool { return k.HasLink() || k == OrderLink }

// HasLink reports whether a mail holds a link that opens an account.
func (k Kind) HasLink() bool { return k >= VerifyEmail && k <= ConfirmEmail }

// String returns the kind's name in the contract: "ORDER_CONFIRMED".
func (k Kind) String() string {
	switch k {
	case OrderConfirmed:
		return "ORDER_CONFIRMED"
	case OrderCancelled:
		return "ORDER_CANCELLED"
	case OrderRefunded:
		return "ORDER_REFUNDED"
	case OrderShipped:
		return "ORDER_SHIPPED"
	case OrderUpdated:
		return "ORDER_UPDATED"
	case VerifyEmail:
		return "VERIFY_EMAIL"
	case AccountExists:
		return "ACCOUNT_EXISTS"
	case ResetPassword:
		return "RESET_PASSWORD"
	case Invitation:
		return "INVITATION"
	case ConfirmEmail:
		return "CONFIRM_EMAIL"
	case PasswordChanged:
		return "PASSWORD_CHANGED"
	case TokenReused:
		return "TOKEN_REUSED"
	case EmailChanged:
		return "EMAIL_CHANGED"
	case TotpChanged:
		return "TOTP_CHANGED"
	case OrderLink:
		return "ORDER_LINK"
	default:
		return "UNSPECIFIED"
	}
}

// precedesShipping reports whether a mail of the kind names a delivery address that can be
// corrected afterwards: once the order is shipped, it can't.
func (k Kind) precedesShipping() bool { return k == OrderConfirmed || k == OrderUpdated }

// Status is how a mail stands.
type Status int16

// The statuses, numbered as in shopmesh.notification.v1.NotificationStatus.
const (
	Pending Status = 1
	Sent    Status = 2
	Failed  Status = 3
	Erased  Status = 4
)

// String returns the status' name in the contract: "PENDING".
func (s Status) String() string {
	switch s {
	case Pending:
		return "PENDING"
	case Sent:
		return "SENT"
	case Failed:
		return "FAILED"
	case Erased:
		return "ERASED"
	default:
		return "UNSPECIFIED"
	}
}

// CauseErased is why a mail is not sent whose person's data was erased.
const CauseErased = "erased"

// Mail is a mail of the mailbox but for its text. Accept makes the snapshot of a new one;
// each method returns the mail that follows, and leaves this one as it is.
type Mail struct{ s Snapshot }

// Restore returns a mail as it was stored.
func Restore(s Snapshot) Mail { return Mail{s} }

// Snapshot returns the mail as it is stored.
func (m Mail) Snapshot() Snapshot { return m.s }

// Snapshot is what the mailbox holds of a mail but for its text.
type Snapshot struct {
	ID        uuid.UUID
	Kind      Kind
	SubjectID uuid.UUID
	OrderID   uuid.UUID
	Status    Status
	// Readable reports that its text is there: neither erased nor kept no longer.
	Readable bool
	// Resends counts how often it was sent once more on request.
	Resends int
	// Attempts counts all attempts, Retries the failed ones since it was requested.
	Attempts, Retries int
	// Cause is why it is FAILED or ERASED, without personal data.
	Cause string
	// Version counts the changes of its status, from 1.
	Version int64
	// RequestedTime is when it, or its resending, was requested.
	RequestedTime time.Time
	// DueTime is when it may be taken for sending; zero unless PENDING.
	DueTime time.Time
	// EndTime is when it came to its status; zero while PENDING.
	EndTime time.Time
	// SendTime is when the mail server last took it; zero before.
	SendTime time.Time
	// Traceparent is the W3C trace context of what requested it; may be empty.
	Traceparent string
}

// Event reports how a mail ended; for order, which awaits it.
type Event struct {
	NotificationID uuid.UUID
	OrderID        uuid.UUID
	Kind           Kind
	SubjectID      uuid.UUID
	// Version is the mail's when it came to its status, so that the event is the
	// same whenever it is published again.
	Version int64
	// Sent reports that the mail server took it; else Cause is why it failed.
	Sent  bool
	Cause string
	Time  time.Time
	// Traceparent continues the trace of what requested the mail.
	Traceparent string
}

// outcome is the event of the mail's present status; nil while it is pending, and for a
// mail that no order awaits.
func (s Snapshot) outcome() *Event {
	if s.Status == Pending || s.Kind.AboutAccount() {
		return nil
	}
	return &Event{
		NotificationID: s.ID, OrderID: s.OrderID, Kind: s.Kind, SubjectID: s.SubjectID,
		Version: s.Version, Sent: s.Status == Sent, Cause: s.Cause, Time: s.EndTime, Traceparent: s.Traceparent,
	}
}

// end brings the mail to a status that it stays in until it is resent.
func (m *Mail) end(status Status, cause string, now time.Time) {
	m.s.Status, m.s.Cause, m.s.EndTime, m.s.DueTime = status, cause, now, time.Time{}
	m.s.Version++
}

// Erase is what remains of a mail when the person's data goes: one that was to be
// sent is not sent any more, and order gets an event so that it does not wait for it; one
// that was sent or failed stays so, without its text.
func (m Mail) Erase(now time.Time) (Mail, *Event) {
	m.s.Readable = false
	if m.s.Status != Pending {
		return m, nil
	}
	m.end(Erased, CauseErased, now)
	return m, m.s.outcome()
}

// Resend has a mail sent again: now, due when the lease of the process that sends it
// ends. It refuses a mail that is being sent, and one whose text is gone.
func (m Mail) Resend(now, due time.Time, traceparent string) (Mail, error) {
	if m.s.Status == Pending {
		return m, fault.New(fault.FailedPrecondition, ReasonNotificationState,
			"notification %s is being sent: wait until it is SENT or FAILED", m.s.ID).With("status", m.s.Status.String())
	}
	if !m.s.Readable {
		return m, fault.New(fault.FailedPrecondition, ReasonNotificationState,
			"notification %s can't be sent: its text was erased or is kept no longer", m.s.ID).With("status", m.s.Status.String())
	}
	m.s.Status, m.s.Cause, m.s.EndTime = Pending, "", time.Time{}
	m.s.Retries, m.s.RequestedTime, m.s.DueTime = 0, now, due
	m.s.Resends++
	m.s.Version++
	m.s.Traceparent = traceparent
	return m, nil
}

// AuditStatus is the status that counts for the order: a mail that arrived once is
// SENT, even when sending it once more failed.
func AuditStatus(status Status, sent bool) Status {
	if status == Failed && sent {
		return Sent
	}
	return status
}
