package web_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/shopmesh/shopmesh/e2e/internal/inprocess"
	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/payment/stripefake"
)

// takingCards opens a shop with a blue mug that is paid on Stripe's page. Nobody set where that
// leads back to.
func takingCards(t *testing.T) (*shop, *stripefake.Fake) {
	t.Helper()
	const key, secret = "sk_test_0123456789", "whsec_0123456789"
	fake := stripefake.New(stripefake.Config{Key: key})
	stripe := httptest.NewServer(fake)
	t.Cleanup(stripe.Close)
	t.Cleanup(fake.Close)
	s := openWith(t, func(c *inprocess.Config) {
		c.Payment.StripeURL = stripe.URL
		c.Payment.Context.Secrets = func(name string) (string, error) { return map[string]string{"CARDS": key, "EVENTS": secret}[name], nil }
	})
	fake.SetEndpoint(s.url+"/webhooks/stripe", secret)
	for _, set := range []*configv1.Settings{
		{Context: "payment", Value: &configv1.Settings_Payment{Payment: &paymentv1.Settings{StripeKeySecret: "CARDS", StripeWebhookSecrets: []string{"EVENTS"}}}},
		{Context: "order", Value: &configv1.Settings_Order{Order: &orderv1.Settings{PaymentMethods: []string{"stripe_checkout"}}}},
	} {
		if _, err := s.settings.UpdateSettings(t.Context(), &configv1.UpdateSettingsRequest{Settings: set}); err != nil {
			t.Fatal(err)
		}
	}
	s.product("BLUE", "Blue mug", s.category("Mugs", ""), 5)
	s.deliver("BLUE", 10)
	return s, fake
}

var payLink = regexp.MustCompile(`href="(https://checkout\.invalid/[^"]+)"`)

// pageOf waits until an order can be paid, and returns Stripe's page and where that leads back to.
func (b *browser) pageOf(order string, fake *stripefake.Fake) (url, back string) {
	b.t.Helper()
	testkit.Eventually(b.t, "the order can be paid", func() bool {
		found := payLink.FindStringSubmatch(b.open(order).body)
		if found != nil {
			url = found[1]
		}
		return found != nil
	})
	for _, placed := range b.orders() {
		if !strings.HasSuffix(order, placed.GetNumber()) {
			continue
		}
		for _, session := range fake.Checkouts(placed.GetPaymentId()) {
			if session.URL == url {
				return url, strings.TrimPrefix(session.BackURL, publicURL)
			}
		}
	}
	b.t.Fatalf("Stripe has no page %s", url)
	return "", ""
}

// Whoever pays on Stripe's page, or leaves it, comes back to their order: by the browser that
// they ordered with, in the order's language, and in no other.
func TestStripesPageLeadsBackToTheOrder(t *testing.T) {
	t.Parallel()
	s, fake := takingCards(t)
	b := &browser{shop: s}
	b.put("BLUE", "1")
	testkit.Eventually(t, "the shop takes cards", func() bool { return strings.Contains(b.open("/de/checkout").body, `value="stripe_checkout"`) })
	order := b.sends("/de/checkout/place", ada(b.formOf(b.open("/de/checkout"), "/de/checkout/place")))
	page, back := b.pageOf(order, fake)
	if !strings.HasPrefix(back, "/orders/paid?order_id=") {
		t.Fatalf("Stripe's page leads back to %s", back)
	}
	if to := b.goes(back); to != order {
		t.Errorf("who did not pay comes back to %s, want %s", to, order)
	}
	b.open(order, "wartet auf Ihre Zahlung")
	if err := fake.Visit(page, "pm_card_visa"); err != nil {
		t.Fatal(err)
	}
	if to := b.goes(back); to != order {
		t.Errorf("who paid comes back to %s, want %s", to, order)
	}
	testkit.Eventually(t, "the order is paid", func() bool { return strings.Contains(b.open(order).body, "Ihre Bestellung ist bezahlt") })

	// The session lost the order, as where the answer to placing it did not come; the cart knows.
	lost := &browser{shop: s}
	lost.put("BLUE", "1")
	sent := ada(lost.formOf(lost.open("/checkout"), "/checkout/place"))
	lost.loses("/checkout/place", sent, func() bool { return len(s.orders()) == 2 })
	for _, placed := range s.orders() {
		if placed.GetLanguageCode() != "en" {
			continue
		}
		if to := lost.goes("/orders/paid?order_id=" + placed.GetId()); to != "/orders/"+placed.GetNumber() {
			t.Errorf("it leads to %s", to)
		}
	}
	for _, path := range []string{back, "/orders/paid", "/orders/paid?order_id=x", "/orders/paid?order_id=01890a5d-ac96-774b-bcce-b302099a8057"} {
		s.shows(path, http.StatusNotFound, "does not open that order", `href="/orders/find"`)
	}
}
