package catalog_test

import (
	"net/http"
	"testing"

	"connectrpc.com/connect/v2"
	"google.golang.org/genproto/googleapis/type/money"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func yen(units int64) *money.Money { return &money.Money{CurrencyCode: "JPY", Units: units} }

// An update never changes what the caller did not name: no currency, no price and no
// attribute.
func TestAnUpdateLeavesWhatItDoesNotName(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	product := s.create(t, &catalogv1.Product{
		Code: "TEA-1", Name: "Tea", CategoryId: s.category(t, "Tea", "").GetId(), Price: yen(1000), Attributes: map[string]string{"a": "1", "b": "2"},
	})
	id := product.GetId()
	for name, change := range map[string]struct {
		product *catalogv1.Product
		paths   []string
	}{
		"units alone":                    {&catalogv1.Product{Id: id, Price: &money.Money{Units: 1200}}, nil},
		"units alone, named":             {&catalogv1.Product{Id: id, Price: &money.Money{Units: 1200}}, []string{"price"}},
		"a mask that names the units":    {&catalogv1.Product{Id: id, Price: yen(1200)}, []string{"price.units"}},
		"an empty price":                 {&catalogv1.Product{Id: id, Price: &money.Money{}}, nil},
		"an empty price, named":          {&catalogv1.Product{Id: id, Price: &money.Money{}}, []string{"price"}},
		"a currency alone":               {&catalogv1.Product{Id: id, Price: &money.Money{CurrencyCode: "EUR"}}, nil},
		"a mask that names a currency":   {&catalogv1.Product{Id: id, Price: euros(1)}, []string{"price.currency_code"}},
		"a mask of its name in camel":    {&catalogv1.Product{Id: id, Price: euros(1)}, []string{"price.currencyCode"}},
		"an empty price in everything *": {&catalogv1.Product{Id: id, Price: &money.Money{}, Name: "x"}, []string{"*"}},
	} {
		_, err := s.update(t, change.product, change.paths...)
		t.Log(name)
		testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "product.price")
	}
	changed, err := s.update(t, &catalogv1.Product{Id: id, Attributes: map[string]string{"a": "9"}}, "attributes.a")
	if err != nil || changed.GetAttributes()["a"] != "9" || changed.GetAttributes()["b"] != "2" {
		t.Fatalf("got %v, %v", changed, err)
	}
	changed, err = s.update(t, &catalogv1.Product{Id: id, Attributes: map[string]string{"c": "3"}})
	if err != nil || len(changed.GetAttributes()) != 3 || changed.GetPrice().GetCurrencyCode() != "JPY" || changed.GetPrice().GetUnits() != 1000 {
		t.Fatalf("got %v, %v", changed, err)
	}
	if free, err := s.update(t, &catalogv1.Product{Id: id, Price: yen(0)}, "price"); err != nil || free.GetPrice().GetUnits() != 0 {
		t.Fatalf("a price of nothing that is named: %v, %v", free, err)
	}
}

func TestAnEmptyPriceMakesNoFreeProduct(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	category := s.category(t, "Tea", "").GetId()
	_, err := s.products.CreateProduct(t.Context(), &catalogv1.CreateProductRequest{Product: &catalogv1.Product{
		Code: "A", Name: "A", CategoryId: category, Price: &money.Money{},
	}})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "product.price")
	priced := s.create(t, &catalogv1.Product{Code: "B", Name: "B", CategoryId: category, Price: &money.Money{Units: 3}})
	free := s.create(t, &catalogv1.Product{Code: "C", Name: "C", CategoryId: category, Price: yen(0)})
	if priced.GetPrice().GetCurrencyCode() != "EUR" || free.GetPrice().GetCurrencyCode() != "JPY" {
		t.Fatalf("got %v and %v", priced, free)
	}
}

// REST names what a body holds; both spellings of a path are taken.
func TestAnUpdateOverRESTLeavesWhatItDoesNotName(t *testing.T) {
	t.Parallel()
	s := newHarness(t, owner())
	tea, coffee := s.category(t, "Tea", "").GetId(), s.category(t, "Coffee", "").GetId()
	created := s.create(t, &catalogv1.Product{
		Code: "TEA-1", Name: "Tea", CategoryId: tea, Price: yen(1000), Attributes: map[string]string{"a": "1", "b": "2", "x.y": "3"},
	})
	path := "/v1/products/" + created.GetId()
	type object = map[string]any
	for query, price := range map[string]object{
		"": {"units": "1200"}, "?updateMask=price": {"units": "1200"}, "?update_mask=price.currency_code": {"currencyCode": "EUR"},
		"?updateMask=price.currencyCode": {"currencyCode": "EUR"}, "?update_mask=price": {},
	} {
		s.rest(t, http.MethodPatch, path+query, http.StatusBadRequest, object{"price": price})
	}
	s.rest(t, http.MethodPatch, path, http.StatusBadRequest, object{"price": object{}})
	for _, step := range []struct {
		query string
		body  object
		want  object // attributes
		price string
	}{
		{"", object{"attributes": object{"a": "4"}}, object{"a": "4", "b": "2", "x.y": "3"}, "1000"},
		{"?updateMask=attributes.a", object{"attributes": object{"a": "5", "b": "9"}}, object{"a": "5", "b": "2", "x.y": "3"}, "1000"},
		{"", object{"attributes": object{"x.y": "6"}}, object{"a": "5", "b": "2", "x.y": "6"}, "1000"},
		{"", object{"attributes": object{}}, object{"a": "5", "b": "2", "x.y": "6"}, "1000"},
		{"?updateMask=attributes.%60x.y%60", object{}, object{"a": "5", "b": "2"}, "1000"},
		{"", object{"price": object{"currencyCode": "JPY", "units": "1200"}}, object{"a": "5", "b": "2"}, "1200"},
		{"?update_mask=attributes", object{"attributes": object{"c": "7"}}, object{"c": "7"}, "1200"},
		{"", object{"price": object{"currencyCode": "JPY", "units": "0"}}, object{"c": "7"}, ""},
	} {
		got := s.rest(t, http.MethodPatch, path+step.query, http.StatusOK, step.body)["product"].(object)
		attributes := got["attributes"].(object)
		same := len(attributes) == len(step.want)
		for name, value := range step.want {
			same = same && attributes[name] == value
		}
		price := got["price"].(object)
		if units, _ := price["units"].(string); !same || price["currencyCode"] != "JPY" || units != step.price && units != "0" {
			t.Fatalf("%s %v: got %v", step.query, step.body, got)
		}
	}
	for _, spelling := range []string{"category_id", "categoryId"} {
		for _, mask := range []string{"update_mask", "updateMask"} {
			got := s.rest(t, http.MethodPatch, path+"?"+mask+"="+spelling, http.StatusOK, object{"categoryId": coffee, "name": "x"})["product"].(object)
			if got["categoryId"] != coffee || got["name"] != "Tea" {
				t.Fatalf("%s=%s: got %v", mask, spelling, got)
			}
			s.rest(t, http.MethodPatch, path, http.StatusOK, object{"categoryId": tea})
		}
	}
}
