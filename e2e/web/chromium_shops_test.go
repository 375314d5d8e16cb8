//go:build chromium

package web_test

import (
	"fmt"
	"net/http"
	"testing"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	edgev1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/edge/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// stock fills a shop with the products that the checks name and with count others, and returns
// the path of the category that has all of them. It returns when all can be ordered.
func stock(s *shop, count int) (category string) {
	s.t.Helper()
	things := s.category("Things for the house", "")
	mugs := s.category("Mugs", things)
	s.category("A subcategory whose name is longer than a phone is wide", things)
	for i := range count {
		s.product("THING-"+number(i), fmt.Sprintf("A thing with a name of some length, number %d", i), mugs, int64(10+i), pictured(i%2 == 0))
	}
	old := s.product("OLD", "Old mug", mugs, 5)
	s.product("NONE", "Sold-out mug", mugs, 7)
	s.product("ARABIC", "كوب أزرق", mugs, 9)
	s.product("LONG", "Donaudampfschifffahrtsgesellschaftskapitänsmützenhalterung", mugs, 1234)
	s.product("LOW", "Rare mug", mugs, 8)
	s.product("PICTURE", "Mug with a picture", mugs, 6, pictured(true))
	s.product("BLUE", "Blue mug", mugs, 5, func(p *catalogv1.Product) {
		p.Description = "It is blue.\n\nIt holds 300 ml."
		p.Attributes = map[string]string{"Colour": "blue", "Made of": "stoneware", "اللون": "أزرق"}
	})
	for code, quantity := range map[string]int64{"LOW": 3, "PICTURE": 500, "BLUE": 5000, "LONG": 500} {
		s.deliver(code, quantity)
		testkit.Eventually(s.t, "order knows "+code, func() bool {
			_, err := s.orderClient.QuoteOrder(s.t.Context(), &orderv1.QuoteOrderRequest{Lines: []*orderv1.OrderLineRequest{{ProductCode: code, Quantity: 1}}})
			return err == nil
		})
	}
	if _, err := s.products.ArchiveProduct(s.t.Context(), &catalogv1.ArchiveProductRequest{Id: old.GetId()}); err != nil {
		s.t.Fatal(err)
	}
	path := "/c/" + things + "/things-for-the-house"
	testkit.Eventually(s.t, "the category is there", func() bool { return s.get(path).status == http.StatusOK })
	testkit.Eventually(s.t, "the archived product is gone", func() bool { return s.get("/p/OLD/old-mug").status == http.StatusGone })
	return path
}

// pictured gives a product a picture. Who opens its page in a browser decides what is there.
func pictured(has bool) func(*catalogv1.Product) {
	return func(p *catalogv1.Product) {
		if has {
			p.Images = []*catalogv1.ProductImage{{Url: "https://pictures.example/" + p.GetCode() + ".svg", AltText: "The mug on a table"}}
		}
	}
}

// limited opens a shop that answers this address no more calls, and returns its own address.
func limited(t *testing.T) string {
	t.Helper()
	s := open(t)
	s.set(&configv1.Settings{Context: "edge", Value: &configv1.Settings_Edge{Edge: &edgev1.Settings{ReadsRate: new("1/h")}}})
	testkit.Eventually(t, "the address has no calls left", func() bool { return s.get("/").status == http.StatusTooManyRequests })
	return s.url
}

// broken opens a shop whose catalog has lost its tables, and returns its address.
func broken(t *testing.T) string {
	t.Helper()
	s := open(t)
	if _, err := testkit.Open(t, pg.Config{URL: s.catalogDatabase}).Exec(t.Context(), "drop schema public cascade"); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the catalog fails", func() bool { return s.get("/").status == http.StatusInternalServerError })
	return s.url
}
