package domain

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
)

const (
	// MaxLinkMails is how many mails with its link an order's address gets within
	// LinkMailWindow: whoever knows number and address can request them.
	MaxLinkMails = 3
	// LinkMailWindow is over which time they are counted.
	LinkMailWindow = time.Hour
)

// LinkRequest is the wish to have the link of an order mailed, by somebody who may not know
// that there is such an order. What follows is decided later, so that the answer and its time
// show nothing about it.
type LinkRequest struct {
	// Number is the order's as it is stored.
	Number      string
	Email       string
	Traceparent string
	CreateTime  time.Time
}

// NewLinkRequest refuses what can be no order's number or no address.
func NewLinkRequest(number, email, traceparent string, now time.Time) (LinkRequest, error) {
	var broken []fault.Violation
	number = NormalizeNumber(number)
	if !isNumber(number) {
		broken = append(broken, fault.Violation{Field: "number", Description: "must be an order's number, such as 7K3M-Q2XD"})
	}
	address, err := grammar.Email(email)
	if err != nil {
		broken = append(broken, fault.Breaks("email", err))
	}
	if len(broken) > 0 {
		return LinkRequest{}, fault.Fields(broken...)
	}
	return LinkRequest{Number: number, Email: address, Traceparent: traceparent, CreateTime: now}, nil
}

// LinkMail is a mail with nothing but the link of a guest's order.
type LinkMail struct {
	// ID is what the mail is known by.
	ID uuid.UUID
	// Version is the order's version after the request.
	Version int64
	Time    time.Time
	// MailAwaited reports that it is not sent yet.
	MailAwaited bool
}

// MailLink has the link of a guest's order mailed to the order's own address, as mail id, if
// an address that somebody typed is that one. Nothing follows where no token opens the order,
// while such a mail is on its way, and after MaxLinkMails of late.
func (o *Order) MailLink(id uuid.UUID, typed string, retry RetryPolicy, at Cause) Decision {
	if _, open := o.GuestToken(at.Time); !open || grammar.EmailKey(typed) != grammar.EmailKey(o.s.Contact.Email) {
		return o.take()
	}
	since := at.Time.Add(-LinkMailWindow)
	of := slices.DeleteFunc(slices.Clone(o.s.LinkMails), func(m LinkMail) bool { return !m.Time.After(since) })
	if o.s.Awaits.Has(AwaitsLinkMail) || len(of) >= MaxLinkMails {
		return o.take()
	}
	o.touch(at)
	mail := LinkMail{ID: id, Version: o.s.Version, Time: at.Time, MailAwaited: true}
	of = append(of, mail)
	o.s.LinkMails, o.d.LinkMails = of, true
	o.await(AwaitsLinkMail, o.linkEvent(mail, at))
	o.schedule(retry)
	return o.take()
}

// linkEvent is the event of a request, under the identity of its first publication.
func (o *Order) linkEvent(mail LinkMail, at Cause) Event {
	event := o.event(LinkRequestedEvent, mail.Version, at)
	event.LinkMail = mail
	return event
}

// endLinkMail no longer awaits a mail with the link; uuid.Nil stands for whichever there is.
func (o *Order) endLinkMail(id uuid.UUID) {
	at := slices.IndexFunc(o.s.LinkMails, func(m LinkMail) bool { return m.MailAwaited && (id == uuid.Nil || m.ID == id) })
	if at < 0 {
		return
	}
	o.s.LinkMails = slices.Clone(o.s.LinkMails)
	o.s.LinkMails[at].MailAwaited = false
	o.d.LinkMails, o.d.Changed = true, true
	o.clear(AwaitsLinkMail)
}
