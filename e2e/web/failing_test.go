package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	edgev1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/edge/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// A form that can't be taken now leads back to its page, which can be read and has what was
// typed, passwords apart; so do the languages at the page's foot.
func TestAFormThatFailsLeadsBackToItsPage(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	b := &browser{shop: s}
	b.put("BLUE", "1")
	sent := ada(b.formOf(b.open("/de/checkout"), "/de/checkout/place"))
	if _, err := s.settings.UpdateSettings(t.Context(), &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
		Context: "edge", Value: &configv1.Settings_Edge{Edge: &edgev1.Settings{OrdersRate: new("1/h"), SignInRate: new("1/h")}},
	}}); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the address has no orders left", func() bool {
		other := &browser{shop: s}
		other.put("BLUE", "1")
		status, _ := other.send("/checkout/place", ada(other.formOf(other.open("/checkout"), "/checkout/place")))
		return status == http.StatusTooManyRequests
	})
	if to := b.fails("/de/checkout/place", sent, http.StatusTooManyRequests, "Zurück zum Formular"); to != "/de/checkout" {
		t.Errorf("the checkout's form leads to %s", to)
	}
	b.open("/de/checkout", `value="Lovelace"`, `value="ada@example.com"`)
	if to := b.fails("/de/checkout/place", sent, http.StatusTooManyRequests, "العربية"); to != "/ar/checkout" {
		t.Errorf("in Arabic it leads to %s", to)
	}
	typed := url.Values{"email": {"ada@example.com"}, "password": {"correct horse battery"}, "next": {"/cart"}}
	testkit.Eventually(t, "nobody may sign in any more", func() bool {
		status, _ := b.send("/account/sign-in/send", typed)
		return status == http.StatusTooManyRequests
	})
	if to := b.fails("/account/sign-in/send", typed, http.StatusTooManyRequests, "Back to the form"); to != "/account/sign-in?next=%2Fcart" {
		t.Errorf("signing in leads to %s", to)
	}
	b.lacks(b.open("/account/sign-in", `value="ada@example.com"`), "battery")
	for path, page := range map[string]string{
		"/cart/set": "/cart", "/orders/AAAA-AAAA/cancel": "/orders/AAAA-AAAA", "/account/addresses/new/send": "/account/addresses/new", "/account/export": "/account",
	} {
		if alone := b.get(path); !strings.Contains(alone.body, `href="`+page+`">Back to the form`) {
			t.Errorf("%s does not lead to %s\n%s", path, page, alone.body)
		}
	}
}
