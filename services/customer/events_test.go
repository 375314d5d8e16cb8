package customer_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
)

const topic = "shopmesh.customer.customer.v1"

// published returns the ids of the first n events of the topic, and their payloads.
func (o harness) published(t *testing.T, n int) (ids []string, payloads [][]byte) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(o.broker.Brokers...), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for len(ids) < n {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			t.Fatalf("%d of %d events came: %q", len(ids), n, ids)
		}
		fetches.EachRecord(func(record *kgo.Record) {
			for _, header := range record.Headers {
				if header.Key == "ce_id" {
					ids = append(ids, string(header.Value))
				}
			}
			payloads = append(payloads, record.Value)
		})
	}
	return ids[:n], payloads[:n]
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
	ids, payloads := o.published(t, 6)
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
	if !slices.Equal(ids, want) {
		t.Fatalf("published %q, want %q", ids, want)
	}
	var registered customerv1.CustomerRegistered
	if err := proto.Unmarshal(payloads[0], &registered); err != nil || !proto.Equal(registered.GetCustomer(), created) || registered.GetVersion() != 1 {
		t.Fatalf("published %v, %v, created %v", &registered, err, created)
	}
	var updated customerv1.CustomerUpdated
	if err := proto.Unmarshal(payloads[2], &updated); err != nil || len(updated.GetCustomer().GetAddresses()) != 1 || updated.GetCustomer().GetPhone() != "2" {
		t.Fatalf("published %v, %v", &updated, err)
	}
	var erased customerv1.CustomerErased
	if err := proto.Unmarshal(payloads[4], &erased); err != nil || erased.GetCustomerId() != id || erased.GetVersion() != 5 {
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
	ids, _ := o.published(t, 2)
	if want := fmt.Sprintf("%s/1/%s", second.GetId(), name(&customerv1.CustomerRegistered{})); !slices.Contains(ids, want) {
		t.Fatalf("published %q, want %q among them", ids, want)
	}
}
