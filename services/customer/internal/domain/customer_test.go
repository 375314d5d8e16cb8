package domain

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
)

var (
	morning = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	noon    = morning.Add(4 * time.Hour)
)

func home() Address {
	return Address{Label: "home", Postal: grammar.PostalAddress{
		RegionCode: "DE", PostalCode: "10115", Locality: "Berlin", AddressLines: []string{"Invalidenstraße 1"},
	}}
}

func ada() CustomerFields {
	return CustomerFields{FirstName: "Ada", LastName: "Lovelace", Email: "Ada@Example.com", Phone: "+49 30 1"}
}

func TestANewCustomerKeepsItsBounds(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 63) + "."
	for name, row := range map[string]struct {
		spoil func(*CustomerFields)
		field string
	}{
		"nothing wrong":                {func(*CustomerFields) {}, ""},
		"a name of 100":                {func(f *CustomerFields) { f.FirstName = strings.Repeat("é", 100) }, ""},
		"a name of 101":                {func(f *CustomerFields) { f.FirstName = strings.Repeat("é", 101) }, "customer.first_name"},
		"no first name":                {func(f *CustomerFields) { f.FirstName = "" }, "customer.first_name"},
		"one name":                     {func(f *CustomerFields) { f.LastName = "" }, ""},
		"a name of U+200B":             {func(f *CustomerFields) { f.FirstName = "\u200b" }, "customer.first_name"},
		"U+0000 in a name":             {func(f *CustomerFields) { f.LastName = "A\x00" }, "customer.last_name"},
		"docomo's e-mail address":      {func(f *CustomerFields) { f.Email = "user.@docomo.ne.jp" }, ""},
		"an internationalized domain":  {func(f *CustomerFields) { f.Email = "ada@bücher.example" }, ""},
		"a line break in a name":       {func(f *CustomerFields) { f.LastName = "Lovelace\r\nBcc: x@example.com" }, "customer.last_name"},
		"no e-mail address":            {func(f *CustomerFields) { f.Email = "" }, "customer.email"},
		"an e-mail address without @":  {func(f *CustomerFields) { f.Email = "ada.example.com" }, "customer.email"},
		"an e-mail address with two @": {func(f *CustomerFields) { f.Email = "a@b@example.com" }, "customer.email"},
		"an e-mail address with name":  {func(f *CustomerFields) { f.Email = "Ada <ada@example.com>" }, "customer.email"},
		"a line break in the address":  {func(f *CustomerFields) { f.Email = "ada\n@example.com" }, "customer.email"},
		"an e-mail address of 254":     {func(f *CustomerFields) { f.Email = "a@" + strings.Repeat(long, 3) + strings.Repeat("y", 60) }, ""},
		"an e-mail address of 255":     {func(f *CustomerFields) { f.Email = "a@" + strings.Repeat(long, 3) + strings.Repeat("y", 61) }, "customer.email"},
		"a host without a dot":         {func(f *CustomerFields) { f.Email = "ada@localhost" }, ""},
		"no phone":                     {func(f *CustomerFields) { f.Phone = "" }, ""},
		"a phone of 41":                {func(f *CustomerFields) { f.Phone = strings.Repeat("1", 41) }, "customer.phone"},
		"20 addresses":                 {func(f *CustomerFields) { f.Addresses = homes(20) }, ""},
		"21 addresses":                 {func(f *CustomerFields) { f.Addresses = homes(21) }, "customer.addresses"},
		"a broken second address": {func(f *CustomerFields) {
			f.Addresses = homes(2)
			f.Addresses[1].Postal.RegionCode = ""
		}, "customer.addresses[1].postal_address.region_code"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fields := ada()
			row.spoil(&fields)
			_, err := NewCustomer(fields, uuid.New, morning)
			wantViolation(t, err, row.field)
		})
	}
}

func homes(n int) []Address {
	addresses := make([]Address, n)
	for i := range addresses {
		addresses[i] = home()
		addresses[i].Label = fmt.Sprint("home ", i)
	}
	return addresses
}

