package rpc

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// readID reads an id in its canonical form, which is the only one that a field of
// the contract takes.
func readID(field, text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil || len(text) != len(uuid.Nil.String()) {
		return uuid.Nil, fault.Fields(fault.Violation{Field: field, Description: fmt.Sprintf("must be a UUID, is %.80q", text)})
	}
	return id, nil
}
