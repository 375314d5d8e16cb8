package pages

import (
	"slices"
	"testing"
)

// A receipt names who runs the shop in its language, else in the first that has an imprint, else
// by the address of one that is kept elsewhere.
func TestReceiptsNameWhoRunsTheShop(t *testing.T) {
	t.Parallel()
	texts := map[string]LegalTexts{"de": {"imprint": "# Impressum\nAda\n# Streit"}, "en": {"imprint": "Ada of London"}}
	for what, at := range map[string]struct {
		visit visit
		lines []string
		in    string
	}{
		"its language":       {visit{own: OwnSettings{Languages: []string{"en", "de"}, LegalTexts: texts}}, []string{"Ada"}, "de"},
		"another language":   {visit{own: OwnSettings{Languages: []string{"ar", "en"}, LegalTexts: map[string]LegalTexts{"en": texts["en"]}}}, []string{"Ada of London"}, "en"},
		"one kept elsewhere": {visit{set: Settings{Legal: Legal{Imprint: "https://ada.example/imprint"}}}, []string{"https://ada.example/imprint"}, ""},
		"none":               {visit{}, nil, ""},
	} {
		if lines, in := at.visit.imprint("de"); !slices.Equal(lines, at.lines) || in != at.in {
			t.Errorf("%s: it names %q in %q, want %q in %q", what, lines, in, at.lines, at.in)
		}
	}
}
