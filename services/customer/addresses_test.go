package customer_test

import (
	"fmt"
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

func TestAddressesComeAndGo(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	customer := o.create(t, ada())
	id := customer.GetId()
	add := func(label string) (*customerv1.Address, error) {
		res, err := o.CreateAddress(t.Context(), &customerv1.CreateAddressRequest{CustomerId: id, Address: home(label)})
		return res.GetAddress(), err
	}
	first, err := add("first")
	if err != nil || first.GetId() == "" {
		t.Fatalf("got %v, %v", first, err)
	}
	second, err := add("second")
	if err != nil {
		t.Fatal(err)
	}
	replacement := &customerv1.Address{Id: first.GetId(), PostalAddress: &postaladdress.PostalAddress{RegionCode: "FR", AddressLines: []string{"1 rue"}}}
	changed, err := o.UpdateAddress(t.Context(), &customerv1.UpdateAddressRequest{
		CustomerId: id, Address: replacement, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"*"}},
	})
	if err != nil || !proto.Equal(changed.GetAddress(), replacement) {
		t.Fatalf("got %v, %v", changed, err)
	}
	got := o.get(t, id)
	if len(got.GetAddresses()) != 2 || !proto.Equal(got.GetAddresses()[0], replacement) || !proto.Equal(got.GetAddresses()[1], second) ||
		got.GetEtag() == customer.GetEtag() {
		t.Fatalf("got %v", got)
	}
	remove := func(address string) error {
		_, err := o.DeleteAddress(t.Context(), &customerv1.DeleteAddressRequest{CustomerId: id, Id: address})
		return err
	}
	if err := remove(first.GetId()); err != nil {
		t.Fatal(err)
	}
	testkit.Refused(t, remove(first.GetId()), connect.CodeNotFound, "ADDRESS_NOT_FOUND")
	_, err = o.UpdateAddress(t.Context(), &customerv1.UpdateAddressRequest{CustomerId: id, Address: replacement})
	testkit.Refused(t, err, connect.CodeNotFound, "ADDRESS_NOT_FOUND")
	_, err = o.CreateAddress(t.Context(), &customerv1.CreateAddressRequest{CustomerId: uuid.NewString(), Address: home("x")})
	testkit.Refused(t, err, connect.CodeNotFound, "CUSTOMER_NOT_FOUND")
	bad := home("x")
	bad.PostalAddress.RegionCode = "Germany"
	_, err = o.CreateAddress(t.Context(), &customerv1.CreateAddressRequest{CustomerId: id, Address: bad})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "address.postal_address.region_code")
	_, err = o.CreateAddress(t.Context(), &customerv1.CreateAddressRequest{CustomerId: id, Address: replacement})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "address")
}

// An address keeps what an update does not name.
func TestAnAddressKeepsItsCity(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	wanted := ada()
	wanted.Addresses = []*customerv1.Address{home("home")}
	customer := o.create(t, wanted)
	id, address := customer.GetId(), customer.GetAddresses()[0]
	move := &customerv1.Address{Id: address.GetId(), PostalAddress: &postaladdress.PostalAddress{AddressLines: []string{"Chausseestraße 2"}}}
	for name, paths := range map[string][]string{
		"without a mask": nil, "with a path": {"postal_address.address_lines"}, "with a path in camel": {"postalAddress.addressLines"},
	} {
		res, err := o.UpdateAddress(t.Context(), &customerv1.UpdateAddressRequest{
			CustomerId: id, Address: move, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths},
		})
		want := proto.CloneOf(address)
		want.PostalAddress.AddressLines = []string{"Chausseestraße 2"}
		if err != nil || !proto.Equal(res.GetAddress(), want) {
			t.Fatalf("%s: got %v, %v", name, res, err)
		}
	}
	_, err := o.UpdateAddress(t.Context(), &customerv1.UpdateAddressRequest{
		CustomerId: id, Address: move, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"postal_address"}},
	})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "address.postal_address.region_code")
}

// However many callers add at once, nobody has more than twenty addresses.
func TestNobodyHasMoreThanTwentyAddresses(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	customer := ada()
	for i := range 15 {
		customer.Addresses = append(customer.Addresses, home(fmt.Sprint(i)))
	}
	id := o.create(t, customer).GetId()
	outcomes := make([]error, 12)
	var calls sync.WaitGroup
	for i := range outcomes {
		calls.Go(func() {
			_, outcomes[i] = o.CreateAddress(t.Context(), &customerv1.CreateAddressRequest{CustomerId: id, Address: home("late")})
		})
	}
	calls.Wait()
	added := 0
	for _, err := range outcomes {
		if err == nil {
			added++
			continue
		}
		testkit.Refused(t, err, connect.CodeFailedPrecondition, "TOO_MANY_ADDRESSES")
	}
	if got := len(o.get(t, id).GetAddresses()); added != 5 || got != 20 {
		t.Fatalf("%d were added, %d are there", added, got)
	}
}

// One of a customer's own addresses is the default, until another one is or it is removed.
func TestACustomerHasADefaultAddress(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	wanted := ada()
	wanted.Addresses = []*customerv1.Address{home("home"), home("work")}
	customer := o.create(t, wanted)
	id, work := customer.GetId(), customer.GetAddresses()[1].GetId()
	prefer := func(address string) (*customerv1.Customer, error) {
		res, err := o.UpdateCustomer(t.Context(), &customerv1.UpdateCustomerRequest{
			Customer: &customerv1.Customer{Id: id, DefaultAddressId: address}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"default_address_id"}},
		})
		return res.GetCustomer(), err
	}
	if customer.GetDefaultAddressId() != "" {
		t.Errorf("at first it is %s", customer.GetDefaultAddressId())
	}
	changed, err := prefer(work)
	if err != nil || changed.GetDefaultAddressId() != work || changed.GetEtag() == customer.GetEtag() || changed.GetFirstName() != customer.GetFirstName() {
		t.Fatalf("got %v, %v", changed, err)
	}
	if again, err := prefer(work); err != nil || again.GetEtag() != changed.GetEtag() {
		t.Errorf("the same once more: %v, %v", again, err)
	}
	other := ada()
	other.Email, other.Addresses = "eve@example.com", []*customerv1.Address{home("home")}
	for name, address := range map[string]string{
		"nobody's": uuid.NewString(), "another customer's": o.create(t, other).GetAddresses()[0].GetId(), "no id": "work",
	} {
		_, err := prefer(address)
		testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "customer.default_address_id")
		if got := o.get(t, id).GetDefaultAddressId(); got != work {
			t.Errorf("%s address became it: %s", name, got)
		}
	}
	if _, err := o.DeleteAddress(t.Context(), &customerv1.DeleteAddressRequest{CustomerId: id, Id: customer.GetAddresses()[0].GetId()}); err != nil {
		t.Fatal(err)
	}
	if got := o.get(t, id).GetDefaultAddressId(); got != work {
		t.Errorf("after another one was removed it is %q", got)
	}
	if _, err := o.DeleteAddress(t.Context(), &customerv1.DeleteAddressRequest{CustomerId: id, Id: work}); err != nil {
		t.Fatal(err)
	}
	if got := o.get(t, id).GetDefaultAddressId(); got != "" {
		t.Errorf("once it was removed it is %q", got)
	}
	if cleared, err := prefer(""); err != nil || cleared.GetDefaultAddressId() != "" {
		t.Errorf("none: %v, %v", cleared, err)
	}
	early := ada()
	early.Email, early.DefaultAddressId = "zoe@example.com", work
	_, err = o.CreateCustomer(t.Context(), &customerv1.CreateCustomerRequest{Customer: early})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "customer")
}
