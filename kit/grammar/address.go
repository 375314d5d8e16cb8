package grammar

import (
	"fmt"

	"golang.org/x/text/language"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// The bounds of a postal address; lengths count characters.
const (
	maxAddressLines = 5
	maxRecipients   = 20
	maxAddressPart  = 200
)

// PostalAddress holds the parts of a google.type.PostalAddress, whose contract
// names them.
type PostalAddress struct {
	RegionCode         string
	LanguageCode       string
	PostalCode         string
	SortingCode        string
	AdministrativeArea string
	Locality           string
	Sublocality        string
	AddressLines       []string
	Recipients         []string
	Organization       string
}

// Address returns what is wrong with a postal address. A region and 1 to 5 address lines
// are required; every other part is one line of up to 200 characters and may be empty. at
// is the prefix of the violations' field names, such as "address.postal_address.".
func Address(at string, a PostalAddress) []fault.Violation {
	v := violations{at: at}
	v.check("region_code", Region(a.RegionCode))
	v.check("language_code", languageCode(a.LanguageCode))
	v.check("postal_code", Line(a.PostalCode, maxAddressPart))
	v.check("sorting_code", Line(a.SortingCode, maxAddressPart))
	v.check("administrative_area", Line(a.AdministrativeArea, maxAddressPart))
	v.check("locality", Line(a.Locality, maxAddressPart))
	v.check("sublocality", Line(a.Sublocality, maxAddressPart))
	switch n := len(a.AddressLines); {
	case n == 0:
		v.check("address_lines", fault.Breach(fault.RuleRequired, "must be 1 to %d lines, are 0", maxAddressLines))
	case n > maxAddressLines:
		v.check("address_lines", fault.Breach(fault.RuleTooMany, "must be 1 to %d lines, are %d", maxAddressLines, n))
	default:
		for i, line := range a.AddressLines {
			v.check(fmt.Sprintf("address_lines[%d]", i), RequiredLine(line, maxAddressPart))
		}
	}
	if n := len(a.Recipients); n > maxRecipients {
		v.check("recipients", fault.Breach(fault.RuleTooMany, "must be at most %d, are %d", maxRecipients, n))
	} else {
		for i, recipient := range a.Recipients {
			v.check(fmt.Sprintf("recipients[%d]", i), Line(recipient, maxAddressPart))
		}
	}
	v.check("organization", Line(a.Organization, maxAddressPart))
	return v.found
}

func languageCode(code string) error {
	if code == "" {
		return nil
	}
	if _, err := language.Parse(code); err != nil || len(code) > 35 {
		return fault.Breach(fault.RuleMalformed, "must be a BCP 47 language tag, such as de or zh-Hant, or empty")
	}
	return nil
}

type violations struct {
	at    string
	found []fault.Violation
}

func (v *violations) check(field string, err error) {
	if err != nil {
		v.found = append(v.found, fault.Breaks(v.at+field, err))
	}
}
