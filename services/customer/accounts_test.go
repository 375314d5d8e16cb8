package customer_test

import (
	"sync"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// Whoever shows that an address is theirs becomes the customer whom staff made with it,
// once; else a new one. A call that is repeated, or comes twice at once, makes nothing more.
func TestAnAccountHasOneCustomer(t *testing.T) {
	t.Parallel()
	staff := newHarness(t, owner())
	identity := staff.again(t, authz.Identity{Kind: authz.Service, ID: "identity"})
	link := func(account uuid.UUID, email string) (string, error) {
		res, err := identity.LinkAccount(t.Context(), &customerv1.LinkAccountRequest{
			AccountId: account.String(), Email: email, FirstName: "Ada", LastName: "Lovelace",
		})
		return res.GetCustomerId(), err
	}
	made, err := staff.CreateCustomer(t.Context(), &customerv1.CreateCustomerRequest{
		Customer: &customerv1.Customer{FirstName: "Augusta", Email: "Ada@example.com"},
	})
	if err != nil {
		t.Fatal(err)
	}
	first := uuid.New()
	if id, err := link(first, "ada@example.com"); err != nil || id != made.GetCustomer().GetId() {
		t.Fatalf("linked %s, %v, want the customer whom staff made, %s", id, err, made.GetCustomer().GetId())
	}
	if id, err := link(first, "ada@example.com"); err != nil || id != made.GetCustomer().GetId() {
		t.Errorf("again: %s, %v", id, err)
	}
	_, err = link(uuid.New(), "ada@example.com")
	testkit.Refused(t, err, connect.CodeAlreadyExists, "EMAIL_TAKEN", "customer.email")

	second := uuid.New()
	ids := make([]string, 8)
	var calls sync.WaitGroup
	for i := range ids {
		calls.Go(func() {
			id, err := link(second, "grace@example.com")
			if err != nil {
				t.Error(err)
			}
			ids[i] = id
		})
	}
	calls.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("one account got two customers: %v", ids)
		}
	}
	res, err := staff.GetCustomer(t.Context(), &customerv1.GetCustomerRequest{Id: ids[0]})
	if err != nil || res.GetCustomer().GetFirstName() != "Ada" || res.GetCustomer().GetEmail() != "grace@example.com" {
		t.Errorf("the new customer is %v, %v", res.GetCustomer(), err)
	}
}

// Saleor CVE-2026-35407: a mail to one address opens nothing of another that only looks
// the same: customers are found without regard to any case, mailboxes are not.
func TestEmailLinkOfAnotherAccount(t *testing.T) {
	t.Parallel()
	staff := newHarness(t, owner())
	identity := staff.again(t, authz.Identity{Kind: authz.Service, ID: "identity"})
	if _, err := staff.CreateCustomer(t.Context(), &customerv1.CreateCustomerRequest{
		Customer: &customerv1.Customer{FirstName: "Ägidius", Email: "ÄGIDIUS@example.com"},
	}); err != nil {
		t.Fatal(err)
	}
	_, err := identity.LinkAccount(t.Context(), &customerv1.LinkAccountRequest{
		AccountId: uuid.NewString(), Email: "ägidius@example.com", FirstName: "Eve",
	})
	testkit.Refused(t, err, connect.CodeAlreadyExists, "EMAIL_TAKEN", "customer.email")
}

// identity alone links accounts: neither the owner nor another service does.
func TestIdentityAloneLinksAccounts(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	for _, caller := range []authz.Identity{owner(), testkit.ServiceCaller("order")} {
		_, err := o.as(t, caller).LinkAccount(t.Context(), &customerv1.LinkAccountRequest{AccountId: uuid.NewString(), Email: "ada@example.com", FirstName: "Ada"})
		if err == nil {
			t.Errorf("%v links an account", caller)
			continue
		}
		testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")
	}
}
