package domain

import (
	"time"

	"github.com/google/uuid"
)

// SignInAddress is the e-mail address with which a customer's account signs in. It is
// identity's; the customer's own is where orders are written about.
type SignInAddress struct {
	AccountID  uuid.UUID
	CustomerID uuid.UUID
	Email      string
	// Version is that of the account which showed that the address is its owner's.
	Version int64
}

// Follow returns the customer after its account got another address, and whether anything is
// different. It ignores a version that it knows, and an account that is not the customer's.
func (c Customer) Follow(after SignInAddress, now time.Time) (next Customer, changed bool) {
	known := c.state.SignIn
	if c.state.Erased || known.AccountID != after.AccountID || known.Version >= after.Version {
		return c, false
	}
	c.state.SignIn, c.state.Email = after, after.Email
	return c.changed(now), true
}
