package web_test

import (
	"strings"
	"testing"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	storefrontv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/storefront/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// A parcel is followed on its carrier's page, where the owner named one.
func TestAParcelIsFollowed(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	b := &browser{shop: s}
	b.put("BLUE", "1")
	leads := b.sends("/checkout/place", ada(b.formOf(b.open("/checkout"), "/checkout/place")))
	testkit.Eventually(t, "the order is paid", func() bool { return strings.Contains(b.open(leads).body, "your order is paid") })
	if _, err := s.orderClient.ShipOrder(t.Context(), &orderv1.ShipOrderRequest{Id: s.orders()[0].GetId(), Carrier: "Post", TrackingCode: "0034 04"}); err != nil {
		t.Fatal(err)
	}
	b.lacks(b.open(leads, "Your order is on its way", "<bdi>0034 04</bdi>", "data-print"), "Follow the parcel")
	if _, err := s.settings.UpdateSettings(t.Context(), &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
		Context: "storefront", Value: &configv1.Settings_Storefront{Storefront: &storefrontv1.Settings{
			Carriers: []*storefrontv1.Carrier{{Name: "POST", TrackingUrl: "https://post.example/parcels?code={code}"}},
		}},
	}}); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the order leads to the carrier", func() bool {
		return strings.Contains(b.open(leads).body, `href="https://post.example/parcels?code=0034%2004"`)
	})
}

// A guest who signs up to keep an order, by another address than the order's, comes back to it by
// the mailed link.
func TestWhoSignsUpComesBackToTheirOrder(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	b := &browser{shop: s}
	b.put("BLUE", "1")
	leads := b.sends("/checkout/place", ada(b.formOf(b.open("/checkout"), "/checkout/place")))
	signIn := between(t, b.open(leads).body, `href="/account/sign-in?`, `"`)
	signUp := between(t, b.open("/account/sign-in?"+signIn).body, `href="/account/sign-up?`, `"`)
	if to := b.submits("/account/sign-up?"+signUp, "email", "grace@example.com"); to != "/account/sign-up?sent=1" {
		t.Fatalf("signing up leads to %s", to)
	}
	link := s.mailed(identityv1.MailKind_MAIL_KIND_VERIFY_EMAIL, "grace@example.com")
	if to := b.submits("/account/verify", "token", link, "password", password, "first_name", "Grace", "last_name", "Hopper"); to != leads {
		t.Fatalf("the link leads to %s, want %s", to, leads)
	}
	if to := b.sends(leads+"/claim", b.formOf(b.open(leads, "Ada Lovelace"), leads+"/claim")); to != leads+"?kept=1" {
		t.Errorf("keeping the order leads to %s", to)
	}
	// Signing in later leads back to nothing that was meant before.
	b.sends("/account/sign-out", nil)
	if to := b.signsIn("/account/sign-in", "grace@example.com", password); to != "/account" {
		t.Errorf("signing in leads to %s", to)
	}
}
