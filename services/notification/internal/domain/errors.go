package domain

import (
	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// The reasons that this context's errors carry.
const (
	ReasonNotificationNotFound fault.Reason = "NOTIFICATION_NOT_FOUND"
	ReasonNotificationState    fault.Reason = "NOTIFICATION_STATE"
)

// ErrNotificationNotFound is the error for an id that no mail has.
func ErrNotificationNotFound(id uuid.UUID) *fault.Error {
	return fault.New(fault.NotFound, ReasonNotificationNotFound, "there is no notification %s", id).With("id", id.String())
}
