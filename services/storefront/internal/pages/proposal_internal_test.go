package pages

import (
	"slices"
	"testing"

	moneytype "google.golang.org/genproto/googleapis/type/money"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/services/storefront/internal/messages"
	"github.com/shopmesh/shopmesh/web"
)

func euros(units int64) *moneytype.Money {
	return &moneytype.Money{CurrencyCode: "EUR", Units: units}
}

// What changed since a form was shown is told by line, old and new; what a form made up is not.
func TestChangesAreTold(t *testing.T) {
	t.Parallel()
	texts, err := messages.Load(web.Files())
	if err != nil {
		t.Fatal(err)
	}
	v := &visit{texts: texts.In("en")}
	line := func(code, name string, quantity int32, price int64) *orderv1.OrderLine {
		return &orderv1.OrderLine{ProductCode: code, Name: name, Quantity: quantity, UnitPrice: euros(price)}
	}
	was := seen([]*orderv1.OrderLine{line("a/b", "Blue mug", 5, 10), line("RED", "Red mug", 1, 7), line("OLD", "Old mug", 2, 3)})
	if same := v.changes(was, []*orderv1.OrderLine{line("a/b", "Blue mug, new", 5, 10), line("RED", "Red mug", 1, 7), line("OLD", "Old mug", 2, 3)}); len(same) != 0 {
		t.Errorf("nothing changed, and it tells %q", same)
	}
	got := v.changes(was, []*orderv1.OrderLine{line("a/b", "Blue mug", 3, 12), line("RED", "Red mug", 1, 7), line("NEW", "New mug", 4, 1)})
	want := []string{
		"“Blue mug”: 3 instead of 5", "“Blue mug” costs €12.00 now, and not €10.00 any more", "“Old mug” can’t be ordered any more", "“New mug”: 4 came to the cart",
	}
	if !slices.Equal(got, want) {
		t.Errorf("it tells %q, want %q", got, want)
	}
	if made := v.changes([]string{"", "x", "a b c d", "a/b 1 x,EUR x", "! 1 1,EUR x"}, nil); len(made) != 0 {
		t.Errorf("of nonsense it tells %q", made)
	}
}
