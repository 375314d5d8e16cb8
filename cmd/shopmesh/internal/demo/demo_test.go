package demo

import "testing"

// The demo keeps what the command line's help promises: at least 12 categories
// and 200 products, each under a code of its own and in a category that exists.
func TestDemoIsADiverseProductLine(t *testing.T) {
	t.Parallel()
	categories, err := parseCategories(categoriesTSV)
	if err != nil {
		t.Fatal(err)
	}
	products, err := parseProducts(productsTSV)
	if err != nil {
		t.Fatal(err)
	}
	if len(categories) < 12 || len(products) < 200 {
		t.Errorf("%d categories and %d products, want at least 12 and 200", len(categories), len(products))
	}
	keys := map[string]bool{"": true}
	for _, c := range categories {
		if !keys[c.parent] {
			t.Errorf("category %s stands before its parent %s", c.key, c.parent)
		}
		keys[c.key] = true
	}
	codes := map[string]bool{}
	for _, p := range products {
		if codes[p.code] {
			t.Errorf("code %s is used twice", p.code)
		}
		if !keys[p.category] || p.category == "" {
			t.Errorf("product %s is in category %q, which does not exist", p.code, p.category)
		}
		if p.stock < 1 || p.price.Amount < 1 {
			t.Errorf("product %s: stock %d, price %v", p.code, p.stock, p.price)
		}
		codes[p.code] = true
	}
}