func TestAnAddressKeepsItsBounds(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 201)
	for name, row := range map[string]struct {
		spoil func(*Address)
		field string
	}{
		"nothing wrong":              {func(*Address) {}, ""},
		"no label":                   {func(a *Address) { a.Label = "" }, ""},
		"a label of 101":             {func(a *Address) { a.Label = long[:202] }, "label"},
		"no region":                  {func(a *Address) { a.Postal.RegionCode = "" }, "postal_address.region_code"},
		"a region in small":          {func(a *Address) { a.Postal.RegionCode = "de" }, "postal_address.region_code"},
		"a region of three":          {func(a *Address) { a.Postal.RegionCode = "DEU" }, "postal_address.region_code"},
		"Kosovo":                     {func(a *Address) { a.Postal.RegionCode = "XK" }, ""},
		"UK":                         {func(a *Address) { a.Postal.RegionCode = "UK" }, "postal_address.region_code"},
		"a withdrawn region":         {func(a *Address) { a.Postal.RegionCode = "DD" }, "postal_address.region_code"},
		"a region that is none":      {func(a *Address) { a.Postal.RegionCode = "ZZ" }, "postal_address.region_code"},
		"a continent":                {func(a *Address) { a.Postal.RegionCode = "150" }, "postal_address.region_code"},
		"no line":                    {func(a *Address) { a.Postal.AddressLines = nil }, "postal_address.address_lines"},
		"five lines":                 {func(a *Address) { a.Postal.AddressLines = strings.Split("12345", "") }, ""},
		"six lines":                  {func(a *Address) { a.Postal.AddressLines = strings.Split("123456", "") }, "postal_address.address_lines"},
		"a blank line":               {func(a *Address) { a.Postal.AddressLines = []string{"a", " "} }, "postal_address.address_lines[1]"},
		"a line of 201":              {func(a *Address) { a.Postal.AddressLines = []string{long} }, "postal_address.address_lines[0]"},
		"a long locality":            {func(a *Address) { a.Postal.Locality = long }, "postal_address.locality"},
		"a long postal code":         {func(a *Address) { a.Postal.PostalCode = long }, "postal_address.postal_code"},
		"a long organization":        {func(a *Address) { a.Postal.Organization = long }, "postal_address.organization"},
		"a long recipient":           {func(a *Address) { a.Postal.Recipients = []string{long} }, "postal_address.recipients[0]"},
		"a line break in a part":     {func(a *Address) { a.Postal.Sublocality = "a\nb" }, "postal_address.sublocality"},
		"a long administrative area": {func(a *Address) { a.Postal.AdministrativeArea = long }, "postal_address.administrative_area"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := home()
			row.spoil(&address)
			field := row.field
			if field != "" {
				field = "address." + field
			}
			_, _, err := Restore(Snapshot{ID: uuid.New()}).AddAddress(address, uuid.New(), morning)
			wantViolation(t, err, field)
		})
	}
}

func TestAnEmailAddressIsTheSameInAnyCase(t *testing.T) {
	t.Parallel()
	if grammar.EmailKey("Ada@Example.COM") != grammar.EmailKey("aDA@eXAMPLE.com") || grammar.EmailKey("ada@example.com") == grammar.EmailKey("eva@example.com") {
		t.Fatal("keys differ by case, or not by person")
	}
}

func TestAnErasedCustomerHoldsNothingAboutThePerson(t *testing.T) {
	t.Parallel()
	fields := ada()
	fields.Addresses = homes(3)
	customer, err := NewCustomer(fields, uuid.New, morning)
	if err != nil {
		t.Fatal(err)
	}
	left, changed := customer.Erase(noon)
	want := Restore(Snapshot{ID: customer.state.ID, Erased: true, Version: 2, CreateTime: morning, UpdateTime: noon})
	if !changed || !reflect.DeepEqual(left, want) {
		t.Fatalf("left is %+v", left)
	}
	if again, changed := left.Erase(noon.Add(time.Hour)); changed || !reflect.DeepEqual(again, want) {
		t.Fatalf("erased again it is %+v", again)
	}
	name := "Ada"
	_, _, err = left.Change(CustomerChange{FirstName: &name}, noon)
	wantReason(t, err, ReasonCustomerErased)
	_, _, err = left.AddAddress(home(), uuid.New(), noon)
	wantReason(t, err, ReasonCustomerErased)
	_, _, _, err = left.ChangeAddress(uuid.New(), relabel("home"), noon)
	wantReason(t, err, ReasonAddressNotFound)
	_, err = left.RemoveAddress(uuid.New(), noon)
	wantReason(t, err, ReasonAddressNotFound)
}

