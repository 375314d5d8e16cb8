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
		OrderCancelled: "Order 7K3M-Q2XD cancelled",
		OrderRefunded:  "Order 7K3M-Q2XD: refund of 12.75 EUR",
		VerifyEmail:    "Confirm your e-mail address",
	} {
		if got := shop.Subject(kind, English, values); got != want {
			t.Errorf("%s: %q, want %q", kind, got, want)
		}
	}
	shop.Name = strings.Repeat("ä", 100)
	if got := shop.Subject(OrderShipped, German, values); got != strings.Repeat("ä", maxSubject) {
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

// A mail is in the order's language where there is its text in it, and else in English; a
// subject that an owner set is the same in all.
func TestAMailHasALanguage(t *testing.T) {
	t.Parallel()
	values := SubjectValues{Number: "7K3M-Q2XD"}
	for code, want := range map[string]string{
		"": "Order 7K3M-Q2XD confirmed", "en": "Order 7K3M-Q2XD confirmed", "ar": "Order 7K3M-Q2XD confirmed", "den": "Order 7K3M-Q2XD confirmed",
		"de": "Bestellung 7K3M-Q2XD bestätigt", "DE-at": "Bestellung 7K3M-Q2XD bestätigt",
	} {
		if got := (Shop{}).Subject(OrderConfirmed, LanguageOf(OrderConfirmed, code), values); got != want {
			t.Errorf("%q: %q, want %q", code, got, want)
		}
	}
	for kind := OrderCancelled; kind <= LastKind; kind++ {
		if got := LanguageOf(kind, "de"); got != English {
			t.Errorf("%s is written in %q", kind, got)
		}
	}
	set := Shop{Subjects: map[Kind]string{OrderConfirmed: "Thanks for {number}"}}
	if got := set.Subject(OrderConfirmed, German, values); got != "Thanks for 7K3M-Q2XD" {
		t.Errorf("%q", got)
	}
}
