package view

import (
	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/storefront/internal/form"
)

// AccountPage is what the page of an account shows.
type AccountPage struct {
	Notice NoticeData
	// Email is the address that signs in.
	Email string
	// Links lead to all that the account holds.
	Links []Link
}

// AddressesPage is what the page of an account's addresses shows.
type AddressesPage struct {
	Notice    NoticeData
	Addresses []SavedAddress
	// Add is where one is added.
	Add string
}

// SavedAddress is an address of an account.
type SavedAddress struct {
	*customerv1.Address

	// Country is the name of its country; Change and Delete are where it is changed, and removed,
	// and Prefer where it becomes the default, empty for the one that is.
	Country, Change, Delete, Prefer string
}

// name is what tells an address from the others.
func (a SavedAddress) name() string {
	if a.GetLabel() != "" {
		return a.GetLabel()
	}
	for _, line := range a.GetPostalAddress().GetAddressLines() {
		return line
	}
	return a.Country
}

// AddressPage is what the page shows on which an address is changed, or added.
type AddressPage struct {
	Heading string
	Notice  NoticeData
	// Action is where the form is sent, and Request makes it one however often that is.
	Action, Request string
	Label           FieldData
	// Fields are those of form.AddressFields, by name.
	Fields map[string]FieldData
	// More is whether the fields that few need are shown at once.
	More bool
}

// inOrder are all fields in the order of the page.
func (d AddressPage) inOrder() []FieldData {
	fields := []FieldData{d.Label}
	for _, name := range form.AddressFields() {
		fields = append(fields, d.Fields[name])
	}
	return fields
}

// OwnOrdersPage is what the page of an account's orders shows.
type OwnOrdersPage struct {
	Orders []OwnOrder
	Pager  PagerData
}

// OwnOrder is an order in a list of them.
type OwnOrder struct {
	Number, Href, State, Total string
	// Time is when it was placed, and Machine the same for programs.
	Time, Machine string
}

// SessionsPage is what the page of an account's sessions shows.
type SessionsPage struct {
	Notice   NoticeData
	Sessions []ActiveSession
}

// ActiveSession is where an account is signed in.
type ActiveSession struct {
	*identityv1.ActiveSession

	// Began and Used are times for people, the others the same for programs.
	Began, BeganMachine, Used, UsedMachine string
	// End is where it is ended; empty for the one that asks.
	End string
}
