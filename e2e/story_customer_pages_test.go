package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/shopmesh/shopmesh/e2e/internal/visitor"
)

// A customer without JavaScript signs up by the link that they are mailed, keeps an address and
// orders to it without typing it again. Another browser that signs in shows the order, and nothing
// of the account once it signed out.
func customersPages(t *testing.T, s *shop) {
	mug := s.sell(euros(16, 50), 10)
	email := unique("grace") + "@example.com"
	customer := s.visit()
	s.sends(customer, "/account/sign-up", "email", email)
	welcome := s.sends(customer, "/account/verify", "token", s.mailedToken(email), "password", shopperPassword, "first_name", "Grace", "last_name", "Hopper")
	if welcome.Path != "/account" || !strings.Contains(welcome.Body, email) {
		t.Fatalf("the link leads to %s (%d)\n%s", welcome.Path, welcome.Status, welcome.Body)
	}
	kept := s.sends(customer, "/account/addresses/new", "label", "home",
		"shipping_address.address_lines[0]", "12 St James’s Square", "shipping_address.postal_code", "SW1Y 4JH",
		"shipping_address.locality", "London", "shipping_address.region_code", "GB")
	if kept.Path != "/account/addresses" || !strings.Contains(kept.Body, "12 St James’s Square") {
		t.Fatalf("the address leads to %s (%d)\n%s", kept.Path, kept.Status, kept.Body)
	}

	product := s.open(customer, "/p/"+mug.GetCode(), `action="/cart/add"`) // once catalog knows that there are some
	placed := s.submit(customer, s.checkout(customer, product, mug), "/checkout/place", "payment_method", "sandbox_ok")
	number := orderPath.FindStringSubmatch(placed.Path)
	if number == nil {
		t.Fatalf("the order led to %s (%d)\n%s", placed.Path, placed.Status, placed.Body)
	}
	s.open(customer, placed.Path, "your order is paid")

	other := s.visit()
	if in := s.sends(other, "/account/sign-in", "email", email, "password", shopperPassword); in.Path != "/account" {
		t.Fatalf("signing in leads to %s (%d)\n%s", in.Path, in.Status, in.Body)
	}
	s.open(other, "/account/orders", number[1])
	s.open(other, placed.Path, "12 St James’s Square")
	s.open(other, "/account/sessions", "This browser")
	s.submit(other, s.open(other, "/account", email), "/account/sign-out")
	for _, path := range []string{"/account/orders", placed.Path} {
		left, err := other.Open(t.Context(), path)
		if err != nil || left.Path != "/account/sign-in" && left.Status != http.StatusNotFound || strings.Contains(left.Body, "St James") {
			t.Errorf("signed out, %s is %s (%d), %v\n%s", path, left.Path, left.Status, err, left.Body)
		}
	}
}

// sends fills in the only form of a page that is one form, and sends it.
func (s *shop) sends(v *visitor.Visitor, path string, typed ...string) visitor.Page {
	s.t.Helper()
	return s.submit(v, s.open(v, path, "</main>"), path+"/send", typed...)
}
