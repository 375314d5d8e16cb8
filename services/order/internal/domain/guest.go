package domain

import (
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/grammar"
)

const (
	// GuestTokenLife is how long the token of a guest's order opens it.
	GuestTokenLife = 180 * 24 * time.Hour
	// FirstGuestVersion is the version of the token of an order that was just placed.
	FirstGuestVersion = 1
)

// GuestToken returns the version of the token that opens the order. There is none for the
// order of a customer, for one whose person was erased, and after the token's life.
func (o *Order) GuestToken(now time.Time) (version int64, ok bool) {
	open := o.s.CustomerID == uuid.Nil && !o.s.Erased && now.Before(o.s.CreateTime.Add(GuestTokenLife))
	return o.s.GuestVersion, open
}

// OrderMail is a mail about an order, and the address that it goes to.
type OrderMail struct {
	OrderID   uuid.UUID
	Recipient string
}

// HasEmail reports whether an address is surely the one that the order is written about.
func (o *Order) HasEmail(address string) bool {
	return address != "" && grammar.ExactEmailKey(o.s.Contact.Email) == grammar.ExactEmailKey(address)
}

// VerifiedEmail is an e-mail address that a customer showed to be theirs, and when. What
// guests ordered with it before is theirs; what is ordered later may be a stranger's typing
// error, and is claimed by its token alone.
type VerifiedEmail struct {
	CustomerID uuid.UUID
	Email      string
	Time       time.Time
}

// ClaimedOrder is a guest's order that became a customer's.
type ClaimedOrder struct {
	ID         uuid.UUID
	CustomerID uuid.UUID
	// Version is the order's when it was claimed.
	Version int64
	Time    time.Time
}

// Claim makes a guest's order a customer's, and ends its token. Nobody's order but a
// guest's can be claimed: the customer showed its token, or that its address is theirs.
func (o *Order) Claim(customer uuid.UUID, at Cause) Decision {
	o.s.CustomerID = customer
	o.s.GuestVersion++
	o.d.Owner = true
	o.endLinkMail(uuid.Nil) // there is no link any more
	o.record(Claimed, "", at)
	o.publish(o.event(ClaimedEvent, o.s.Version, at))
	return o.take()
}
