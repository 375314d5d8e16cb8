package e2e

import (
	"context"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	activityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/activity/v1"
	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1/customerv1connect"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

// A member of staff changes a price and a customer. The activity log has both, with the old
// and the new price and with nothing of the person, and the token that the operator's socket
// handed out for it.
func TestWhoChangedAPriceIsFound(t *testing.T) {
	t.Parallel()
	s := up(t)
	mug := s.sell(euros(12, 0), 1)
	role := "staff:CATALOG_WRITE,CUSTOMERS_WRITE,ACTIVITY_READ"
	printed, err := exec.CommandContext(t.Context(), program(t, "cmd/shopmesh"), "token", "--data", s.data, "--as", role).Output()
	if err != nil {
		t.Fatal(err)
	}
	client := testkit.Client(t, s.api["catalog"], token.Show(strings.TrimSpace(string(printed))))
	if _, err := catalogv1connect.NewProductServiceClient(client).UpdateProduct(t.Context(), &catalogv1.UpdateProductRequest{
		Product: &catalogv1.Product{Id: mug.GetId(), Price: euros(13, 0)}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"price"}},
	}); err != nil {
		t.Fatal(err)
	}
	address := unique("grace") + "@example.com"
	created, err := customerv1connect.NewCustomerServiceClient(client).CreateCustomer(t.Context(), &customerv1.CreateCustomerRequest{
		Customer: &customerv1.Customer{FirstName: "Grace", LastName: "Murray", Email: address},
	})
	if err != nil {
		t.Fatal(err)
	}

	log := identityv1connect.NewActivityServiceClient(client)
	find := func(filter string) (found *activityv1.Activity) {
		t.Helper()
		eventually(t, func(ctx context.Context) error {
			res, err := log.ListActivity(ctx, &identityv1.ListActivityRequest{Filter: filter})
			if err != nil {
				return err
			}
			if len(res.GetActivities()) != 1 {
				return errorf("%d entries with %s", len(res.GetActivities()), filter)
			}
			found = res.GetActivities()[0]
			return nil
		})
		return found
	}
	price := find(`resource = "products/` + mug.GetId() + `" AND rpc = "shopmesh.catalog.v1.ProductService/UpdateProduct"`)
	if by := price.GetActor(); by.GetKind() != activityv1.ActorKind_ACTOR_KIND_STAFF || by.GetCredential() != activityv1.Credential_CREDENTIAL_OPERATOR ||
		!strings.HasPrefix(by.GetId(), "operator-") || price.GetAddressPrefix() != "127.0.0.1" {
		t.Errorf("the price was changed by %v from %s", by, price.GetAddressPrefix())
	}
	changes := price.GetChanges()
	if len(changes) != 1 || changes[0].GetPath() != "price" || units(t, changes[0].GetOldValue()) != "12" || units(t, changes[0].GetNewValue()) != "13" {
		t.Errorf("what changed is %v", changes)
	}
	person := find(`resource = "customers/` + created.GetCustomer().GetId() + `"`)
	text, err := protojson.Marshal(person)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{address, "Grace", "Murray"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the entry holds %q: %s", secret, text)
		}
	}
	if !strings.Contains(string(text), `"email"`) {
		t.Errorf("the entry does not name the field: %s", text)
	}
	eventually(t, func(ctx context.Context) error { // the test has tokens of its own from there
		res, err := log.ListActivity(ctx, &identityv1.ListActivityRequest{Filter: `rpc = "operator/token" AND actor_kind = OPERATOR`})
		for _, handed := range res.GetActivities() {
			if handed.GetChanges()[0].GetNewValue() == role {
				return nil
			}
		}
		return errorf("the tokens handed out are %v (%v)", res.GetActivities(), err)
	})
}

// units returns the units of an amount of money in JSON.
func units(t *testing.T, amount string) string {
	t.Helper()
	var read struct{ Units string }
	if err := json.Unmarshal([]byte(amount), &read); err != nil {
		t.Fatalf("%q is no amount: %v", amount, err)
	}
	return read.Units
}