func TestAChangeThatChangesNothingKeepsTheVersion(t *testing.T) {
	t.Parallel()
	fields := ada()
	fields.Addresses = homes(1)
	customer, err := NewCustomer(fields, uuid.New, morning)
	if err != nil {
		t.Fatal(err)
	}
	if _, changed, err := customer.Change(CustomerChange{Email: &fields.Email}, noon); changed || err != nil {
		t.Fatalf("changed %t, %v", changed, err)
	}
	if _, _, changed, err := customer.ChangeAddress(customer.state.Addresses[0].ID, relabel(customer.state.Addresses[0].Label), noon); changed || err != nil {
		t.Fatalf("changed %t, %v", changed, err)
	}
	email := strings.ToLower(fields.Email)
	next, changed, err := customer.Change(CustomerChange{Email: &email}, noon)
	if !changed || err != nil || next.state.Version != 2 || next.state.Etag() == customer.state.Etag() {
		t.Fatalf("got %+v, %t, %v", next, changed, err)
	}
	wantReason(t, next.CheckEtag(customer.state.Etag()), fault.ReasonEtagMismatch)
	wantReason(t, next.CheckEtag(next.state.Etag()), "")
}

// Whatever is done to a customer's addresses, in whatever order: never more than
// MaxAddresses, in the order of creation, each change counted once, and what was
// handed out before stays as it was.
func TestAddressesStayWithinTheirBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		customer := Restore(Snapshot{ID: uuid.UUID{15: 255}, Version: 1, CreateTime: morning, UpdateTime: morning})
		last := byte(0)
		var model []byte
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			before, version := fmt.Sprint(customer.state.Addresses), customer.state.Version
			seen := customer
			id := uuid.UUID{15: rapid.ByteRange(0, 30).Draw(t, "address")}
			known := strings.IndexByte(string(model), id[15])
			var err error
			switch rapid.IntRange(0, 3).Draw(t, "move") {
			case 0, 1:
				full := len(model) == MaxAddresses
				var next Customer
				if next, _, err = customer.AddAddress(home(), uuid.UUID{15: last + 1}, noon); err == nil {
					last++
					model, customer = append(model, last), next
				}
				if full != (fault.ReasonOf(err) == ReasonTooManyAddresses) {
					t.Fatalf("%d addresses, adding one: %v", len(model), err)
				}
			case 2:
				var next Customer
				if next, err = customer.RemoveAddress(id, noon); err == nil {
					model, customer = append(model[:known:known], model[known+1:]...), next
				}
			case 3:
				label := fmt.Sprint("label ", rapid.IntRange(0, 2).Draw(t, "label"))
				next, _, changed, rerr := customer.ChangeAddress(id, relabel(label), noon)
				if err = rerr; err == nil {
					customer = next
				}
				if err == nil && !changed {
					version-- // nothing changed, and the version stays
				}
			}
			if err == nil && customer.state.Version != version+1 {
				t.Fatalf("version %d after %d", customer.state.Version, version)
			}
			if err != nil && fault.ReasonOf(err) == ReasonAddressNotFound && known >= 0 {
				t.Fatalf("address %s is there: %v", id, err)
			}
			if fmt.Sprint(seen.state.Addresses) != before {
				t.Fatal("a change reached into what was handed out before")
			}
			if len(customer.state.Addresses) != len(model) {
				t.Fatalf("%d addresses, want %d", len(customer.state.Addresses), len(model))
			}
			for i, address := range customer.state.Addresses {
				if address.ID[15] != model[i] {
					t.Fatalf("addresses %v, want the order %v", customer.state.Addresses, model)
				}
			}
		}
	})
}

func wantReason(t *testing.T, err error, reason fault.Reason) {
	t.Helper()
	if err != nil && reason == "" {
		t.Fatalf("unexpected: %v", err)
	}
	if got := fault.ReasonOf(err); got != reason {
		t.Fatalf("reason %q, want %q (%v)", got, reason, err)
	}
}

// wantViolation expects a violation of the field, or no error when it is empty.
func wantViolation(t *testing.T, err error, field string) {
	t.Helper()
	if field == "" {
		if err != nil {
			t.Fatalf("unexpected: %v", err)
		}
		return
	}
	broken, ok := fault.Of(err)
	if !ok {
		t.Fatalf("no fault: %v", err)
	}
	for _, violation := range broken.Violations() {
		if violation.Field == field {
			return
		}
	}
	t.Fatalf("no violation of %s in %+v", field, broken.Violations())
}

func relabel(label string) func(Address) (Address, error) {
	return func(address Address) (Address, error) {
		address.Label = label
		return address, nil
	}
}
