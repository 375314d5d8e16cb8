package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// ada is what somebody types into the checkout.
func ada(fields url.Values) url.Values {
	return fill(fields,
		"contact.email", "ada@example.com", "contact.first_name", "Ada", "contact.last_name", "Lovelace",
		"shipping_address.address_lines[0]", "12 St James’s Square", "shipping_address.postal_code", "SW1Y 4JH",
		"shipping_address.locality", "London", "shipping_address.region_code", "GB")
}

var orderPage = regexp.MustCompile(`^/orders/[0-9A-Z]{4}-[0-9A-Z]{4}$`)

// selling opens a shop with a blue mug for 5 euros, ten of it.
func selling(t *testing.T) (*shop, *catalogv1.Product) {
	t.Helper()
	s := open(t)
	mug := s.product("BLUE", "Blue mug", s.category("Mugs", ""), 5)
	s.deliver("BLUE", 10)
	return s, mug
}

// orders are all that the shop has.
func (s *shop) orders() []*orderv1.Order {
	s.t.Helper()
	res, err := s.orderClient.ListOrders(s.t.Context(), &orderv1.ListOrdersRequest{})
	if err != nil {
		s.t.Fatal(err)
	}
	return res.GetOrders()
}

// A guest without JavaScript finds a product, puts it into the cart, orders and sees the order
// paid; comes back to it by Back and by the cart, and cancels it.
func TestAGuestOrdersWithoutJavaScript(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	b := &browser{shop: s}
	product := s.shows("/p/BLUE/blue-mug", http.StatusOK)
	form := fill(b.formOf(product, "/cart/add"), "quantity", "2")
	b.put("BLUE", form.Get("quantity"))
	b.open("/cart", `href="/checkout"`)

	checkout := b.open("/checkout", "Order for €10.00", `required`, `maxlength="100"`, `autocomplete="given-name"`, `type="email"`, "United Kingdom", "Test payment", "Blue mug")
	b.lacks(checkout, "Something changed", "look at these fields")
	sent := ada(b.formOf(checkout, "/checkout/place"))
	if sent.Get("payment_method") != "sandbox_ok" || sent.Get("checkout") == "" {
		t.Errorf("the form is %v", sent)
	}
	leads := b.sends("/checkout/place", sent)
	if !orderPage.MatchString(leads) {
		t.Fatalf("the order leads to %q", leads)
	}
	var shown page
	testkit.Eventually(t, "the order is paid", func() bool {
		shown = b.open(leads)
		return strings.Contains(shown.body, "your order is paid")
	})
	for _, text := range []string{"Ada Lovelace", "12 St James’s Square", "United Kingdom", "ada@example.com", "€10.00", `aria-current="step"`, "you get €10.00 back"} {
		if !strings.Contains(shown.body, text) {
			t.Errorf("the order's page lacks %q\n%s", text, shown.body)
		}
	}
	b.lacks(shown, "sm_go_", "sm_ct_")
	if placed := s.orders(); len(placed) != 1 || placed[0].GetLanguageCode() != "en" || placed[0].GetContact().GetEmail() != "ada@example.com" {
		t.Errorf("the orders are %v", placed)
	}
	// Back leads to the order, whatever is sent again.
	if to := b.goes("/checkout"); to != leads {
		t.Errorf("Back leads to %s", to)
	}
	if to := b.sends("/checkout/place", sent); to != leads {
		t.Errorf("the form sent again leads to %s", to)
	}
	b.lacks(b.open("/cart", "Your cart is empty", "Your last order"), "items")
	if len(s.orders()) != 1 {
		t.Error("the form sent again made an order")
	}
	b.open("/de"+leads, "Danke, Ihre Bestellung ist bezahlt", "Vereinigtes Königreich", "10,00")

	if to := b.sends(leads+"/cancel", nil); to != leads {
		t.Errorf("cancelling leads to %s", to)
	}
	b.sends(leads+"/cancel", nil)
	cancelled := b.open(leads, "Your order was cancelled")
	b.lacks(cancelled, "Cancel this order")
	testkit.Eventually(t, "the refund is shown", func() bool { return strings.Contains(b.open(leads).body, "We gave back €10.00") })
	if to := b.sends(leads+"/again", nil); to != "/cart?added=1" {
		t.Errorf("ordering again leads to %s", to)
	}
	b.open("/cart", "Blue mug", `value="2"`)
}

