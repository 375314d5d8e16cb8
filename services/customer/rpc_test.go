package customer_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func ada() *customerv1.Customer {
	return &customerv1.Customer{FirstName: "Ada", LastName: "Lovelace", Email: "Ada@Example.com", Phone: "+49 30 1"}
}

func home(label string) *customerv1.Address {
	return &customerv1.Address{Label: label, PostalAddress: &postaladdress.PostalAddress{
		RegionCode: "DE", PostalCode: "10115", Locality: "Berlin", AddressLines: []string{"Invalidenstraße 1", "Hof"},
		Recipients: []string{"Ada Lovelace"}, Organization: "Analytical Engines", AdministrativeArea: "BE",
		LanguageCode: "de", SortingCode: "x", Sublocality: "Mitte",
	}}
}

func (o harness) create(t *testing.T, customer *customerv1.Customer) *customerv1.Customer {
	t.Helper()
	res, err := o.CreateCustomer(t.Context(), &customerv1.CreateCustomerRequest{Customer: customer})
	if err != nil {
		t.Fatal(err)
	}
	return res.GetCustomer()
}

func (o harness) get(t *testing.T, id string) *customerv1.Customer {
	t.Helper()
	res, err := o.GetCustomer(t.Context(), &customerv1.GetCustomerRequest{Id: id})
	if err != nil {
		t.Fatal(err)
	}
	return res.GetCustomer()
}

func (o harness) update(t *testing.T, customer *customerv1.Customer, paths ...string) (*customerv1.Customer, error) {
	t.Helper()
	res, err := o.UpdateCustomer(t.Context(), &customerv1.UpdateCustomerRequest{
		Customer: customer, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths},
	})
	return res.GetCustomer(), err
}

func TestACustomerIsReadAsItWasCreated(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	wanted := ada()
	wanted.Addresses = []*customerv1.Address{home("home"), home("work")}
	created := o.create(t, wanted)
	if id, err := uuid.Parse(created.GetId()); err != nil || id.Version() != 7 || created.GetEtag() == "" || created.GetErased() {
		t.Fatalf("created %v", created)
	}
	if created.GetEmail() != "Ada@Example.com" || len(created.GetAddresses()) != 2 || created.GetAddresses()[1].GetLabel() != "work" ||
		!proto.Equal(created.GetAddresses()[0].GetPostalAddress(), home("").GetPostalAddress()) {
		t.Fatalf("created %v", created)
	}
	if got := o.get(t, created.GetId()); !proto.Equal(got, created) {
		t.Fatalf("read %v, created %v", got, created)
	}
	_, err := o.GetCustomer(t.Context(), &customerv1.GetCustomerRequest{Id: uuid.NewString()})
	testkit.Refused(t, err, connect.CodeNotFound, "CUSTOMER_NOT_FOUND")
}

func TestABadCustomerIsRefusedByField(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	for name, row := range map[string]struct {
		spoil  func(*customerv1.Customer)
		fields []string
	}{
		"everything missing":  {func(c *customerv1.Customer) { proto.Reset(c) }, []string{"customer.first_name", "customer.email"}},
		"an id":               {func(c *customerv1.Customer) { c.Id = uuid.NewString() }, []string{"customer"}},
		"erased":              {func(c *customerv1.Customer) { c.Erased = true }, []string{"customer"}},
		"U+0000":              {func(c *customerv1.Customer) { c.FirstName = "A\x00" }, []string{"customer.first_name"}},
		"a line break":        {func(c *customerv1.Customer) { c.LastName = "Lovelace\r\nBcc: eve@example.com" }, []string{"customer.last_name"}},
		"no e-mail address":   {func(c *customerv1.Customer) { c.Email = "ada" }, []string{"customer.email"}},
		"an address' id":      {func(c *customerv1.Customer) { c.Addresses[0].Id = uuid.NewString() }, []string{"customer.addresses[0].id"}},
		"no country":          {func(c *customerv1.Customer) { c.Addresses[0].PostalAddress.RegionCode = "" }, []string{"customer.addresses[0].postal_address.region_code"}},
		"no line":             {func(c *customerv1.Customer) { c.Addresses[0].PostalAddress.AddressLines = nil }, []string{"customer.addresses[0].postal_address.address_lines"}},
		"another revision":    {func(c *customerv1.Customer) { c.Addresses[0].PostalAddress.Revision = 1 }, []string{"customer.addresses[0].postal_address.revision"}},
		"no postal address":   {func(c *customerv1.Customer) { c.Addresses[0].PostalAddress = nil }, []string{"customer.addresses[0].postal_address"}},
		"too many addresses":  {func(c *customerv1.Customer) { c.Addresses = slices.Repeat([]*customerv1.Address{home("x")}, 21) }, []string{"customer.addresses"}},
		"a phone of 41":       {func(c *customerv1.Customer) { c.Phone = strings.Repeat("1", 41) }, []string{"customer.phone"}},
		"a formula in a name": {func(c *customerv1.Customer) { c.FirstName = strings.Repeat("=", 101) }, []string{"customer.first_name"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			customer := ada()
			customer.Addresses = []*customerv1.Address{home("home")}
			row.spoil(customer)
			_, err := o.CreateCustomer(t.Context(), &customerv1.CreateCustomerRequest{Customer: customer})
			testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", row.fields...)
		})
	}
}

