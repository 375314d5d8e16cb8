package rpc

import (
	"github.com/google/uuid"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
)

// reader translates a request's fields and gathers those that it can't.
type reader struct {
	wrong []fault.Violation
}

func (r *reader) refuse(field, description string) {
	r.wrong = append(r.wrong, fault.Violation{Field: field, Description: description})
}

// err returns the fault, and a true nil when everything could be read.
func (r *reader) err() error {
	if broken := fault.Fields(r.wrong...); broken != nil {
		return broken
	}
	return nil
}

func (r *reader) id(field, text string) uuid.UUID {
	id, err := uuid.Parse(text)
	// Parse also knows forms with braces or without hyphens, which ids here don't have.
	if err != nil || len(text) != len(uuid.Nil.String()) {
		r.refuse(field, "must be a UUID")
		return uuid.Nil
	}
	return id
}

// address reads an address without its id.
func (r *reader) address(field string, address *customerv1.Address) domain.Address {
	postal := address.GetPostalAddress()
	if postal == nil {
		r.refuse(field+".postal_address", "is required")
	}
	if postal.GetRevision() != 0 {
		r.refuse(field+".postal_address.revision", "must be 0, the only revision that there is")
	}
	return domain.Address{Label: address.GetLabel(), Postal: domain.PostalAddress{
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
