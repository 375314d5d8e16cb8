package catalog_test

import (
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	activityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/activity/v1"
	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// Each change of the catalog is an entry of the activity log with what changed, in the
// transaction of the change: what is missing, repeated or changes nothing has none.
func TestChangesAreRecorded(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	log := testkit.NewEvents(t, s.broker, kitapp.ActivityTopic("catalog").Name)
	category := s.category(t, "Tea", "").GetId()
	request := &catalogv1.CreateProductRequest{RequestId: uuid.NewString(), Product: &catalogv1.Product{Code: "T", Name: "Tea", CategoryId: category, Price: euros(4)}}
	created, err := s.products.CreateProduct(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.products.CreateProduct(t.Context(), request); err != nil {
		t.Fatal(err) // again
	}
	id := created.GetProduct().GetId()
	update := func(product *catalogv1.Product, fields ...string) error {
		product.Id = id
		_, err := s.products.UpdateProduct(t.Context(), &catalogv1.UpdateProductRequest{Product: product, UpdateMask: &fieldmaskpb.FieldMask{Paths: fields}})
		return err
	}
	_, err = s.products.ArchiveProduct(t.Context(), &catalogv1.ArchiveProductRequest{Id: uuid.NewString()})
	testkit.Refused(t, err, connect.CodeNotFound, "PRODUCT_NOT_FOUND")
	if err := update(&catalogv1.Product{Name: "Tea"}, "name"); err != nil { // nothing changes
		t.Fatal(err)
	}
	if err := update(&catalogv1.Product{Price: euros(5), Name: "Green tea"}, "price", "name"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.products.ArchiveProduct(t.Context(), &catalogv1.ArchiveProductRequest{Id: id}); err != nil {
		t.Fatal(err)
	}
	entries := testkit.Recorded(t, log, 4)
	if len(entries) != 4 {
		t.Fatalf("%d entries: %v", len(entries), entries)
	}
	for i, want := range []string{
		"CategoryService/CreateCategory categories/" + category + ": id=→" + category + " name=→Tea",
		"ProductService/CreateProduct products/" + id + ": id=→" + id + " code=→T name=→Tea",
		"ProductService/UpdateProduct products/" + id + `: name=Tea→Green tea price={"currency_code":"EUR","nanos":40000000}→{"currency_code":"EUR","nanos":50000000}`,
		"ProductService/ArchiveProduct products/" + id + ": status=PRODUCT_STATUS_ACTIVE→PRODUCT_STATUS_ARCHIVED",
	} {
		entry := entries[i]
		if got := testkit.Described(entry); !strings.HasPrefix(got, "shopmesh.catalog.v1."+want) {
			t.Errorf("entry %d is %s, not %s", i+1, got, want)
		}
		if by := entry.GetActor(); by.GetKind() != activityv1.ActorKind_ACTOR_KIND_OWNER || by.GetId() != owner().ID || entry.GetAddressPrefix() != "127.0.0.1" {
			t.Errorf("entry %d is by %v from %s", i+1, by, entry.GetAddressPrefix())
		}
	}
}
