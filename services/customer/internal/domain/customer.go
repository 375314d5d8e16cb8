// Package domain is who buys: a person with an e-mail address that nobody else
// has, where goods are sent, and the right to be forgotten.
package domain

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/etag"
	"github.com/shopmesh/shopmesh/kit/fault"
)

// The reasons of this context (shopmesh.errors.v1.Reason).
const (
	ReasonCustomerNotFound fault.Reason = "CUSTOMER_NOT_FOUND"
	ReasonEmailTaken       fault.Reason = "EMAIL_TAKEN"
	ReasonAddressNotFound  fault.Reason = "ADDRESS_NOT_FOUND"
	ReasonTooManyAddresses fault.Reason = "TOO_MANY_ADDRESSES"
	ReasonCustomerErased   fault.Reason = "CUSTOMER_ERASED"
)

// The bounds of shopmesh.customer.v1.Customer, in characters.
const (
	maxName  = 100
	maxEmail = 254
	maxPhone = 40
)

// Customer is a person who buys, with all of their addresses.
type Customer struct {
	ID        uuid.UUID
	FirstName string
	LastName  string
	// Email is as the person writes it; EmailKey is what makes it unique.
	Email string
	Phone string
	// Addresses are in the order of their creation.
	Addresses []Address
	// Erased says that nothing about the person is left.
	Erased bool
	// Version counts the changes of the customer and of its addresses, from 1.
	Version    int64
	CreateTime time.Time
	UpdateTime time.Time
}

// Etag names this version of the customer.
func (c Customer) Etag() string { return etag.Of(c.ID, c.Version) }

// CheckEtag refuses an etag that is set and not the current one: ETAG_MISMATCH.
func (c Customer) CheckEtag(given string) error { return etag.Check(given, c.Etag()) }

// EmailKey is an e-mail address without regard to case.
func EmailKey(email string) string { return strings.ToLower(email) }

// emailPattern is what browsers take for a valid e-mail address (HTML Living
// Standard, 4.10.5.1.5), and what an order's contact takes.
var emailPattern = regexp.MustCompile(`^[a-zA-Z0-9.!#$%&'*+/=?^_{|}~` + "`" + `-]+@` +
	`[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$`)

// CustomerFields are what a caller says of a new customer.
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
	customer := Customer{
		ID: newID(), FirstName: fields.FirstName, LastName: fields.LastName, Email: fields.Email, Phone: fields.Phone,
		Addresses: slices.Clone(fields.Addresses), Version: 1, CreateTime: now, UpdateTime: now,
	}
	wrong := customer.violations()
	if n := len(customer.Addresses); n > MaxAddresses {
		wrong.add("customer.addresses", "must be at most %d, are %d", MaxAddresses, n)
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
	return customer, nil
}

func (c Customer) violations() violations {
	var wrong violations
	wrong.required("customer.first_name", c.FirstName, maxName)
	wrong.required("customer.last_name", c.LastName, maxName)
	if len(c.Email) > maxEmail || !emailPattern.MatchString(c.Email) {
		wrong.add("customer.email", "must be an e-mail address of at most %d characters, such as name@example.com", maxEmail)
	}
	wrong.line("customer.phone", c.Phone, maxPhone)
	return wrong
}

// CustomerChange holds what to change; nil leaves a field as it is.
type CustomerChange struct {
	FirstName *string
	LastName  *string
	Email     *string
	Phone     *string
}

// Change returns the customer after the change, and whether anything is different.
// Errors: CUSTOMER_ERASED, INVALID_FIELD.
func (c Customer) Change(change CustomerChange, now time.Time) (Customer, bool, error) {
	if c.Erased {
		return Customer{}, false, customerErased(c.ID)
	}
	next := c
	set(&next.FirstName, change.FirstName)
	set(&next.LastName, change.LastName)
	set(&next.Email, change.Email)
	set(&next.Phone, change.Phone)
	if err := next.violations().err(); err != nil {
		return Customer{}, false, err
	}
	if next.FirstName == c.FirstName && next.LastName == c.LastName && next.Email == c.Email && next.Phone == c.Phone {
		return c, false, nil
	}
	return next.changed(now), true, nil
}

