package grammar

import (
	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// canonicalUUID is how many characters a UUID has in RFC 9562's text form. Others,
// in braces or without hyphens, are refused: one id has one way of writing it.
const canonicalUUID = 36

var (
	errUUID = fault.Breach(fault.RuleMalformed, "must be a UUID, such as 01990f7e-3c1b-7d2a-9c6f-0b8d4e5a6f70")
	errNil  = fault.Breach(fault.RuleMalformed, "must not be the all-zero UUID: draw a random one for each request")
)

// UUID reads an id in RFC 9562's text form, in any case of letters.
func UUID(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil || len(text) != canonicalUUID {
		return uuid.Nil, errUUID
	}
	return id, nil
}

// RequestID reads a request_id (https://google.aip.dev/155): any UUID but the
// all-zero one, which is what a client sends that forgot to draw one.
func RequestID(text string) (uuid.UUID, error) {
	id, err := UUID(text)
	if err == nil && id == uuid.Nil {
		return uuid.Nil, errNil
	}
	return id, err
}
