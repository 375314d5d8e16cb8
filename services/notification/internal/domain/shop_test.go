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
		if got := shop.Subject(kind, values); got != want {
			t.Errorf("%s: %q, want %q", kind, got, want)
		}
	}
	shop.Name = strings.Repeat("ä", 100)
	if got := shop.Subject(OrderShipped, values); got != strings.Repeat("ä", maxSubject) {
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
