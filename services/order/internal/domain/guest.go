package domain

import (
	"time"

	"github.com/google/uuid"
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

// Claim makes a guest's order a customer's, and ends its token. Nobody's order but a
// guest's can be claimed: the caller has seen its token.
func (o *Order) Claim(customer uuid.UUID, at Cause) Decision {
	o.s.CustomerID = customer
	o.s.GuestVersion++
	o.d.Owner = true
	o.record(Claimed, "", at)
	return o.take()
}