func TestAnEmailAddressBelongsToOneCustomer(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	outcomes := make([]error, 8)
	var calls sync.WaitGroup
	for i := range outcomes {
		calls.Go(func() {
			customer := ada()
			if i%2 == 1 {
				customer.Email = "aDA@eXAMPLE.COM"
			}
			_, outcomes[i] = o.CreateCustomer(t.Context(), &customerv1.CreateCustomerRequest{Customer: customer})
		})
	}
	calls.Wait()
	created := 0
	for _, err := range outcomes {
		if err == nil {
			created++
			continue
		}
		testkit.Refused(t, err, connect.CodeAlreadyExists, "EMAIL_TAKEN", "customer.email")
	}
	if created != 1 {
		t.Fatalf("%d customers were created", created)
	}
	eva := ada()
	eva.Email = "eva@example.com"
	other := o.create(t, eva)
	_, err := o.update(t, &customerv1.Customer{Id: other.GetId(), Email: "ADA@example.com"})
	testkit.Refused(t, err, connect.CodeAlreadyExists, "EMAIL_TAKEN", "customer.email")
	// Writing one's own address differently is no conflict.
	if got, err := o.update(t, &customerv1.Customer{Id: other.GetId(), Email: "Eva@Example.com"}); err != nil || got.GetEmail() != "Eva@Example.com" {
		t.Fatalf("got %v, %v", got, err)
	}
}

func TestAnUpdateChangesWhatTheMaskNames(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	first := o.create(t, ada())
	got, err := o.update(t, &customerv1.Customer{Id: first.GetId(), Etag: first.GetEtag(), LastName: "King", FirstName: "ignored"}, "last_name", "phone")
	if err != nil || got.GetLastName() != "King" || got.GetFirstName() != "Ada" || got.GetPhone() != "" || got.GetEtag() == first.GetEtag() {
		t.Fatalf("got %v, %v", got, err)
	}
	got.Phone = "1"
	if whole, err := o.update(t, got); err != nil || whole.GetPhone() != "1" || whole.GetLastName() != "King" {
		t.Fatalf("got %v, %v", whole, err)
	}
	for name, row := range map[string]struct {
		change *customerv1.Customer
		paths  []string
		code   connect.Code
		reason string
		fields []string
	}{
		"a stale etag":     {&customerv1.Customer{Id: first.GetId(), Etag: "stale"}, []string{"phone"}, connect.CodeAborted, "ETAG_MISMATCH", nil},
		"no such customer": {&customerv1.Customer{Id: uuid.NewString()}, []string{"phone"}, connect.CodeNotFound, "CUSTOMER_NOT_FOUND", nil},
		"no name":          {&customerv1.Customer{Id: first.GetId()}, []string{"first_name"}, connect.CodeInvalidArgument, "INVALID_FIELD", []string{"customer.first_name"}},
		"what can't be":    {&customerv1.Customer{Id: first.GetId()}, []string{"erased", "addresses"}, connect.CodeInvalidArgument, "INVALID_FIELD", []string{"update_mask"}},
		"no id":            {&customerv1.Customer{Phone: "1"}, nil, connect.CodeInvalidArgument, "INVALID_FIELD", []string{"customer"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := o.update(t, row.change, row.paths...)
			testkit.Refused(t, err, row.code, row.reason, row.fields...)
		})
	}
}

