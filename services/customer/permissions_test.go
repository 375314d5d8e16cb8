package customer_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1/customerv1connect"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// customerCalls are the RPCs about one customer, by what they are called here; each
// returns what the call answers.
func customerCalls(t *testing.T, client customerv1connect.CustomerServiceClient) (reads, writes map[string]func(id, address string) error) {
	t.Helper()
	type call = func(id, address string) error
	return map[string]call{
			"get": func(id, _ string) error {
				_, err := client.GetCustomer(t.Context(), &customerv1.GetCustomerRequest{Id: id})
				return err
			},
			"export": func(id, _ string) error {
				_, err := client.ExportCustomer(t.Context(), &customerv1.ExportCustomerRequest{Id: id})
				return err
			},
		}, map[string]call{
			"update": func(id, _ string) error {
				_, err := client.UpdateCustomer(t.Context(), &customerv1.UpdateCustomerRequest{Customer: &customerv1.Customer{Id: id, Phone: "7"}})
				return err
			},
			"add an address": func(id, _ string) error {
				_, err := client.CreateAddress(t.Context(), &customerv1.CreateAddressRequest{CustomerId: id, Address: home("work")})
				return err
			},
			"update an address": func(id, address string) error {
				changed := home("moved")
				changed.Id = address
				_, err := client.UpdateAddress(t.Context(), &customerv1.UpdateAddressRequest{CustomerId: id, Address: changed})
				return err
			},
			"delete an address": func(id, address string) error {
				_, err := client.DeleteAddress(t.Context(), &customerv1.DeleteAddressRequest{CustomerId: id, Id: address})
				return err
			},
			"erase": func(id, _ string) error {
				_, err := client.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Id: id})
				return err
			},
		}
}

// Who reads customers does not change them, who changes them does not read them, and
// another context does what it was granted.
func TestCustomersNeedTheirPermission(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	read, write := optionsv1.Permission_PERMISSION_CUSTOMERS_READ, optionsv1.Permission_PERMISSION_CUSTOMERS_WRITE
	for name, row := range map[string]struct {
		caller        authz.Identity
		reads, writes bool
	}{
		"staff that reads":       {testkit.Staff(read), true, false},
		"staff that writes":      {testkit.Staff(write), false, true},
		"staff with the rest":    {testkit.Staff(optionsv1.Permission_PERMISSION_ORDERS_WRITE, optionsv1.Permission_PERMISSION_ACCOUNTS_WRITE), false, false},
		"order":                  {testkit.ServiceCaller("order"), false, false},
		"order for an owner":     {testkit.OnBehalf("order", testkit.Owner()), false, false},
		"a guest with a cart":    {testkit.GuestWithCart([32]byte{1}), false, false},
		"an API key for reading": {authz.Identity{Kind: authz.Staff, ID: "s", APIKey: "k", Permissions: []optionsv1.Permission{read}}, true, false},
	} {
		wanted := ada()
		wanted.Email = strings.ReplaceAll(name, " ", ".") + "@example.com"
		wanted.Addresses = []*customerv1.Address{home("home")}
		customer := o.create(t, wanted)
		client := customerv1connect.NewCustomerServiceClient(testkit.Client(t, o.url, testkit.As(t, row.caller)))
		reads, writes := customerCalls(t, client)
		checkCalls(t, name, reads, row.reads, customer)
		checkCalls(t, name, writes, row.writes, customer)
		_, list := client.ListCustomers(t.Context(), &customerv1.ListCustomersRequest{})
		if denied := connect.CodeOf(list) == connect.CodePermissionDenied; denied == row.reads {
			t.Errorf("%s lists customers: %v", name, list)
		}
	}
}

func checkCalls(t *testing.T, name string, calls map[string]func(string, string) error, may bool, customer *customerv1.Customer) {
	t.Helper()
	for rpc, call := range calls {
		err := call(customer.GetId(), customer.GetAddresses()[0].GetId())
		if denied := connect.CodeOf(err) == connect.CodePermissionDenied; denied == may {
			t.Errorf("%s: %s: %v, allowed: %v", name, rpc, err, may)
		}
	}
}