// A double click, two tabs and an answer that was lost make one order; a browser whose answer
// was lost finds it.
func TestOneCheckoutIsOneOrder(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	b := &browser{shop: s}
	b.put("BLUE", "1")
	sent := ada(b.formOf(b.open("/checkout"), "/checkout/place"))
	places := make([]string, 4)
	var all sync.WaitGroup
	for i := range places {
		tab := *b
		all.Go(func() { _, places[i] = tab.send("/checkout/place", sent) })
	}
	all.Wait()
	for _, place := range places {
		if place != places[0] || !orderPage.MatchString(place) {
			t.Errorf("the clicks lead to %q", places)
		}
	}
	if len(s.orders()) != 1 {
		t.Fatalf("%d orders were placed", len(s.orders()))
	}
	// A tab that was killed before its answer came: what its form says differs, and nothing was kept.
	b.put("BLUE", "1")
	next := ada(b.formOf(b.open("/checkout"), "/checkout/place"))
	if other := b.sends("/checkout/place", next); other == places[0] || !orderPage.MatchString(other) {
		t.Errorf("the next order leads to %s", other)
	}
	if to := b.sends("/checkout/place", fill(next, "contact.first_name", "Augusta")); !orderPage.MatchString(to) || to == places[0] {
		t.Errorf("the second form of one checkout leads to %s", to)
	}
	if len(s.orders()) != 2 {
		t.Errorf("%d orders were placed", len(s.orders()))
	}
}

// What is wrong stands at its field, with all that was typed; another country that needs a
// state asks for it.
func TestNothingTypedIsLost(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	b := &browser{shop: s}
	b.put("BLUE", "1")
	sent := ada(b.formOf(b.open("/checkout"), "/checkout/place"))
	fill(sent, "contact.email", "ada@", "contact.first_name", "", "shipping_address.address_lines[0]", " ", "contact.phone", "+44 20")
	if to := b.sends("/checkout/place", sent); to != "/checkout" {
		t.Fatalf("it leads to %s", to)
	}
	wrong := b.open("/checkout", `role="alert"`, "autofocus", `href="#contact-email"`, `id="contact-email-error"`, "This is no e-mail address",
		`aria-describedby="contact-first-name-error"`, `id="shipping-address-address-lines-0-error"`, `value="ada@"`, `value="Lovelace"`, "<details open")
	if got := b.formOf(wrong, "/checkout/place"); got.Get("contact.phone") != "+44 20" || got.Get("shipping_address.region_code") != "GB" || got.Get("contact.last_name") != "Lovelace" {
		t.Errorf("it kept %v", got)
	}
	// Reloading, and going elsewhere, keep it.
	b.open("/cart")
	b.open("/checkout", `value="Lovelace"`, "This is no e-mail address")
	abroad := ada(b.formOf(b.open("/checkout"), "/checkout/place"))
	if to := b.sends("/checkout/place", fill(abroad, "shipping_address.region_code", "US")); to != "/checkout" {
		t.Fatalf("without a state it leads to %s", to)
	}
	// What else is wrong stands beside the state that is missing, at once.
	everything := fill(url.Values{}, "checkout", abroad.Get("checkout"), "total", abroad.Get("total"), "seen", abroad.Get("seen"), "shipping_address.region_code", "US", "contact.email", "ada@")
	if to := b.sends("/checkout/place", everything); to != "/checkout" {
		t.Fatalf("with nothing right it leads to %s", to)
	}
	b.open("/checkout", `id="shipping-address-administrative-area-error"`, `id="contact-email-error"`, `id="contact-first-name-error"`, `id="shipping-address-address-lines-0-error"`)
	b.sends("/checkout/place", fill(abroad, "shipping_address.administrative_area", ""))
	state := b.open("/checkout", `aria-describedby="shipping-address-administrative-area-error"`, `value="London"`)
	if to := b.sends("/checkout/place", fill(b.formOf(state, "/checkout/place"), "shipping_address.administrative_area", "NY")); !orderPage.MatchString(to) {
		t.Errorf("with a state it leads to %s", to)
	}
	method := &browser{shop: s}
	method.put("BLUE", "1")
	other := fill(ada(method.formOf(method.open("/checkout"), "/checkout/place")), "payment_method", "shells")
	method.sends("/checkout/place", other)
	method.open("/checkout", "Choose another way", `value="Lovelace"`)
}

