package rpc

import (
	"github.com/google/uuid"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
)

// reader translates a request's fields and gathers those that it can't.
type reader struct {
	wrong []fault.Violation
}

func (r *reader) refuse(field string, err error) {
	r.wrong = append(r.wrong, fault.Breaks(field, err))
}

// err returns the fault, and a true nil when everything could be read.
func (r *reader) err() error {
	if broken := fault.Fields(r.wrong...); broken != nil {
		return broken
	}
	return nil
}

// id reads an id. No description holds what was sent, which may be about a person.
func (r *reader) id(field, text string) uuid.UUID {
	id, err := grammar.UUID(text)
	if err != nil {
		r.refuse(field, err)
	}
	return id
}

// optionalID reads an id that may be empty, which is uuid.Nil.
func (r *reader) optionalID(field, text string) *uuid.UUID {
	id := uuid.Nil
	if text != "" {
		id = r.id(field, text)
	}
	return &id
}

// requestID reads a request_id that may be empty, which is uuid.Nil.
func (r *reader) requestID(text string) uuid.UUID {
	if text == "" {
		return uuid.Nil
	}
	id, err := grammar.RequestID(text)
	if err != nil {
		r.refuse("request_id", err)
	}
	return id
}

// address reads an address without its id.
func (r *reader) address(field string, address *customerv1.Address) domain.Address {
	postal := address.GetPostalAddress()
	if postal == nil {
		r.refuse(field+".postal_address", fault.Breach(fault.RuleRequired, "is required"))
	}
	if postal.GetRevision() != 0 {
		r.refuse(field+".postal_address.revision", fault.Breach(fault.RuleOutOfRange, "must be 0, the only revision that there is"))
	}
	return domain.Address{Label: address.GetLabel(), Postal: grammar.PostalAddress{
		RegionCode:         postal.GetRegionCode(),
		LanguageCode:       postal.GetLanguageCode(),
		PostalCode:         postal.GetPostalCode(),
		SortingCode:        postal.GetSortingCode(),
		AdministrativeArea: postal.GetAdministrativeArea(),
		Locality:           postal.GetLocality(),
		Sublocality:        postal.GetSublocality(),
		AddressLines:       postal.GetAddressLines(),
		Recipients:         postal.GetRecipients(),
		Organization:       postal.GetOrganization(),
	}}
}
