package customer_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// What staff changes of a person is in the activity log by the names of the fields: it holds
// nothing that an erasure would have to find.
func TestChangesOfPeopleAreRecordedWithoutThem(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	log := testkit.NewEvents(t, o.broker, kitapp.ActivityTopic("customer").Name)
	created, err := o.CreateCustomer(t.Context(), &customerv1.CreateCustomerRequest{
		Customer: &customerv1.Customer{FirstName: "Ada", LastName: "Lovelace", Email: "ada@example.com"},
	})
	if err != nil {
		t.Fatal(err)
	}
	id := created.GetCustomer().GetId()
	if _, err := o.UpdateCustomer(t.Context(), &customerv1.UpdateCustomerRequest{
		Customer: &customerv1.Customer{Id: id, LastName: "King"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"last_name"}},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Id: id}); err != nil {
		t.Fatal(err)
	}
	entries := testkit.Recorded(t, log, 3)
	for i, want := range []string{
		"CreateCustomer customers/" + id + ": id=→" + id + " first_name=(redacted) last_name=(redacted) email=(redacted)",
		"UpdateCustomer customers/" + id + ": last_name=(redacted)",
		"EraseCustomer customers/" + id + ": first_name=(redacted) last_name=(redacted) email=(redacted)",
	} {
		if got := testkit.Described(entries[i]); !strings.HasPrefix(got, "shopmesh.customer.v1.CustomerService/"+want) {
			t.Errorf("entry %d is %s", i+1, got)
		}
		if text := entries[i].String(); strings.Contains(text, "Lovelace") || strings.Contains(text, "King") || strings.Contains(text, "ada@") {
			t.Errorf("entry %d holds the person: %s", i+1, text)
		}
	}
}
