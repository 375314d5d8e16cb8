package pages

import (
	"testing"

	"github.com/shopmesh/shopmesh/services/storefront/internal/messages"
	"github.com/shopmesh/shopmesh/web"
)

// A list tells how many it has, and how many of them are shown; beyond 10,000 it does not
// pretend to know.
func TestAListTellsHowManyItHas(t *testing.T) {
	t.Parallel()
	catalog, err := messages.Load(web.Files())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		language     string
		shown, total int
		want         string
	}{
		{"en", 1, 1, "1 product"},
		{"en", 24, 24, "24 products"},
		{"en", 24, 10_000, "24 of 10,000 products"},
		{"en", 24, 10_001, "24 of more than 10,000 products"},
		{"de", 5, 29, "5 von 29 Produkten"},
		{"de", 24, 10_001, "24 von mehr als 10.000 Produkten"},
		{"ar", 1, 2, "\u20681\u2069 من منتجين"},
		{"ar", 24, 312, "\u206824\u2069 من 312 منتجاً"},
		{"en", 24, 23, "24 products"}, // one was archived between the two statements
	} {
		v := &visit{texts: catalog.In(row.language)}
		if got := v.countOf(row.shown, row.total); got != row.want {
			t.Errorf("%s, %d of %d: %q, want %q", row.language, row.shown, row.total, got, row.want)
		}
	}
}