func TestErasingLeavesNothingAboutThePerson(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	wanted := ada()
	wanted.Addresses = []*customerv1.Address{home("home"), home("work")}
	customer := o.create(t, wanted)
	erase := func() *customerv1.Customer {
		res, err := o.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Id: customer.GetId()})
		if err != nil {
			t.Fatal(err)
		}
		return res.GetCustomer()
	}
	left := erase()
	want := &customerv1.Customer{
		Id: customer.GetId(), Erased: true, CreateTime: customer.GetCreateTime(), UpdateTime: left.GetUpdateTime(), Etag: left.GetEtag(),
	}
	if !proto.Equal(left, want) || !proto.Equal(o.get(t, customer.GetId()), want) || !proto.Equal(erase(), want) {
		t.Fatalf("left is %v, want %v", left, want)
	}
	for _, word := range []string{"Ada", "Lovelace", "xample", "+49", "Invaliden", "Berlin"} {
		var rows int
		err := o.pool.QueryRow(t.Context(), `select (select count(*) from customers c where c::text ilike $1) +
			(select count(*) from addresses a where a::text ilike $1)`, "%"+word+"%").Scan(&rows)
		if err != nil || rows != 0 {
			t.Fatalf("%d rows still hold %q, %v", rows, word, err)
		}
	}
	_, err := o.update(t, &customerv1.Customer{Id: customer.GetId(), FirstName: "Ada"})
	testkit.Refused(t, err, connect.CodeFailedPrecondition, "CUSTOMER_ERASED")
	_, err = o.CreateAddress(t.Context(), &customerv1.CreateAddressRequest{CustomerId: customer.GetId(), Address: home("x")})
	testkit.Refused(t, err, connect.CodeFailedPrecondition, "CUSTOMER_ERASED")
	_, err = o.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Id: uuid.NewString()})
	testkit.Refused(t, err, connect.CodeNotFound, "CUSTOMER_NOT_FOUND")

	again := o.create(t, ada()) // the e-mail address is free
	if again.GetId() == customer.GetId() {
		t.Fatal("the erased customer came back")
	}
	// Two erased customers don't meet in what they both no longer have.
	if _, err := o.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Id: again.GetId()}); err != nil {
		t.Fatal(err)
	}
}

func TestAnExportHoldsAllThatIsStored(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	wanted := ada()
	wanted.Addresses = []*customerv1.Address{home("home")}
	customer := o.create(t, wanted)
	res, err := o.ExportCustomer(t.Context(), &customerv1.ExportCustomerRequest{Id: customer.GetId()})
	if err != nil || res.GetContentType() != "application/json" || res.GetCreateTime() == nil {
		t.Fatalf("got %v, %v", res, err)
	}
	var document map[string]any
	if err := json.Unmarshal(res.GetContent(), &document); err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"Ada", "Lovelace", "Ada@Example.com", "+49 30 1", "Invalidenstraße 1", "Berlin", "Analytical Engines", customer.GetId()} {
		if !strings.Contains(string(res.GetContent()), word) {
			t.Fatalf("%q is missing in %s", word, res.GetContent())
		}
	}
	_, err = o.ExportCustomer(t.Context(), &customerv1.ExportCustomerRequest{Id: uuid.NewString()})
	testkit.Refused(t, err, connect.CodeNotFound, "CUSTOMER_NOT_FOUND")
}

// Last names stand where people look for them, whatever their accents and their case, page
// by page and in both directions. By their bytes "de Beauvoir" would stand behind "Zuse",
// and the Å, É and Ö behind that.
func TestLastNamesAreSortedForPeople(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	want := []string{"Anders", "Ångström", "de Beauvoir", "Dee", "Elion", "Éluard", "Oster", "Österreicher", "Zuse"}
	for _, i := range []int{8, 1, 5, 2, 7, 0, 4, 6, 3} {
		customer := ada()
		customer.LastName, customer.Email = want[i], uuid.NewString()+"@example.com"
		o.create(t, customer)
	}
	for _, order := range []string{"last_name", "last_name desc"} {
		var got []string
		for token := ""; ; {
			res, err := o.ListCustomers(t.Context(), &customerv1.ListCustomersRequest{PageSize: 2, PageToken: token, OrderBy: order})
			if err != nil {
				t.Fatal(err)
			}
			for _, customer := range res.GetCustomers() {
				got = append(got, customer.GetLastName())
			}
			if token = res.GetNextPageToken(); token == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("by %s: %q, want %q", order, got, want)
		}
		slices.Reverse(want)
	}
}

