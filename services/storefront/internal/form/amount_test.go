package form_test

import (
	"testing"

	"github.com/shopmesh/shopmesh/services/storefront/internal/form"
)

// People write amounts as their language does (nextjs-starter-medusa#149, medusajs/admin#630),
// and with the separator of another language where that can mean one thing only.
func TestAmountsAreReadAsTheLanguageWritesThem(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ language, text, want string }{
		{"en", "19.50", "19.50"},
		{"en", "19,50", "19.50"},
		{"en", "1,234", "1234"},
		{"en", "1,234.5", "1234.5"},
		{"de", "19,50", "19.50"},
		{"de", "19.50", "19.50"},
		{"de", "1.234", "1234"},
		{"de", "1.234.567,89", "1234567.89"},
		{"de", " 12 ", "12"},
		{"ar", "١٩٫٥٠", "19.50"},
		{"ar", "١٬٢٣٤", "1234"},
		{"en", "0", "0"},
	} {
		if got, ok := form.Amount(row.language, row.text); !ok || got != row.want {
			t.Errorf("%s %q is %q, %t, want %q", row.language, row.text, got, ok, row.want)
		}
	}
	for _, text := range []string{"", "-1", "1e3", "abc", "1.2.3", "12,34,56", "1,2345", ".", "5.", ".5", "9999999999999999", "1 OR 1=1", `"`} {
		if got, ok := form.Amount("en", text); ok {
			t.Errorf("%q was taken as %q", text, got)
		}
	}
}