// A price or a stock that changed since the checkout was shown is told once, old and new, with
// the new total; one more click orders for that.
func TestChangesAreToldBeforeTheyCost(t *testing.T) {
	t.Parallel()
	s, mug := selling(t)
	b := &browser{shop: s}
	b.put("BLUE", "8")
	sent := ada(b.formOf(b.open("/checkout", "Order for €40.00"), "/checkout/place"))
	mug.Price.Units = 6
	if _, err := s.products.UpdateProduct(t.Context(), &catalogv1.UpdateProductRequest{Product: mug, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"price"}}}); err != nil {
		t.Fatal(err)
	}
	s.take("BLUE", 7)
	testkit.Eventually(t, "order knows the price", func() bool { return strings.Contains(b.open("/cart").body, "€6.00") })
	if to := b.sends("/checkout/place", sent); to != "/checkout" {
		t.Fatalf("it leads to %s", to)
	}
	told := b.open("/checkout", "Something changed", "“Blue mug”: 3 instead of 8", "costs €6.00 now, and not €5.00", "Total: €18.00 instead of €40.00", "Order for €18.00", `value="Lovelace"`)
	leads := b.sends("/checkout/place", b.formOf(told, "/checkout/place"))
	if !orderPage.MatchString(leads) {
		t.Fatalf("one click on leads to %s", leads)
	}
	if placed := s.orders(); len(placed) != 1 || placed[0].GetTotal().GetUnits() != 18 {
		t.Errorf("the orders are %v", placed)
	}
	testkit.Eventually(t, "the order is paid", func() bool { return strings.Contains(b.open(leads).body, "your order is paid") })
	testkit.Eventually(t, "nothing is left", func() bool { return strings.Contains(s.get("/p/BLUE/blue-mug").body, "Sold out") })
	b.put("BLUE", "1")
	if to := b.goes("/checkout"); to != "/cart?problem=stock" {
		t.Errorf("what is sold out leads to %s", to)
	}
	b.open("/cart?problem=stock", "in stock right now", "Sold out")
}

// The link in a mail opens the order in another browser, and its token stays in no address;
// who has neither finds the way to a new link.
func TestALinkOpensAnOrder(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	b := &browser{shop: s}
	b.put("BLUE", "1")
	leads := b.sends("/checkout/place", ada(b.formOf(b.open("/checkout"), "/checkout/place")))
	other := &browser{shop: s}
	closed := s.shows(leads, http.StatusNotFound, "does not open that order", `href="/orders/find"`)
	if closed.header.Get("Cache-Control") != "no-store" {
		t.Error("the page may be kept")
	}
	link := s.linkOf(s.orders()[0].GetId())
	if !strings.HasPrefix(link, publicURL+"/o/sm_go_") {
		t.Fatalf("the link is %q", link)
	}
	path := strings.TrimPrefix(link, publicURL)
	answer := other.get(path)
	if answer.status != http.StatusSeeOther || answer.header.Get("Location") != leads || answer.header.Get("Referrer-Policy") != "no-referrer" || answer.header.Get("Cache-Control") != "no-store" {
		t.Errorf("the link is answered %d, %v", answer.status, answer.header)
	}
	other.take(answer.header)
	other.open(leads, "Ada Lovelace")
	for _, bad := range []string{"/o/x", path + "x", strings.ToLower(path)} {
		if p := s.shows(bad, http.StatusNotFound, "does not open that order"); p.header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s tells where it leads from: %v", bad, p.header)
		}
	}

	guest := &browser{shop: s}
	find := guest.open("/orders/find", `maxlength="20"`, `type="email"`)
	number := strings.TrimPrefix(leads, "/orders/")
	for _, email := range []string{"ada@example.com", "eve@example.com"} {
		if to := guest.sends("/orders/link", fill(guest.formOf(find, "/orders/link"), "number", number, "email", email)); to != "/orders/find?sent=1" {
			t.Errorf("%s leads to %s", email, to)
		}
	}
	guest.open("/orders/find?sent=1", "If there is such an order")
	if to := guest.sends("/orders/link", url.Values{"number": {"x"}, "email": {"ada@"}}); to != "/orders/find" {
		t.Errorf("nonsense leads to %s", to)
	}
	guest.open("/orders/find", `id="number-error"`, `value="ada@"`)
}

// An order that can't be paid, and one for which there is not enough, say so.
func TestAnOrderTellsWhyItFailed(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	b := &browser{shop: s}
	b.put("BLUE", "1")
	leads := b.sends("/checkout/place", fill(ada(b.formOf(b.open("/checkout"), "/checkout/place")), "payment_method", "sandbox_declined"))
	testkit.Eventually(t, "the payment is declined", func() bool { return strings.Contains(b.open(leads).body, "the payment was declined") })
	if to := b.sends(leads+"/cancel", nil); to != leads && to != leads+"?problem=state" {
		t.Errorf("cancelling what is cancelled leads to %s", to)
	}
}
