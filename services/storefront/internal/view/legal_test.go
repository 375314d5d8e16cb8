package view_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// A legal text has the four marks of its contract, and no others.
func TestALegalTextIsRead(t *testing.T) {
	t.Parallel()
	plain := func(text string) []view.Link { return []view.Link{{Text: text}} }
	got := view.ReadLegal("# Who\nAda Lovelace\nSt James's Square\n\nWrite to https://shop.example/contact.\n- one\n- <b>two</b>\nafter\n#none\n\n\n")
	want := []view.Block{
		{Heading: true, Lines: [][]view.Link{plain("Who")}},
		{Lines: [][]view.Link{plain("Ada Lovelace"), plain("St James's Square")}},
		{Lines: [][]view.Link{{{Text: "Write to "}, {Text: "https://shop.example/contact", Href: "https://shop.example/contact"}, {Text: "."}}}},
		{List: true, Lines: [][]view.Link{plain("one"), plain("<b>two</b>")}},
		{Lines: [][]view.Link{plain("after"), plain("#none")}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("it is read as\n%+v, want\n%+v", got, want)
	}
	if got := view.ReadLegal(""); len(got) != 0 {
		t.Errorf("nothing is read as %v", got)
	}
}

// The first section of an imprint is what receipts begin with: whether it has a heading or not,
// it ends where the next one stands.
func TestTheFirstSectionOfALegalText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"": nil,
		"# Who we are\nAda Lovelace\nSt James's Square\n\nVAT GB 123, https://ada.example/.\n# Disputes\nNone": {"Ada Lovelace", "St James's Square", "VAT GB 123, https://ada.example/."},
		"Ada Lovelace\n- London\n# More\ntext": {"Ada Lovelace", "London"},
		"# Only\n# headings":                   nil,
	} {
		if got := view.FirstSection(text); !slices.Equal(got, want) {
			t.Errorf("%q begins with %q, want %q", text, got, want)
		}
	}
}
