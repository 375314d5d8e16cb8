package domain

import (
	"slices"
	"strings"
	"testing"
)

// A subject names what its pattern names, and what a value holds stands for nothing more.
func TestSubjectsNameWhatTheirPatternsName(t *testing.T) {
	t.Parallel()
	shop := Shop{ShopDetails: ShopDetails{Name: "{number} & Dale"}, Subjects: map[Kind]string{
		OrderConfirmed: "{shop}: your order {number}, {number}", OrderShipped: strings.Repeat("{shop}", 16),
	}}
	values := SubjectValues{Number: "7K3M-Q2XD", Amount: "12.75 EUR"}
	for kind, want := range map[Kind]string{
		OrderConfirmed: "{number} & Dale: your order 7K3M-Q2XD, 7K3M-Q2XD",
		OrderRefunded:  "{number} & Dale, 7K3M-Q2XD: 12.75 EUR",
	} {
		if got := shop.Subject(kind, "{shop}, {number}: {amount}", values); got != want {
			t.Errorf("%s: %q, want %q", kind, got, want)
		}
	}
	shop.Name = strings.Repeat("ä", 100)
	if got := shop.Subject(OrderShipped, "", values); got != strings.Repeat("ä", maxSubject) {
		t.Errorf("%d characters: %q", len([]rune(got)), got)
	}
}

func TestLegalNoticesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	if got := NewLegalNotices("", "", "", ""); got != nil {
		t.Errorf("without any: %q", got)
	}
	got := NewLegalNotices("", "t", "", "w")
	if want := []string{"", "t", "", "w"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A mail is in the language of a code where there are texts in it, and else in English.
func TestAMailHasALanguage(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]Language{
		"": English, "en": English, "en-GB": English, "fr": English, "den": English, "de": German, "DE-at": German, "ar": Arabic, "ar-EG": Arabic,
	} {
		if got := LanguageOf(code); got != want {
			t.Errorf("%q: %q, want %q", code, got, want)
		}
	}
	for _, language := range Languages() {
		if got := LanguageOf(string(language)); got != language {
			t.Errorf("%q is written in %q", language, got)
		}
	}
}
