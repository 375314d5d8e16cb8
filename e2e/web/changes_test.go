package web_test

import (
	"testing"

	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// reprices has a product cost so many euros, takes some of it out of stock, and waits until order
// knows.
func (s *shop) reprices(mug *catalogv1.Product, euros, taken int64) {
	s.t.Helper()
	if _, err := s.products.UpdateProduct(s.t.Context(), &catalogv1.UpdateProductRequest{
		Product:    &catalogv1.Product{Id: mug.GetId(), Price: &money.Money{CurrencyCode: "EUR", Units: euros}},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"price"}},
	}); err != nil {
		s.t.Fatal(err)
	}
	if taken > 0 {
		s.take(mug.GetCode(), taken)
	}
	testkit.Eventually(s.t, "order knows the price", func() bool {
		res, err := s.orderClient.QuoteOrder(s.t.Context(), &orderv1.QuoteOrderRequest{Lines: []*orderv1.OrderLineRequest{{ProductCode: mug.GetCode(), Quantity: 1}}})
		return err == nil && res.GetQuote().GetTotal().GetUnits() == euros
	})
}

// What the cart showed and what changed since, a price or the stock, is told once: by the cart,
// or by the checkout where that comes first. What the visitor changes is no news to them.
func TestTheCartTellsWhatChanged(t *testing.T) {
	t.Parallel()
	s, mug := selling(t)
	s.product("RED", "Red mug", mug.GetCategoryId(), 7)
	s.deliver("RED", 10)
	b, direct := &browser{shop: s}, &browser{shop: s}
	for _, visitor := range []*browser{b, direct} {
		visitor.put("BLUE", "8")
		visitor.lacks(visitor.open("/cart", "€40.00"), "Something changed")
	}
	s.reprices(mug, 6, 7)
	b.open("/cart", "Something changed", "costs €6.00 now, and not €5.00", "“Blue mug”: 3 of your 8 are in stock now", "Total: €48.00 instead of €40.00", `role="alert"`)
	b.lacks(b.open("/cart"), "Something changed")
	// The checkout tells no more than what it takes out, and the visitor's own changes nobody tells.
	b.lacks(b.open("/checkout", "“Blue mug”: 3 instead of 8"), "and not €5.00")
	b.set("/cart/set", "BLUE", "2", "/cart")
	b.put("RED", "1")
	b.lacks(b.open("/cart"), "Something changed")
	b.lacks(b.open("/checkout", "Order for €19.00"), "Something changed")
	// A change of something else is told beside one's own.
	s.reprices(mug, 8, 0)
	b.set("/cart/set", "RED", "2", "/cart")
	told := b.open("/cart", "costs €8.00 now, and not €6.00")
	b.lacks(told, "Red mug” costs", "instead of")

	told = direct.open("/checkout", "Something changed", "“Blue mug”: 3 instead of 8", "costs €8.00 now, and not €5.00", "Total: €24.00 instead of €40.00", "Order for €24.00")
	if to := direct.sends("/checkout/place", ada(direct.formOf(told, "/checkout/place"))); !orderPage.MatchString(to) {
		t.Errorf("one click on leads to %s", to)
	}
	// Nothing of a cart that was ordered is told of the next one.
	direct.put("RED", "1")
	direct.lacks(direct.open("/checkout", "Order for €7.00"), "Something changed")
}
