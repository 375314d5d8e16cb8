// Package events translates between the customers and the broker.
package events

import (
	"google.golang.org/protobuf/proto"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/services/customer/internal/contract"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
)

// Topic holds what happens to customers. It carries personal data.
const Topic = "shopmesh.customer.customer.v1"

// Changed tells what became of a customer: registered with its first version,
// erased, or updated.
func Changed(c domain.Customer) outbox.Event {
	return outbox.Event{Topic: Topic, Key: c.ID, Version: c.Version, Time: c.UpdateTime, Message: message(c)}
}

func message(c domain.Customer) proto.Message {
	switch {
	case c.Erased:
		return &customerv1.CustomerErased{CustomerId: c.ID.String(), Version: c.Version}
	case c.Version == 1:
		return &customerv1.CustomerRegistered{Customer: contract.Customer(c), Version: c.Version}
	default:
		return &customerv1.CustomerUpdated{Customer: contract.Customer(c), Version: c.Version}
	}
}
