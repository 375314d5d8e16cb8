package pages

import (
	"strings"
	"testing"

	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// As much of a search is used as its field takes, in letters of any alphabet.
func TestASearchIsCutByCharacters(t *testing.T) {
	t.Parallel()
	mugs := strings.Repeat("كوب", view.MaxQuery)
	for _, row := range []struct{ typed, want string }{
		{" blue mug ", "blue mug"},
		{mugs, string([]rune(mugs)[:view.MaxQuery])},
		{"blue\xff", "blue"},
		{"", ""},
	} {
		if got := queryOf(row.typed); got != row.want {
			t.Errorf("%q is searched for as %q", row.typed, got)
		}
	}
}
