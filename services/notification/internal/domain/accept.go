package domain

import (
	"strconv"
	"time"

	"github.com/google/uuid"
)

// Request is a mail that an event requests.
type Request struct {
	Kind      Kind
	SubjectID uuid.UUID
	OrderID   uuid.UUID
	// CustomerID is uuid.Nil for a guest.
	CustomerID uuid.UUID
	// AccountID is the account that the mail is about; uuid.Nil for one about an order.
	AccountID uuid.UUID
	// Recipient is empty when the person's data was erased; so is Content then.
	Recipient string
	// Language is the one that the mail is written in.
	Language Language
	// Values are what the subject may name.
	Values SubjectValues
	// Content is what the mail contains, encoded.
	Content []byte
	// Traceparent is the W3C trace context of the event.
	Traceparent string
}

// Existing is what the mailbox holds of a requested mail.
type Existing struct {
	// ID is uuid.Nil when the mail is not known; the other fields are zero then.
	ID      uuid.UUID
	Status  Status
	Version int64
	Cause   string
	EndTime time.Time
	// Erased reports that the data of the request's person was erased.
	Erased bool
}

// Notification is a new mail in the mailbox.
type Notification struct {
	Snapshot
	CustomerID uuid.UUID
	AccountID  uuid.UUID
	Recipient  string
	Subject    string
	Content    []byte
	// MessageID identifies the mail to mail servers, without angle brackets.
	MessageID string
}

// AcceptInput is what deciding about requests takes from outside.
type AcceptInput struct {
	Now time.Time
	// Lease is how long the process that inserts a mail has it for itself.
	Lease time.Duration
	// Shop gives the subjects that an owner set, and the right side of Message-IDs.
	Shop Shop
	// UsualSubject gives the subject of a kind of mail for which an owner set none.
	UsualSubject func(Kind, Language) string
	NewID        func() uuid.UUID
}

// Accept decides about the requests of one batch, each beside what is known of it:
// a mail that is not known is new; one that ended publishes its outcome again; one that
// is pending needs nothing. A request whose person was erased makes a row that is
// never sent, and publishes that. A mail that is requested twice in the batch is one.
func Accept(requests []Request, known []Existing, in AcceptInput) (mails []Notification, events []Event) {
	type key struct {
		kind    Kind
		subject uuid.UUID
	}
	seen := make(map[key]bool, len(requests))
	for i, r := range requests {
		k := key{r.Kind, r.SubjectID}
		if seen[k] {
			continue
		}
		seen[k] = true
		state := Snapshot{
			ID: known[i].ID, Kind: r.Kind, SubjectID: r.SubjectID, OrderID: r.OrderID, Status: known[i].Status,
			Version: known[i].Version, Cause: known[i].Cause, EndTime: known[i].EndTime, Traceparent: r.Traceparent,
		}
		if state.ID == uuid.Nil {
			mail := in.new(r, known[i].Erased)
			mails = append(mails, mail)
			state = mail.Snapshot
		}
		if event := state.outcome(); event != nil {
			events = append(events, *event)
		}
	}
	return mails, events
}

func (in AcceptInput) new(r Request, erased bool) Notification {
	id := in.NewID()
	mail := Notification{
		Snapshot: Snapshot{
			ID: id, Kind: r.Kind, SubjectID: r.SubjectID, OrderID: r.OrderID, Status: Pending, Readable: true,
			Version: 1, RequestedTime: in.Now, DueTime: in.Now.Add(in.Lease), Traceparent: r.Traceparent,
		},
		CustomerID: r.CustomerID, AccountID: r.AccountID, Recipient: r.Recipient, Content: r.Content,
		Subject:   in.Shop.Subject(r.Kind, in.UsualSubject(r.Kind, r.Language), r.Values),
		MessageID: MessageID(id, 0, in.Shop.Domain()),
	}
	if erased || r.Recipient == "" {
		mail.Status, mail.Cause, mail.Readable = Erased, CauseErased, false
		mail.EndTime, mail.DueTime = in.Now, time.Time{}
		mail.Recipient, mail.Subject, mail.Content = "", "", []byte{}
	}
	return mail
}

// MessageID is the mail's identity to mail servers: the same at every attempt, so
// that a server which drops what it knows delivers it once, and a new one each
// time it is sent once more.
func MessageID(id uuid.UUID, resends int, domain string) string {
	if resends == 0 {
		return id.String() + "@" + domain
	}
	return id.String() + "." + strconv.Itoa(resends) + "@" + domain
}
