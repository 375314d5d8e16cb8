// Package peers calls the other contexts that identity needs: customer.
package peers

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1/customerv1connect"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// Customers makes the customers as whom accounts sign in.
type Customers struct {
	customers customerv1connect.CustomerServiceClient
}

// NewCustomers returns the customers of the context that others reaches.
func NewCustomers(others *peer.Peers) *Customers {
	return &Customers{customers: customerv1connect.NewCustomerServiceClient(others.Client("customer"))}
}

// Link returns the customer of an account; a repeated call returns the same. Errors:
// EMAIL_TAKEN, UNAVAILABLE when customer is away.
func (c *Customers) Link(ctx context.Context, account domain.NewCustomer) (uuid.UUID, error) {
	res, err := c.customers.LinkAccount(ctx, &customerv1.LinkAccountRequest{
		AccountId: account.AccountID.String(), Email: account.Email.Address,
		FirstName: account.Person.FirstName, LastName: account.Person.LastName,
	})
	if err != nil {
		return uuid.Nil, failed(err)
	}
	id, err := uuid.Parse(res.GetCustomerId())
	if err != nil {
		return uuid.Nil, fmt.Errorf("the customer of an account: %w", err)
	}
	return id, nil
}

func failed(err error) error {
	if peer.Away(err) {
		return fault.New(fault.Unavailable, fault.ReasonUnavailable,
			"customer is away, which keeps who buys; try again").RetryAfter(time.Second).Because(err)
	}
	if refused, ok := peer.Fault(err); ok && refused.Reason() == domain.ReasonEmailTaken {
		return fault.New(fault.AlreadyExists, domain.ReasonEmailTaken, "the customer of another account has this e-mail address: write to the shop").Because(err)
	}
	return fmt.Errorf("make the customer of an account: %w", err)
}
