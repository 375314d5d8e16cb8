package domain

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/etag"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
)

// Customer is a person who buys, with all of their addresses. Its methods leave it as
// it is and return the customer that they make of it.
type Customer struct {
	state Snapshot
}

// Snapshot is a customer as it is stored and shown.
type Snapshot struct {
	ID        uuid.UUID
	FirstName string
	// LastName is empty for people who have one name only.
	LastName string
	// Email is in the form of grammar.Email; grammar.EmailKey of it is unique.
	Email string
	Phone string
	// Addresses are in the order of their creation.
	Addresses []Address
	// DefaultAddress is the one that a checkout offers first; the zero id for the oldest.
	DefaultAddress uuid.UUID
	// SignIn is the account that signs in as the customer; the zero one when there is none,
	// and in lists.
	SignIn SignInAddress
	// Erased reports that nothing about the person is left.
	Erased bool
	// Version counts the changes of the customer and of its addresses, from 1.
	Version    int64
	CreateTime time.Time
	UpdateTime time.Time
}

// Restore returns the customer that a snapshot was taken of.
func Restore(stored Snapshot) Customer { return Customer{state: stored} }

// Snapshot returns the customer as it is stored and shown.
func (c Customer) Snapshot() Snapshot { return c.state }

// Etag names this version of the customer.
func (s Snapshot) Etag() string { return etag.Of(s.ID, s.Version) }

// CheckEtag refuses an etag that is set and not the current one: ETAG_MISMATCH.
func (c Customer) CheckEtag(given string) error { return etag.Check(given, c.state.Etag()) }

// CustomerFields are what a caller gives for a new customer.
type CustomerFields struct {
	FirstName string
	LastName  string
	Email     string
	Phone     string
	// Addresses come without ids.
	Addresses []Address
}

// NewCustomer returns the customer that the fields describe. Errors: INVALID_FIELD
// with every bound that is broken.
func NewCustomer(fields CustomerFields, newID func() uuid.UUID, now time.Time) (Customer, error) {
	customer := Snapshot{
		ID: newID(), FirstName: fields.FirstName, LastName: fields.LastName, Email: fields.Email, Phone: fields.Phone,
		Addresses: slices.Clone(fields.Addresses), Version: 1, CreateTime: now, UpdateTime: now,
	}
	wrong := customer.normalize()
	if n := len(customer.Addresses); n > MaxAddresses {
		wrong.add("customer.addresses", fault.RuleTooMany, "must be at most %d, are %d", MaxAddresses, n)
	} else {
		for i, address := range customer.Addresses {
			wrong.address(fmt.Sprintf("customer.addresses[%d]", i), address)
		}
	}
	if err := wrong.err(); err != nil {
		return Customer{}, err
	}
	for i := range customer.Addresses {
		customer.Addresses[i].ID = newID()
	}
	return Customer{customer}, nil
}

// normalize puts the person's data into the form that is stored, and returns what is
// wrong with it.
func (s *Snapshot) normalize() violations {
	var wrong violations
	wrong.check("customer.first_name", grammar.Name(s.FirstName))
	wrong.check("customer.last_name", grammar.LastName(s.LastName))
	email, err := grammar.Email(s.Email)
	wrong.check("customer.email", err)
	s.Email = email
	wrong.check("customer.phone", grammar.Phone(s.Phone))
	return wrong
}

// CustomerChange holds what to change; nil leaves a field as it is.
type CustomerChange struct {
	FirstName *string
	LastName  *string
	Email     *string
	Phone     *string
	// DefaultAddress is one of the customer's addresses, or the zero id.
	DefaultAddress *uuid.UUID
}

