package catalog_test

import (
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// Drafts need CATALOG_READ, of people and of other contexts alike; for all others they are
// missing. Changing the catalog needs CATALOG_WRITE, whatever else one may do.
func TestDraftsNeedAPermission(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	category := s.category(t, "Tea", "").GetId()
	draft := s.create(t, &catalogv1.Product{
		Code: "DRAFT", Name: "Draft", CategoryId: category, Price: euros(1), Status: catalogv1.ProductStatus_PRODUCT_STATUS_DRAFT,
	})
	read, write := optionsv1.Permission_PERMISSION_CATALOG_READ, optionsv1.Permission_PERMISSION_CATALOG_WRITE
	for name, row := range map[string]struct {
		caller         authz.Identity
		reads, changes bool
	}{
		"nobody":               {testkit.Anonymous(), false, false},
		"a customer":           {testkit.Customer(uuid.NewString()), false, false},
		"a guest with a cart":  {testkit.GuestWithCart([32]byte{1}), false, false},
		"staff that reads":     {testkit.Staff(read), true, false},
		"staff that writes":    {testkit.Staff(write), false, true},
		"staff with the rest":  {testkit.Staff(optionsv1.Permission_PERMISSION_ORDERS_WRITE, optionsv1.Permission_PERMISSION_STOCK_WRITE), false, false},
		"the owner":            {testkit.Owner(), true, true},
		"order":                {testkit.ServiceCaller("order"), true, false},
		"inventory":            {testkit.ServiceCaller("inventory"), true, false},
		"payment":              {testkit.ServiceCaller("payment"), false, false},
		"payment for an owner": {testkit.OnBehalf("payment", testkit.Owner()), false, false},
	} {
		products := catalogv1connect.NewProductServiceClient(testkit.Client(t, s.url, testkit.As(t, row.caller)))
		_, err := products.GetProduct(t.Context(), &catalogv1.GetProductRequest{Id: draft.GetId()})
		if row.reads && err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !row.reads {
			testkit.Refused(t, err, connect.CodeNotFound, "PRODUCT_NOT_FOUND")
		}
		listed, err := products.ListProducts(t.Context(), &catalogv1.ListProductsRequest{})
		if err != nil || len(listed.GetProducts()) == 1 != row.reads {
			t.Errorf("%s lists %v, %v", name, listed.GetProducts(), err)
		}
		_, err = products.UpdateProduct(t.Context(), &catalogv1.UpdateProductRequest{Product: &catalogv1.Product{Id: draft.GetId(), Name: "Tea of " + name}})
		if row.changes != (err == nil) {
			t.Errorf("%s changes it: %v", name, err)
		}
	}
}