// Another customer's answers every RPC as one that is not there, to the byte.
func TestAnothersCustomerAnswersAsAMissingOne(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	wanted := ada()
	wanted.Addresses = []*customerv1.Address{home("home")}
	other := o.create(t, wanted)
	client := customerv1connect.NewCustomerServiceClient(testkit.Client(t, o.url, testkit.As(t, testkit.Customer(uuid.NewString()))))
	calls, writes := customerCalls(t, client)
	maps.Copy(calls, writes)
	for rpc, call := range calls {
		missing := uuid.NewString()
		another := testkit.Refused(t, call(other.GetId(), other.GetAddresses()[0].GetId()), connect.CodeNotFound, "CUSTOMER_NOT_FOUND")
		gone := testkit.Refused(t, call(missing, uuid.NewString()), connect.CodeNotFound, "CUSTOMER_NOT_FOUND")
		if strings.ReplaceAll(another.Message, other.GetId(), "ID") != strings.ReplaceAll(gone.Message, missing, "ID") {
			t.Errorf("%s: another's: %q, a missing one: %q", rpc, another.Message, gone.Message)
		}
	}
}

// Guests are exported and erased by who may read and write customers, and not by themselves.
func TestGuestsNeedAPermission(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	read, write := optionsv1.Permission_PERMISSION_CUSTOMERS_READ, optionsv1.Permission_PERMISSION_CUSTOMERS_WRITE
	for name, row := range map[string]struct {
		caller          authz.Identity
		exports, erases bool
	}{
		"a customer":        {testkit.Customer(uuid.NewString()), false, false},
		"staff that reads":  {testkit.Staff(read), true, false},
		"staff that writes": {testkit.Staff(write), false, true},
	} {
		client := customerv1connect.NewCustomerServiceClient(testkit.Client(t, o.url, testkit.As(t, row.caller)))
		_, export := client.ExportCustomer(t.Context(), &customerv1.ExportCustomerRequest{Email: "guest@example.com"})
		_, erase := client.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Email: "guest@example.com"})
		for rpc, got := range map[string]struct {
			err error
			may bool
		}{"export": {export, row.exports}, "erase": {erase, row.erases}} {
			if got.may && got.err != nil {
				t.Errorf("%s: %s: %v", name, rpc, got.err)
			} else if !got.may {
				testkit.Refused(t, got.err, connect.CodePermissionDenied, "PERMISSION_DENIED")
			}
		}
	}
}

// An erasure, which can't be undone, needs a recent proof of who calls, of a customer and of a guest;
// an API key, which can't prove that, is refused.
func TestAnErasureNeedsAProof(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	write := optionsv1.Permission_PERMISSION_CUSTOMERS_WRITE
	customer := o.create(t, ada())
	stale := func(caller authz.Identity) authz.Identity {
		caller.AuthTime = time.Now().Add(-time.Hour)
		return caller
	}
	for name, row := range map[string]struct {
		caller authz.Identity
		reason string
	}{
		"the customer":    {stale(testkit.Customer(customer.GetId())), "STEP_UP_REQUIRED"},
		"the owner":       {stale(testkit.Owner()), "STEP_UP_REQUIRED"},
		"who may write":   {stale(testkit.Staff(write)), "STEP_UP_REQUIRED"},
		"an API key":      {authz.Identity{Kind: authz.Staff, ID: "s", APIKey: "k", Permissions: []optionsv1.Permission{write}}, "PERMISSION_DENIED"},
		"a stranger":      {stale(testkit.Customer(uuid.NewString())), "STEP_UP_REQUIRED"},
		"who may nothing": {stale(testkit.Staff()), "PERMISSION_DENIED"},
	} {
		client := customerv1connect.NewCustomerServiceClient(testkit.Client(t, o.url, testkit.As(t, row.caller)))
		for _, request := range []*customerv1.EraseCustomerRequest{{Id: customer.GetId()}, {Email: "guest@example.com"}} {
			_, err := client.EraseCustomer(t.Context(), request)
			if err == nil {
				t.Errorf("%s erases %v", name, request)
				continue
			}
			testkit.Refused(t, err, connect.CodePermissionDenied, row.reason)
		}
	}
	if got, err := o.GetCustomer(t.Context(), &customerv1.GetCustomerRequest{Id: customer.GetId()}); err != nil || got.GetCustomer().GetErased() {
		t.Errorf("the customer is %v, %v", got, err)
	}
}
