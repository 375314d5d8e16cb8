package domain_test

import (
	"testing"

	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
)

// A link about an account leads to the page in the language of its mail.
func TestLinksLeadToThePageInTheMailsLanguage(t *testing.T) {
	t.Parallel()
	const link, invitation = "https://shop.example/account/verify#sm_ln_1", "https://shop.example/accept-invitation#sm_ln_1"
	for code, want := range map[string]string{
		"":      link,
		"de-AT": "https://shop.example/de/account/verify#sm_ln_1",
		"ar":    "https://shop.example/ar/account/verify#sm_ln_1",
		"en":    "https://shop.example/en/account/verify#sm_ln_1",
		"fr":    "https://shop.example/en/account/verify#sm_ln_1",
	} {
		if got := domain.InLanguage(link, code); got != want {
			t.Errorf("in %q the link is %s, want %s", code, got, want)
		}
		if got := domain.InLanguage(invitation, code); got != invitation {
			t.Errorf("in %q the invitation is %s", code, got)
		}
	}
}

// A mail with the link to an order names the page where another one is requested, in its language.
func TestAnotherLinkIsRequestedInTheMailsLanguage(t *testing.T) {
	t.Parallel()
	const link = "https://shop.example/o/sm_go_1"
	for code, want := range map[string]string{
		"":      "https://shop.example/orders/find",
		"de-AT": "https://shop.example/de/orders/find",
		"ar":    "https://shop.example/ar/orders/find",
		"fr":    "https://shop.example/en/orders/find",
	} {
		if got := domain.FindPage(link, code); got != want {
			t.Errorf("in %q it is %s, want %s", code, got, want)
		}
	}
	for _, none := range []string{"", "[link removed]"} {
		if got := domain.FindPage(none, "de"); got != none {
			t.Errorf("for %q it is %q", none, got)
		}
	}
}
