package rpc

import (
	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
)

// readID reads an id in its canonical form, the only one that a field of the contract
// takes.
func readID(field, text string) (uuid.UUID, error) {
	id, err := grammar.UUID(text)
	if err != nil {
		return uuid.Nil, fault.Fields(fault.Breaks(field, err))
	}
	return id, nil
}
