package pages

import (
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/services/storefront/internal/form"
	"github.com/shopmesh/shopmesh/services/storefront/internal/session"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

const (
	// addressesPath is where the addresses of an account are, each below its id.
	addressesPath = accountPath + "/addresses"
	// newAddress stands for the id of one that is to be added.
	newAddress = "new"
	// labelField is what a customer calls an address, and requestField makes adding it one
	// request however often the form is sent.
	labelField, requestField = "label", "request"

	keptField, deletedField, preferredField = "kept", "deleted", "preferred"
	// preferSuffix ends the address of the form that makes an address the default.
	preferSuffix = "/default"
	defaultField = "default_address_id"
)

const (
	reasonAddressNotFound  fault.Reason = "ADDRESS_NOT_FOUND"
	reasonTooManyAddresses fault.Reason = "TOO_MANY_ADDRESSES"
)

// customer reads who signed in, with their addresses.
func (v *visit) customer() (*customerv1.Customer, error) {
	return v.server.Customers.Customer(v.asAccount(), v.opened.Account.Customer)
}

// addresses is the page of the addresses of an account.
func (s *Server) addresses(v *visit) error {
	customer, err := v.customer()
	if err != nil {
		return err
	}
	d := view.AddressesPage{Add: addressesPath + "/" + newAddress}
	for i, address := range defaultFirst(customer) {
		at := addressesPath + "/" + address.GetId()
		saved := view.SavedAddress{
			Address: address, Country: countryName(v.texts.Language(), address.GetPostalAddress().GetRegionCode()), Change: at, Delete: at + "/delete",
		}
		if i > 0 {
			saved.Prefer = at + preferSuffix
		}
		d.Addresses = append(d.Addresses, saved)
	}
	switch query := v.request.URL.Query(); {
	case query.Has(keptField):
		d.Notice = view.NoticeData{Kind: "good", Text: v.texts.Say("address.kept")}
	case query.Has(preferredField):
		d.Notice = view.NoticeData{Kind: "good", Text: v.texts.Say("address.preferred")}
	case query.Has(deletedField):
		d.Notice = view.NoticeData{Kind: "good", Text: v.texts.Say("address.deleted")}
	}
	p := v.page(v.texts.Say("address.title"))
	p.Path, p.Hidden = addressesPath, true
	return v.show(http.StatusOK, noStore, view.Addresses(p, d))
}

// address is the page on which an address is changed, or added.
func (s *Server) address(v *visit) error {
	path := addressesPath + "/" + v.arg(0)
	d := view.AddressPage{Heading: v.texts.Say("address.add"), Action: path + sendSuffix, Request: uuid.NewString()}
	values := make(map[string]string)
	if v.arg(0) != newAddress {
		known, err := v.savedAddress(v.arg(0))
		if err != nil {
			return err
		}
		if known == nil {
			return errNotFound
		}
		d.Heading, values = v.texts.Say("address.change"), form.Spell(known.GetPostalAddress())
		values[labelField] = known.GetLabel()
	}
	kept, typed := v.opened.Forms[path]
	if typed {
		values = kept.Values
	}
	d.Fields, d.More = v.addressFields(form.AddressFields(), session.Form{Values: values, Problems: kept.Problems})
	d.Label = view.FieldData{Name: labelField, Label: v.texts.Say("address.label"), Hint: v.texts.Say("address.label_hint"), Value: values[labelField], Dir: "auto", Autocomplete: "off"}
	d.Label.Rules = labelRules()
	if problem := kept.Problems[labelField]; problem != "" {
		d.Label.Problem = v.texts.Say(problem)
	}
	if problem := kept.Problems[""]; problem != "" {
		d.Notice = view.NoticeData{Kind: "bad", Text: v.texts.Say(problem)}
	}
	p := v.page(d.Heading)
	p.Path, p.Hidden = path, true
	return v.show(http.StatusOK, noStore, view.Address(p, d))
}

// labelRules are those of what a customer calls an address.
func labelRules() form.Rules { return form.RulesOf(&customerv1.Address{}, labelField) }

// savedAddress is one of the addresses of who signed in; nil where there is none of that id.
func (v *visit) savedAddress(id string) (*customerv1.Address, error) {
	customer, err := v.customer()
	if err != nil {
		return nil, err
	}
	for _, address := range customer.GetAddresses() {
		if address.GetId() == id {
			return address, nil
		}
	}
	return nil, nil
}

// saveAddress changes an address, or adds it.
func (s *Server) saveAddress(v *visit) error {
	path, customer := addressesPath+"/"+v.arg(0), v.opened.Account.Customer
	names := append(form.AddressFields(), labelField)
	typed := v.typedInto(names...)
	address := &customerv1.Address{Label: v.field(labelField), PostalAddress: form.Address(typed.Values)}
	var err error
	switch {
	case form.NeedsState(typed.Values[form.Country]) && typed.Values[form.State] == "":
		// Customer is not asked, so what it would refuse is told here.
		wrong := append(form.AddressViolations(typed.Values), fault.Violation{Field: form.State, Description: "is needed"})
		if bad := grammar.Line(address.GetLabel(), labelRules().MaxLength); bad != nil {
			wrong = append(wrong, fault.Violation{Field: labelField, Description: bad.Error()})
		}
		err = fault.Fields(wrong...)
	case v.arg(0) == newAddress:
		err = s.Customers.AddAddress(v.asAccount(), customer, address, v.field(requestField))
	default:
		address.Id = v.arg(0)
		err = s.Customers.ChangeAddress(v.asAccount(), customer, address, append(form.AddressPaths(), labelField))
	}
	if reasonOf(err) == reasonAddressNotFound {
		return v.see(addressesPath) // it was removed meanwhile
	}
	return v.answer(path, err, names, func() error { return v.see(addressesPath, keptField, "1") })
}

// preferAddress makes an address the one that the checkout offers first. One that was removed
// meanwhile is none any more.
func (s *Server) preferAddress(v *visit) error {
	err := s.Customers.Change(v.asAccount(), &customerv1.Customer{Id: v.opened.Account.Customer, DefaultAddressId: v.arg(0)}, defaultField)
	switch {
	case reasonOf(err) == fault.ReasonInvalidField:
		return v.see(addressesPath)
	case err != nil:
		return err
	}
	return v.see(addressesPath, preferredField, "1")
}

// defaultFirst are the addresses of a customer, the default one before the others: it is the
// oldest where they chose none.
func defaultFirst(customer *customerv1.Customer) []*customerv1.Address {
	addresses := slices.Clone(customer.GetAddresses())
	slices.SortStableFunc(addresses, func(a, b *customerv1.Address) int {
		isDefault := func(address *customerv1.Address) bool { return address.GetId() == customer.GetDefaultAddressId() }
		switch {
		case isDefault(a) == isDefault(b):
			return 0
		case isDefault(a):
			return -1
		default:
			return 1
		}
	})
	return addresses
}

// deleteAddress removes an address. One that is gone already is no error.
func (s *Server) deleteAddress(v *visit) error {
	err := s.Customers.DeleteAddress(v.asAccount(), v.opened.Account.Customer, v.arg(0))
	if err != nil && reasonOf(err) != reasonAddressNotFound {
		return err
	}
	return v.see(addressesPath, deletedField, "1")
}

// oneLine is an address on a line, for a choice of several.
func (v *visit) oneLine(address *customerv1.Address) string {
	postal := address.GetPostalAddress()
	parts := append([]string{address.GetLabel(), postal.GetOrganization()}, postal.GetAddressLines()...)
	parts = append(parts, strings.TrimSpace(postal.GetPostalCode()+" "+postal.GetLocality()), postal.GetAdministrativeArea(), countryName(v.texts.Language(), postal.GetRegionCode()))
	var there []string
	for _, part := range parts {
		if part != "" {
			there = append(there, part)
		}
	}
	return strings.Join(there, " · ")
}