func set(field, value *string) {
	if value != nil {
		*field = *value
	}
}

// Erase returns what is left of the customer, and whether it was not erased before.
func (c Customer) Erase(now time.Time) (Customer, bool) {
	if c.Erased {
		return c, false
	}
	left := Customer{ID: c.ID, Erased: true, Version: c.Version, CreateTime: c.CreateTime}
	return left.changed(now), true
}

// AddAddress returns the customer with one address more. Errors: CUSTOMER_ERASED,
// INVALID_FIELD, TOO_MANY_ADDRESSES.
func (c Customer) AddAddress(address Address, id uuid.UUID, now time.Time) (Customer, Address, error) {
	if c.Erased {
		return Customer{}, Address{}, customerErased(c.ID)
	}
	if err := checkAddress(address); err != nil {
		return Customer{}, Address{}, err
	}
	if len(c.Addresses) >= MaxAddresses {
		return Customer{}, Address{}, tooManyAddresses()
	}
	address.ID = id
	c.Addresses = append(slices.Clone(c.Addresses), address)
	return c.changed(now), address, nil
}

// ChangeAddress returns the customer with one address as edit makes it, which is
// given the address as it is, and whether anything is different. Errors:
// INVALID_FIELD, ADDRESS_NOT_FOUND, and edit's.
func (c Customer) ChangeAddress(id uuid.UUID, edit func(Address) (Address, error), now time.Time) (Customer, Address, bool, error) {
	i := c.find(id)
	if i < 0 {
		return Customer{}, Address{}, false, AddressNotFound(id)
	}
	address, err := edit(c.Addresses[i])
	if err != nil {
		return Customer{}, Address{}, false, err
	}
	address.ID = id
	if err := checkAddress(address); err != nil {
		return Customer{}, Address{}, false, err
	}
	if c.Addresses[i].equal(address) {
		return c, address, false, nil
	}
	c.Addresses = slices.Clone(c.Addresses)
	c.Addresses[i] = address
	return c.changed(now), address, true, nil
}

// RemoveAddress returns the customer without an address. Errors: ADDRESS_NOT_FOUND.
func (c Customer) RemoveAddress(id uuid.UUID, now time.Time) (Customer, error) {
	i := c.find(id)
	if i < 0 {
		return Customer{}, AddressNotFound(id)
	}
	c.Addresses = slices.Delete(slices.Clone(c.Addresses), i, i+1)
	return c.changed(now), nil
}

func (c Customer) find(address uuid.UUID) int {
	return slices.IndexFunc(c.Addresses, func(a Address) bool { return a.ID == address })
}

func (c Customer) changed(now time.Time) Customer {
	c.Version++
	c.UpdateTime = now
	return c
}

func checkAddress(address Address) error {
	var wrong violations
	wrong.address("address", address)
	return wrong.err()
}

// CustomerNotFound is the fault for an id that no customer has, or none that the
// caller may see.
func CustomerNotFound(id uuid.UUID) *fault.Error {
	return fault.New(fault.NotFound, ReasonCustomerNotFound, "no customer has the id %s", id).
		With("customer_id", id.String())
}

// EmailTaken is the fault for an e-mail address that another customer has.
func EmailTaken() *fault.Error {
	return fault.New(fault.AlreadyExists, ReasonEmailTaken, "another customer has this e-mail address").
		Field("customer.email", "is another customer's")
}

func customerErased(id uuid.UUID) *fault.Error {
	return fault.New(fault.FailedPrecondition, ReasonCustomerErased,
		"the data of customer %s was erased: create a new customer", id).With("customer_id", id.String())
}