// Change returns the customer after the change, and whether anything is different. The
// address of a customer who has an account is the one that signs in, of which they showed
// that it is theirs: here it becomes that one or stays as it is. Errors: CUSTOMER_ERASED,
// INVALID_FIELD.
func (c Customer) Change(change CustomerChange, now time.Time) (Customer, bool, error) {
	if c.state.Erased {
		return Customer{}, false, errCustomerErased(c.state.ID)
	}
	before, next := c.state, c.state
	set(&next.FirstName, change.FirstName)
	set(&next.LastName, change.LastName)
	set(&next.Email, change.Email)
	set(&next.Phone, change.Phone)
	set(&next.DefaultAddress, change.DefaultAddress)
	wrong := next.normalize()
	if next.DefaultAddress != uuid.Nil && c.find(next.DefaultAddress) < 0 {
		wrong.add("customer.default_address_id", fault.RuleNotOneOf, "is none of the customer's addresses")
	}
	if next.Email != before.Email && next.SignIn.AccountID != uuid.Nil && next.Email != next.SignIn.Email {
		wrong.add("customer.email", "", "is the address that signs in: the customer changes it by RequestEmailChange")
	}
	if err := wrong.err(); err != nil {
		return Customer{}, false, err
	}
	if next.FirstName == before.FirstName && next.LastName == before.LastName &&
		next.Email == before.Email && next.Phone == before.Phone && next.DefaultAddress == before.DefaultAddress {
		return c, false, nil
	}
	return Customer{next}.changed(now), true, nil
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// Erase returns what is left of the customer, and whether it was not erased before.
func (c Customer) Erase(now time.Time) (Customer, bool) {
	if c.state.Erased {
		return c, false
	}
	left := Snapshot{
		ID: c.state.ID, SignIn: SignInAddress{AccountID: c.state.SignIn.AccountID}, Erased: true,
		Version: c.state.Version, CreateTime: c.state.CreateTime,
	}
	return Customer{left}.changed(now), true
}

// AddAddress returns the customer with one address more. Errors: CUSTOMER_ERASED,
// INVALID_FIELD, TOO_MANY_ADDRESSES.
func (c Customer) AddAddress(address Address, id uuid.UUID, now time.Time) (Customer, Address, error) {
	if c.state.Erased {
		return Customer{}, Address{}, errCustomerErased(c.state.ID)
	}
	if err := checkAddress(address); err != nil {
		return Customer{}, Address{}, err
	}
	if len(c.state.Addresses) >= MaxAddresses {
		return Customer{}, Address{}, errTooManyAddresses()
	}
	address.ID = id
	c.state.Addresses = append(slices.Clone(c.state.Addresses), address)
	return c.changed(now), address, nil
}

// ChangeAddress returns the customer with one address changed to what edit makes of
// it, and whether anything is different. Errors:
// INVALID_FIELD, ADDRESS_NOT_FOUND, and edit's.
func (c Customer) ChangeAddress(id uuid.UUID, edit func(Address) (Address, error), now time.Time) (Customer, Address, bool, error) {
	i := c.find(id)
	if i < 0 {
		return Customer{}, Address{}, false, errAddressNotFound(id)
	}
	before := c.state.Addresses[i]
	address, err := edit(before)
	if err != nil {
		return Customer{}, Address{}, false, err
	}
	address.ID = id
	if err := checkAddress(address); err != nil {
		return Customer{}, Address{}, false, err
	}
	if before.equal(address) {
		return c, address, false, nil
	}
	c.state.Addresses = slices.Clone(c.state.Addresses)
	c.state.Addresses[i] = address
	return c.changed(now), address, true, nil
}

// RemoveAddress returns the customer without an address. Errors: ADDRESS_NOT_FOUND.
func (c Customer) RemoveAddress(id uuid.UUID, now time.Time) (Customer, error) {
	i := c.find(id)
	if i < 0 {
		return Customer{}, errAddressNotFound(id)
	}
	c.state.Addresses = slices.Delete(slices.Clone(c.state.Addresses), i, i+1)
	if c.state.DefaultAddress == id {
		c.state.DefaultAddress = uuid.Nil
	}
	return c.changed(now), nil
}

// Address returns one of the customer's addresses, and whether there is one of the id.
func (c Customer) Address(id uuid.UUID) (Address, bool) {
	if i := c.find(id); i >= 0 {
		return c.state.Addresses[i], true
	}
	return Address{}, false
}

func (c Customer) find(address uuid.UUID) int {
	return slices.IndexFunc(c.state.Addresses, func(a Address) bool { return a.ID == address })
}

func (c Customer) changed(now time.Time) Customer {
	c.state.Version++
	c.state.UpdateTime = now
	return c
}

func checkAddress(address Address) error {
	var wrong violations
	wrong.address("address", address)
	return wrong.err()
}
