package pages

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/unicode/norm"

	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// countries are those that the shop ships to, by their names in the page's language.
func (v *visit) countries() []view.Option {
	codes := v.own.Regions
	if len(codes) == 0 {
		codes = grammar.Regions()
	}
	namer := display.Regions(language.Make(v.texts.Language()))
	options := make([]view.Option, 0, len(codes))
	for _, code := range codes {
		options = append(options, view.Option{Value: code, Text: regionName(namer, code)})
	}
	slices.SortFunc(options, func(a, b view.Option) int { return cmp.Compare(sortKey(a.Text), sortKey(b.Text)) })
	return options
}

// countryName is the name of a country in a language; its code where it has none.
func countryName(in, code string) string {
	return regionName(display.Regions(language.Make(in)), code)
}

func regionName(names display.Namer, code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	return cmp.Or(names.Name(region), code)
}

// sortKey sorts names without regard to case and marks: Österreich is between O and P.
func sortKey(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(name))
}
