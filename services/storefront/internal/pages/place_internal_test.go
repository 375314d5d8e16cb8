package pages

import (
	"strings"
	"testing"

	"github.com/shopmesh/shopmesh/services/storefront/internal/form"
)

// What is wrong with a field of the checkout is told by what was typed into it, at the field.
func TestAProblemSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ violated, typed, field, problem string }{
		{form.Email, "ada@", form.Email, "form.bad_email"}, {form.Email, "", form.Email, "form.required"},
		{form.Phone, "+44\u202e20", form.Phone, "form.bad_phone"}, {form.Phone, strings.Repeat("4", 41), form.Phone, "form.too_long"},
		{form.FirstName, strings.Repeat("a", 101), form.FirstName, "form.too_long"}, {form.FirstName, "a\u202eb", form.FirstName, "form.bad_text"},
		{"shipping_address.address_lines", strings.Repeat("a", 201), form.Street, "form.too_long"}, {"lines[0].product_code", "", "", "checkout.refused"},
	} {
		if field, problem := fieldProblem(row.violated, map[string]string{row.field: row.typed}); field != row.field || problem != row.problem {
			t.Errorf("%s: %q, %q, want %q, %q", row.violated, field, problem, row.field, row.problem)
		}
	}
}
