package domain

import (
	"strings"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// The reasons of this context (shopmesh.errors.v1.Reason).
const (
	ReasonCustomerNotFound      fault.Reason = "CUSTOMER_NOT_FOUND"
	ReasonEmailTaken            fault.Reason = "EMAIL_TAKEN"
	ReasonAddressNotFound       fault.Reason = "ADDRESS_NOT_FOUND"
	ReasonTooManyAddresses      fault.Reason = "TOO_MANY_ADDRESSES"
	ReasonCustomerErased        fault.Reason = "CUSTOMER_ERASED"
	ReasonCustomerHasOpenOrders fault.Reason = "CUSTOMER_HAS_OPEN_ORDERS"
)

// ErrCustomerNotFound is the fault for an id that no customer has, or none that the
// caller may see.
func ErrCustomerNotFound(id uuid.UUID) *fault.Error {
	return fault.New(fault.NotFound, ReasonCustomerNotFound, "no customer has the id %s", id).
		With("customer_id", id.String())
}

// ErrEmailTaken is the fault for an e-mail address that another customer has.
func ErrEmailTaken() *fault.Error {
	return fault.New(fault.AlreadyExists, ReasonEmailTaken, "another customer has this e-mail address").
		Field("customer.email", "is another customer's")
}

// ErrOpenOrders is the fault for erasing a person whose orders are paid and not
// shipped: nobody could ship them any more. numbers are the orders', as many as were
// read.
func ErrOpenOrders(numbers []string) *fault.Error {
	named := strings.Join(numbers, ", ")
	return fault.New(fault.FailedPrecondition, ReasonCustomerHasOpenOrders,
		"orders %s are paid and not shipped: ship or cancel them first, or erase with even_open_orders", named).
		With("order_numbers", strings.Join(numbers, ","))
}

// ErrGuestsNeedStaff is the fault for a customer who requests a guest's data: that
// somebody knows an e-mail address does not show that it is their own.
func ErrGuestsNeedStaff() *fault.Error {
	return fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied,
		"only the shop's staff may export or erase a guest's data, after they made sure whose it is")
}

// errCustomerErased is the fault for a change of a customer whose data was erased.
func errCustomerErased(id uuid.UUID) *fault.Error {
	return fault.New(fault.FailedPrecondition, ReasonCustomerErased,
		"the data of customer %s was erased: create a new customer", id).With("customer_id", id.String())
}

// errAddressNotFound is the fault for an id that none of the customer's addresses has.
func errAddressNotFound(id uuid.UUID) *fault.Error {
	return fault.New(fault.NotFound, ReasonAddressNotFound, "the customer has no address of the id %s", id).
		With("address_id", id.String())
}

// errTooManyAddresses is the fault for one address more than there may be.
func errTooManyAddresses() *fault.Error {
	return fault.New(fault.FailedPrecondition, ReasonTooManyAddresses,
		"the customer has %d addresses already, as many as one may have: delete one first", MaxAddresses)
}
