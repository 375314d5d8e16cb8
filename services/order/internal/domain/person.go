package domain

import (
	"strings"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
)

// Contact is whom to write to. The zero Contact is that of an erased person.
type Contact struct {
	FirstName string
	LastName  string
	Email     string
	Phone     string
}

// Address is a postal address with the fields of google.type.PostalAddress.
type Address struct {
	Revision           int32    `json:"revision,omitempty"`
	RegionCode         string   `json:"region_code,omitempty"`
	LanguageCode       string   `json:"language_code,omitempty"`
	PostalCode         string   `json:"postal_code,omitempty"`
	SortingCode        string   `json:"sorting_code,omitempty"`
	AdministrativeArea string   `json:"administrative_area,omitempty"`
	Locality           string   `json:"locality,omitempty"`
	Sublocality        string   `json:"sublocality,omitempty"`
	AddressLines       []string `json:"address_lines,omitempty"`
	Recipients         []string `json:"recipients,omitempty"`
	Organization       string   `json:"organization,omitempty"`
}

// checkContact returns the contact as it is stored, without blanks around it and with
// its e-mail address in the form that is mailed to, and what is wrong with it.
func checkContact(at string, c Contact) (Contact, []fault.Violation) {
	var broken []fault.Violation
	check := func(field string, err error) {
		if err != nil {
			broken = append(broken, fault.Breaks(at+field, err))
		}
	}
	c.FirstName, c.LastName, c.Phone = strings.TrimSpace(c.FirstName), strings.TrimSpace(c.LastName), strings.TrimSpace(c.Phone)
	check("first_name", grammar.Name(c.FirstName))
	check("last_name", grammar.LastName(c.LastName))
	check("phone", grammar.Phone(c.Phone))
	email, err := grammar.Email(c.Email)
	check("email", err)
	c.Email = email
	return c, broken
}

func checkAddress(at string, a Address) []fault.Violation {
	return grammar.Address(at, grammar.PostalAddress{
		RegionCode: a.RegionCode, LanguageCode: a.LanguageCode, PostalCode: a.PostalCode, SortingCode: a.SortingCode,
		AdministrativeArea: a.AdministrativeArea, Locality: a.Locality, Sublocality: a.Sublocality,
		AddressLines: a.AddressLines, Recipients: a.Recipients, Organization: a.Organization,
	})
}
