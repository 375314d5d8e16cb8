package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// put puts some of a product into the cart, once order knows it.
func (b *browser) put(code, quantity string) {
	b.t.Helper()
	testkit.Eventually(b.t, "order knows "+code, func() bool {
		_, leads := b.send("/cart/add", url.Values{"code": {code}, "quantity": {quantity}})
		return leads == "/cart?added=1"
	})
}

// set sends a form of the cart and checks where its answer leads.
func (b *browser) set(path, code, quantity, want string) {
	b.t.Helper()
	if leads := b.sends(path, url.Values{"code": {code}, "quantity": {quantity}}); leads != want {
		b.t.Errorf("%s %s × %q leads to %q, want %q", path, code, quantity, leads, want)
	}
}

// A visitor without JavaScript fills a cart, changes it, takes something out and puts it back;
// what vanished meanwhile is named. The cart is theirs alone.
func TestAVisitorFillsACart(t *testing.T) {
	t.Parallel()
	s := open(t)
	mugs := s.category("Mugs", "")
	s.product("a/b", "Blue mug", mugs, 5)
	red := s.product("RED", "Red mug", mugs, 7)
	s.product("YEN", "Yen mug", mugs, 700, func(p *catalogv1.Product) { p.Price.CurrencyCode = "JPY" })
	s.deliver("a/b", 4)

	b := &browser{shop: s}
	product := s.shows("/p/a~sb/blue-mug", http.StatusOK, "Add to cart", `min="1"`, `max="10000"`)
	if got := b.formOf(product, "/cart/add"); got.Get("code") != "a/b" || got.Get("quantity") != "1" {
		t.Errorf("the form is %v", got)
	}
	s.lacks(s.shows("/p/RED/red-mug", http.StatusOK), "Add to cart")

	b.open("/cart", "Your cart is empty")
	if b.cookie != "" {
		t.Error("who only looks gets a cookie")
	}
	b.put("a/b", "2")
	b.open("/cart?added=1", "It is in your cart", "Blue mug", `value="2"`, "€10.00", `href="/p/a~sb/blue-mug"`, "2 items", "To the checkout")
	b.set("/cart/add", "a/b", "3", "/cart?added=1")
	b.open("/cart", `value="5"`, "€25.00", "4 left")
	if home := b.get("/", "Cookie", b.cookie); !strings.Contains(home.body, "5 items") {
		t.Error("the start page does not count what is in the cart")
	}
	b.put("RED", "1")
	b.set("/cart/set", "a/b", "0", "/cart?n=5&removed=a%2Fb")
	undo := b.open("/cart?n=5&removed=a%2Fb", "“Blue mug” was removed", "Put it back", "Red mug")
	b.lacks(undo, "€25.00")
	b.set("/de/cart/set", "a/b", "5", "/de/cart")
	b.open("/de/cart", "Blue mug", "Ihr Warenkorb", "32,00")

	for _, quantity := range []string{"", "0", "-1", "1.5", "10001", "x"} {
		b.set("/cart/add", "a/b", quantity, "/cart?problem=quantity")
	}
	b.open("/cart?problem=quantity", "a whole number from 1 to 10,000")
	b.open("/de/cart?problem=quantity", "eine ganze Zahl von 1 bis 10.000")
	b.set("/cart/add", "NONE", "1", "/cart?problem=product")
	b.set("/cart/add", "no code", "1", "/cart?problem=product")
	testkit.Eventually(t, "another currency is refused", func() bool {
		_, leads := b.send("/cart/add", url.Values{"code": {"YEN"}, "quantity": {"1"}})
		return leads == "/cart?problem=currency"
	})
	b.open("/cart?problem=currency", `role="alert"`, "another currency")

	if _, err := s.products.ArchiveProduct(t.Context(), &catalogv1.ArchiveProductRequest{Id: red.GetId()}); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the cart names what vanished", func() bool {
		return strings.Contains(b.open("/cart").body, "ordered any more")
	})
	b.lacks(b.open("/cart", "Red mug", "€25.00"), "To the checkout", "sm_ct_")
	if to := b.goes("/checkout"); to != "/cart" {
		t.Errorf("what can't be ordered leads to %s", to)
	}

	(&browser{shop: s}).open("/cart", "Your cart is empty")
	(&browser{shop: s, cookie: "__Host-shop=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}).open("/cart", "Your cart is empty")
}

// Another site's page changes nothing, and a form's address is no page.
func TestFormsAreTheShopsOwn(t *testing.T) {
	t.Parallel()
	b := &browser{shop: open(t)}
	for _, path := range []string{"/cart/add", "/cart/set", "/checkout/place", "/orders/link", "/orders/AAAA-AAAA/cancel", "/orders/AAAA-AAAA/again", "/account/sign-in/send", "/account/sign-out", "/checkout/sign-in", "/orders/AAAA-AAAA/claim", "/account/addresses/new/send", "/account/export", "/account/erase/send"} {
		if status, _ := b.send(path, url.Values{"code": {"A"}, "quantity": {"1"}}, "Sec-Fetch-Site", "cross-site"); status != http.StatusForbidden {
			t.Errorf("%s: another site's form is answered %d", path, status)
		}
		if p := b.get(path); p.status != http.StatusMethodNotAllowed || p.header.Get("Allow") != http.MethodPost {
			t.Errorf("%s is %d, and %q is allowed", path, p.status, p.header.Get("Allow"))
		}
	}
	if status, _ := b.send("/cart/add", url.Values{"code": {strings.Repeat("A", 100_000)}}); status != http.StatusBadRequest {
		t.Errorf("a form that is too long is answered %d", status)
	}
	if status, _ := b.send("/cart", nil); status != http.StatusMethodNotAllowed {
		t.Errorf("POST /cart is %d", status)
	}
}
