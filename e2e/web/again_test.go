package web_test

import (
	"strings"
	"testing"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// Whoever orders something again is told the names of what is no longer sold; the rest is in the
// cart.
func TestOrderingAgainNamesWhatIsGone(t *testing.T) {
	t.Parallel()
	s, mug := selling(t)
	red := s.product("RED", "Red mug", mug.GetCategoryId(), 7)
	s.deliver("RED", 10)
	b := &browser{shop: s}
	b.put("BLUE", "1")
	b.put("RED", "2")
	leads := b.sends("/checkout/place", ada(b.formOf(b.open("/checkout"), "/checkout/place")))
	if _, err := s.products.ArchiveProduct(t.Context(), &catalogv1.ArchiveProductRequest{Id: red.GetId()}); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "order knows that it is archived", func() bool {
		other := &browser{shop: s}
		return other.sends("/cart/add", map[string][]string{"code": {"RED"}, "quantity": {"1"}}) == "/cart?problem=product"
	})
	again := b.formOf(b.open(leads), leads+"/again")
	if to := b.sends(leads+"/again", again); to != "/cart?left=1" {
		t.Fatalf("ordering again leads to %s", to)
	}
	told := b.open("/cart?left=1", "and so not in your cart: Red mug", "Blue mug", "€5.00")
	if strings.Contains(told.body, "€14.00") {
		t.Errorf("what is gone is in the cart\n%s", told.body)
	}
}
