package view_test

import (
	"reflect"
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
