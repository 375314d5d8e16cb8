package app

import (
	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
)

// Payments are the use cases about payments; each is a method in a file of its own.
type Payments struct {
	Deps

	// Worker requests from the provider what was stored.
	Worker *ChargeWorker
}

// PaymentDetails is a payment with its attempts and disputes, oldest first.
type PaymentDetails struct {
	Payment  domain.Payment
	Attempts []domain.Attempt
	Disputes []domain.Dispute
	// Action is what the customer has to do; the zero Action when that is nothing, or nothing
	// that the caller may see.
	Action provider.Action
}

// RefundDetails is a refund with its attempts, oldest first.
type RefundDetails struct {
	Refund   domain.Refund
	Attempts []domain.Attempt
}

// distinct returns the ids of rows, each once, in the order of the rows.
func distinct[T any](rows []T, id func(T) uuid.UUID) []uuid.UUID {
	seen := make(map[uuid.UUID]bool, len(rows))
	ids := make([]uuid.UUID, 0, len(rows))
	for _, row := range rows {
		if id := id(row); !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}