func TestCustomersAreListed(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	for _, name := range []string{"Noether", "Lovelace", "Hopper", "Lovelace", "Curie"} {
		customer := ada()
		customer.LastName, customer.Email = name, fmt.Sprintf("%s-%s@Example.com", name, uuid.NewString()[:8])
		if name == "Hopper" {
			customer.Email = "Grace@Example.com"
		}
		customer.Addresses = []*customerv1.Address{home("home")}
		created := o.create(t, customer)
		if name == "Curie" {
			if _, err := o.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Id: created.GetId()}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, row := range []struct{ filter, orderBy, want string }{
		{"", "", "- Lovelace Hopper Lovelace Noether"},
		{"", "create_time", "Noether Lovelace Hopper Lovelace -"},
		{"erased = false", "last_name", "Hopper Lovelace Lovelace Noether"},
		{"erased = false", "last_name desc", "Noether Lovelace Lovelace Hopper"},
		{"erased = true", "", "-"},
		{`email = "gRACE@example.COM"`, "", "Hopper"},
		{`email = "nobody@example.com"`, "", ""},
		{`email = ""`, "", ""},
		{`last_name = "Lovelace"`, "", "Lovelace Lovelace"},
		{`last_name = "Love%"`, "", ""},
		{`last_name = " LOVELACE "`, "", "Lovelace Lovelace"},
		{`LOVE`, "", "Lovelace Lovelace"},
		{`love ada`, "", "Lovelace Lovelace"},
		{`ada`, "last_name", "Hopper Lovelace Lovelace Noether"},
		{`"ada" "grace"`, "", "Hopper"},
		{`grace@Example.com`, "", "Hopper"},
		{`ada hop`, "", "Hopper"},
		{`ada AND erased = true`, "", ""},
		{`curie`, "", ""},
		{`lace`, "", ""},
		{`%`, "", ""},
	} {
		t.Run(row.filter+" "+row.orderBy, func(t *testing.T) {
			t.Parallel()
			var names []string
			for token := ""; ; {
				res, err := o.ListCustomers(t.Context(), &customerv1.ListCustomersRequest{
					PageSize: 2, PageToken: token, Filter: row.filter, OrderBy: row.orderBy, IncludeTotalSize: true,
				})
				if err != nil {
					t.Fatal(err)
				}
				for _, customer := range res.GetCustomers() {
					if name := customer.GetLastName(); name != "" && len(customer.GetAddresses()) == 1 {
						names = append(names, name)
					} else {
						names = append(names, "-")
					}
				}
				if token = res.GetNextPageToken(); token == "" {
					if res.TotalSize == nil || int(res.GetTotalSize()) != len(names) {
						t.Errorf("a total of %v, listed are %d", res.TotalSize, len(names))
					}
					break
				}
			}
			if got := strings.Join(names, " "); got != row.want {
				t.Fatalf("got %q, want %q", got, row.want)
			}
		})
	}
	for _, filter := range []string{`phone = "1"`, `email < "a"`, `email`, `ada OR eva`, `""`} {
		_, err := o.ListCustomers(t.Context(), &customerv1.ListCustomersRequest{Filter: filter})
		testkit.Refused(t, err, connect.CodeInvalidArgument, "FILTER_INVALID", "filter")
	}
	_, err := o.ListCustomers(t.Context(), &customerv1.ListCustomersRequest{OrderBy: "email"})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "FILTER_INVALID", "order_by")
	_, err = o.ListCustomers(t.Context(), &customerv1.ListCustomersRequest{PageToken: "forged"})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "PAGE_TOKEN_INVALID", "page_token")
}

