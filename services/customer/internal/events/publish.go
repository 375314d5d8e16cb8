// Package events translates between the customers and the broker.
package events

import (
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
	"github.com/shopmesh/shopmesh/services/customer/internal/protoconv"
)

// CustomerTopic holds what happens to customers. It carries personal data.
const CustomerTopic = "shopmesh.customer.customer.v1"

// ToOutbox returns the event of what became of a customer: registered with its first
// version, erased, or updated.
func ToOutbox(customer domain.Customer) outbox.Event {
	c := customer.Snapshot()
	return outbox.Event{Topic: CustomerTopic, Key: c.ID, Version: c.Version, Time: c.UpdateTime, Message: message(c)}
}

func message(c domain.Snapshot) proto.Message {
	switch {
	case c.Erased:
		erased := &customerv1.CustomerErased{CustomerId: c.ID.String(), Version: c.Version}
		if c.SignIn.AccountID != uuid.Nil {
			erased.AccountId = c.SignIn.AccountID.String()
		}
		return erased
	case c.Version == 1:
		return &customerv1.CustomerRegistered{Customer: protoconv.Customer(c), Version: c.Version}
	default:
		return &customerv1.CustomerUpdated{Customer: protoconv.Customer(c), Version: c.Version}
	}
}

// GuestToOutbox returns the event of a guest's erasure.
func GuestToOutbox(e domain.GuestErasure) outbox.Event {
	return outbox.Event{
		Topic: CustomerTopic, Key: e.ID, Version: e.Version, Time: e.Time,
		Message: &customerv1.CustomerErased{Version: e.Version, Email: e.EmailKey},
	}
}
