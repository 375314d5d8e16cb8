package customer_test

import (
	"fmt"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
)

const topic = "shopmesh.customer.customer.v1"

// all chooses the events of every customer.
func all(e consumer.Event) bool { return e.Topic == topic }

// ids are the identities of events, in their order.
func ids(events []consumer.Event) []string {
	all := make([]string, len(events))
	for i, e := range events {
		all[i] = e.ID
	}
	return all
}

func name(message proto.Message) protoreflect.FullName {
	return message.ProtoReflect().Descriptor().FullName()
}

func TestEveryChangeOfACustomerIsPublished(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	created := o.create(t, ada())
	id := created.GetId()
	if _, err := o.update(t, &customerv1.Customer{Id: id, Phone: "2"}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.update(t, &customerv1.Customer{Id: id, Phone: "2"}); err != nil { // publishes nothing
		t.Fatal(err)
	}
	address, err := o.CreateAddress(t.Context(), &customerv1.CreateAddressRequest{CustomerId: id, Address: home("home")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.DeleteAddress(t.Context(), &customerv1.DeleteAddressRequest{CustomerId: id, Id: address.GetAddress().GetId()}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time publishes the same event again
		if _, err := o.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Id: id}); err != nil {
			t.Fatal(err)
		}
	}
	published := o.events.Wait(6, all)[:6]
	event := func(version int, message proto.Message) string {
		return fmt.Sprintf("%s/%d/%s", id, version, name(message))
	}
	want := []string{
		event(1, &customerv1.CustomerRegistered{}),
		event(2, &customerv1.CustomerUpdated{}),
		event(3, &customerv1.CustomerUpdated{}),
		event(4, &customerv1.CustomerUpdated{}),
		event(5, &customerv1.CustomerErased{}),
		event(5, &customerv1.CustomerErased{}),
	}
	if !slices.Equal(ids(published), want) {
		t.Fatalf("published %q, want %q", ids(published), want)
	}
	var registered customerv1.CustomerRegistered
	if err := consumer.Decode(published[0], &registered); err != nil || !proto.Equal(registered.GetCustomer(), created) || registered.GetVersion() != 1 {
		t.Fatalf("published %v, %v, created %v", &registered, err, created)
	}
	var updated customerv1.CustomerUpdated
	if err := consumer.Decode(published[2], &updated); err != nil || len(updated.GetCustomer().GetAddresses()) != 1 || updated.GetCustomer().GetPhone() != "2" {
		t.Fatalf("published %v, %v", &updated, err)
	}
	var erased customerv1.CustomerErased
	if err := consumer.Decode(published[4], &erased); err != nil || erased.GetCustomerId() != id || erased.GetVersion() != 5 {
		t.Fatalf("published %v, %v", &erased, err)
	}
}

// A refused change publishes nothing.
func TestWhatIsRefusedIsNotPublished(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	o.create(t, ada())
	if _, err := o.CreateCustomer(t.Context(), &customerv1.CreateCustomerRequest{Customer: ada()}); err == nil {
		t.Fatal("the e-mail address was given twice")
	}
	eva := ada()
	eva.Email = "eva@example.com"
	second := o.create(t, eva)
	published := ids(o.events.Wait(2, all))
	if want := fmt.Sprintf("%s/1/%s", second.GetId(), name(&customerv1.CustomerRegistered{})); !slices.Contains(published, want) {
		t.Fatalf("published %q, want %q among them", published, want)
	}
}