// Another's data is not there at all: the same answer as for an id that nobody has.
func TestACustomerSeesNobodyElse(t *testing.T) {
	t.Parallel()
	staff := newHarness(t, owner())
	wanted := ada()
	wanted.Addresses = []*customerv1.Address{home("home")}
	self := staff.create(t, wanted)
	eva := ada()
	eva.Email = "eva@example.com"
	eva.Addresses = []*customerv1.Address{home("home")}
	other := staff.create(t, eva)
	o := staff.again(t, testkit.Customer(self.GetId()))

	calls := map[string]func(id, address string) error{
		"get": func(id, _ string) error {
			_, err := o.GetCustomer(t.Context(), &customerv1.GetCustomerRequest{Id: id})
			return err
		},
		"update": func(id, _ string) error {
			_, err := o.update(t, &customerv1.Customer{Id: id, Phone: "2"})
			return err
		},
		"export": func(id, _ string) error {
			_, err := o.ExportCustomer(t.Context(), &customerv1.ExportCustomerRequest{Id: id})
			return err
		},
		"add an address": func(id, _ string) error {
			_, err := o.CreateAddress(t.Context(), &customerv1.CreateAddressRequest{CustomerId: id, Address: home("new")})
			return err
		},
		"change an address": func(id, address string) error {
			_, err := o.UpdateAddress(t.Context(), &customerv1.UpdateAddressRequest{
				CustomerId: id, Address: &customerv1.Address{Id: address, PostalAddress: home("x").GetPostalAddress()},
			})
			return err
		},
		"remove an address": func(id, address string) error {
			_, err := o.DeleteAddress(t.Context(), &customerv1.DeleteAddressRequest{CustomerId: id, Id: address})
			return err
		},
	}
	for name, call := range calls {
		foreign := call(other.GetId(), other.GetAddresses()[0].GetId())
		testkit.Refused(t, foreign, connect.CodeNotFound, "CUSTOMER_NOT_FOUND")
		missing := uuid.NewString()
		if absent := call(missing, uuid.NewString()); strings.ReplaceAll(absent.Error(), missing, other.GetId()) != foreign.Error() {
			t.Fatalf("%s: %q of another's, %q of nobody's", name, foreign, absent)
		}
		if name == "remove an address" {
			continue // the address is there for the calls after this one
		}
		if err := call(self.GetId(), self.GetAddresses()[0].GetId()); err != nil {
			t.Fatalf("%s one's own: %v", name, err)
		}
	}
	_, err := o.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Id: other.GetId()})
	testkit.Refused(t, err, connect.CodeNotFound, "CUSTOMER_NOT_FOUND")
	// An address of one's own id does not open another's.
	_, err = o.DeleteAddress(t.Context(), &customerv1.DeleteAddressRequest{CustomerId: self.GetId(), Id: other.GetAddresses()[0].GetId()})
	testkit.Refused(t, err, connect.CodeNotFound, "ADDRESS_NOT_FOUND")
	_, err = o.ListCustomers(t.Context(), &customerv1.ListCustomersRequest{})
	testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")
	_, err = o.CreateCustomer(t.Context(), &customerv1.CreateCustomerRequest{Customer: ada()})
	testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")
	if got := staff.get(t, other.GetId()); !proto.Equal(got, other) {
		t.Fatalf("the other's data changed to %v", got)
	}
	if _, err := o.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Id: self.GetId()}); err != nil {
		t.Fatal(err)
	}
}

func TestCustomersAreServedOverREST(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	customer := o.create(t, ada())
	for _, row := range []struct {
		method, path, body string
		status             int
		holds              string
	}{
		{http.MethodGet, "/v1/customers/" + customer.GetId(), "", http.StatusOK, "Ada@Example.com"},
		{http.MethodPatch, "/v1/customers/" + customer.GetId(), `{"phone":"7","etag":"` + customer.GetEtag() + `"}`, http.StatusOK, `"7"`},
		{http.MethodPost, "/v1/customers/" + customer.GetId() + "/addresses", `{"label":"home","postalAddress":{"regionCode":"DE","addressLines":["a"]}}`, http.StatusOK, "home"},
		{http.MethodPatch, "/v1/customers/" + customer.GetId() + "?updateMask=lastName", `{"lastName":"King"}`, http.StatusOK, `"King"`},
		{http.MethodPatch, "/v1/customers/" + customer.GetId() + "?update_mask=last_name", `{"lastName":"Byron"}`, http.StatusOK, `"Byron"`},
		{http.MethodGet, "/v1/customers?filter=email%20%3D%20%22ada%40example.com%22", "", http.StatusOK, customer.GetId()},
		{http.MethodGet, "/v1/customers/" + customer.GetId() + ":export", "", http.StatusOK, "application/json"},
		{http.MethodPost, "/v1/customers/" + customer.GetId() + ":erase", `{}`, http.StatusOK, "true"},
		{http.MethodGet, "/v1/customers/" + uuid.NewString(), "", http.StatusNotFound, "CUSTOMER_NOT_FOUND"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), row.method, o.url+row.path, strings.NewReader(row.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := testkit.HTTP(t, owner()).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var document json.RawMessage
		err = json.NewDecoder(res.Body).Decode(&document)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != row.status || !strings.Contains(string(document), row.holds) {
			t.Fatalf("%s %s: %d %s, %v", row.method, row.path, res.StatusCode, document, err)
		}
	}
}
