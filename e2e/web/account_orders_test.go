package web_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/postaladdress"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// adasAddress types an address into a form that has an address' fields.
var adasAddress = []string{
	"shipping_address.address_lines[0]", "12 St James’s Square", "shipping_address.postal_code", "SW1Y 4JH",
	"shipping_address.locality", "London", "shipping_address.region_code", "GB",
}

// Addresses are added, changed and removed, each once however often its form is sent; what is
// wrong stands at its field.
func TestAddressesAreKept(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := &browser{shop: s}
	b.signsUp("grace@example.com")
	b.open("/account/addresses", "No address is kept yet", `href="/account/addresses/new"`)
	const path = "/account/addresses/new"
	if to := b.submits(path, "label", "home", "shipping_address.region_code", "US", "shipping_address.postal_code", "10001"); to != path {
		t.Errorf("an address without a street leads to %s", to)
	}
	const noStreet, noState = `id="shipping-address-address-lines-0-error"`, `id="shipping-address-administrative-area-error"`
	wrong := b.open(path, noStreet, noState, `value="home"`, `value="10001"`) // all at once
	b.lacks(wrong, `id="shipping-address-postal-code-error"`, `id="label-error"`)
	if to := b.sends(path+"/send", fill(b.formOf(wrong, path+"/send"), "shipping_address.administrative_area", "NY")); to != path {
		t.Errorf("an address without a street leads to %s", to)
	}
	b.lacks(b.open(path, noStreet), noState)
	if to := b.submits(path, "label", strings.Repeat("home", 26), "shipping_address.administrative_area", ""); to != path {
		t.Errorf("a long label leads to %s", to)
	}
	b.open(path, noStreet, noState, `id="label-error"`)
	if to := b.submits(path, "label", "home", "shipping_address.administrative_area", "NY"); to != path {
		t.Errorf("an address without a street leads to %s", to)
	}
	filled := fill(b.formOf(b.open(path, noStreet, `value="NY"`), path+"/send"), adasAddress...)
	for range 2 {
		if to := b.sends(path+"/send", filled); to != "/account/addresses?kept=1" {
			t.Fatalf("the address leads to %s", to)
		}
	}
	list := b.open("/account/addresses?kept=1", "The address is kept", "home", "12 St James’s Square", "United Kingdom")
	if strings.Count(list.body, "12 St James’s Square") != 1 {
		t.Error("the form sent twice added two addresses")
	}
	change := "/account/addresses/" + between(t, list.body, `href="/account/addresses/`, `"`)
	if to := b.submits(change, "shipping_address.locality", "Westminster", "shipping_address.administrative_area", ""); to != "/account/addresses?kept=1" {
		t.Errorf("the change leads to %s", to)
	}
	b.lacks(b.open("/account/addresses", "Westminster", "12 St James’s Square"), "No address", ">NY<")
	stranger := &browser{shop: s}
	stranger.signsUp("eve@example.com")
	if p := stranger.get(change, "Cookie", stranger.cookie); p.status != http.StatusNotFound {
		t.Errorf("another's address is %d", p.status)
	}
	stranger.sends(change+"/delete", nil)
	for range 2 {
		if to := b.sends(change+"/delete", nil); to != "/account/addresses?deleted=1" {
			t.Errorf("removing leads to %s", to)
		}
	}
	b.lacks(b.open("/account/addresses", "No address is kept yet"), "Westminster")
}

// between is what stands between two texts, for an id in an address: "new" is none.
func between(t *testing.T, text, before, after string) string {
	t.Helper()
	for {
		_, rest, found := strings.Cut(text, before)
		if !found {
			t.Fatalf("%q is not there", before)
		}
		if inner, _, _ := strings.Cut(rest, after); inner != "new" {
			return inner
		}
		text = rest
	}
}

// The address that a customer made the default stands before the others, and the checkout chooses
// it, until it is removed.
func TestTheDefaultAddressIsOfferedFirst(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	b := &browser{shop: s}
	b.signsUp("grace@example.com")
	b.put("BLUE", "1")
	const path = "/account/addresses/new"
	for _, label := range []string{"home", "work"} {
		if to := b.submits(path, append([]string{"label", label}, adasAddress...)...); to != "/account/addresses?kept=1" {
			t.Fatalf("the address leads to %s", to)
		}
	}
	order := func(first, second string) {
		t.Helper()
		list := b.open("/account/addresses", "Your default address", "Make it the default", "Make “"+second+"” the default").body
		if strings.Index(list, ">"+first+"<") > strings.Index(list, ">"+second+"<") || strings.Count(list, "Your default address") != 1 {
			t.Errorf("%s does not stand before %s:\n%s", first, second, list)
		}
		checkout := b.open("/checkout")
		chosen := b.formOf(checkout, "/checkout/place").Get("saved")
		if at := between(t, checkout.body, chosen+`"`, "·"); !strings.Contains(at, "checked") || !strings.Contains(at, first) {
			t.Errorf("chosen is %q, not %s", at, first)
		}
	}
	order("home", "work")
	prefer := regexp.MustCompile(`/account/addresses/[0-9a-f-]{36}/default`).FindString(b.open("/account/addresses").body)
	for range 2 {
		if to := b.sends(prefer, nil); to != "/account/addresses?preferred=1" {
			t.Fatalf("the default leads to %s", to)
		}
	}
	b.open("/account/addresses?preferred=1", "The checkout offers this address first now")
	order("work", "home")
	if to := b.sends(strings.TrimSuffix(prefer, "default")+"delete", nil); to != "/account/addresses?deleted=1" {
		t.Fatalf("removing leads to %s", to)
	}
	if to := b.sends(prefer, nil); to != "/account/addresses" {
		t.Errorf("one that is gone leads to %s", to)
	}
	b.lacks(b.open("/account/addresses", "Your default address", "home"), ">work<", "Make it the default")
}

// Who signed in orders to an address that is kept, without typing; what was typed before signing
// in from the checkout is there afterwards, and another address can be kept. The orders are
// listed in the account.
func TestWhoSignedInOrdersWithoutTyping(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	b := &browser{shop: s}
	b.signsUp("grace@example.com")
	b.put("BLUE", "1")
	first := b.open("/checkout", `value="grace@example.com"`, `value="Grace"`, `value="Hopper"`, "Keep this address")
	b.lacks(first, "Do you have an account", `name="saved"`)
	sent := fill(ada(b.formOf(first, "/checkout/place")), "keep_address", "1", "contact.first_name", "Grace", "contact.email", "grace@example.com")
	order := b.sends("/checkout/place", sent)
	if !orderPage.MatchString(order) {
		t.Fatalf("the order leads to %s", order)
	}
	b.open(order, "12 St James’s Square")
	b.lacks(b.open("/account/orders", strings.TrimPrefix(order, "/orders/"), "€5.00"), "Next page")
	b.open("/account/addresses", "12 St James’s Square")

	guest := &browser{shop: s}
	guest.put("BLUE", "2")
	checkout := guest.open("/checkout", "Do you have an account", `formaction="/checkout/sign-in"`, `form="order"`)
	typed := fill(guest.formOf(checkout, "/checkout/place"), "contact.first_name", "Amazing", "contact.phone", "+1 555")
	if to := guest.sends("/checkout/sign-in", typed); to != "/account/sign-in?next=%2Fcheckout" {
		t.Fatalf("signing in from the checkout leads to %s", to)
	}
	if to := guest.signsIn("/account/sign-in?next=%2Fcheckout", "grace@example.com", password); to != "/checkout" {
		t.Fatalf("signing in leads to %s", to)
	}
	guest.open("/checkout", `value="Amazing"`, `value="+1 555"`, `value="grace@example.com"`, "12 St James’s Square", "Another address", "Order for €10.00")
	if to := guest.sends("/checkout/place", typed); to != "/checkout" {
		t.Errorf("the form that was shown to a guest leads to %s", to)
	}
	form := guest.formOf(guest.open("/checkout"), "/checkout/place")
	if form.Get("saved") == "" || form.Get("shipping_address.address_lines[0]") != "" {
		t.Errorf("the form is %v", form)
	}
	second := guest.sends("/checkout/place", form)
	if !orderPage.MatchString(second) {
		t.Fatalf("the order leads to %s", second)
	}
	guest.open(second, "12 St James’s Square", "London", "Amazing")
	b.open("/account/orders", strings.TrimPrefix(order, "/orders/"), strings.TrimPrefix(second, "/orders/"))
}

// The orders of an account come in pages of twenty, the newest first. A page that is not there any
// more leads to the first one.
func TestTheOrdersOfAnAccountComeInPages(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	b := &browser{shop: s}
	b.signsUp("grace@example.com")
	_, oldest := b.places()
	grace := orderv1connect.NewOrderServiceClient(testkit.Client(t, s.url, testkit.As(t, testkit.Customer(oldest.GetCustomerId()))))
	var second, newest string
	for i := range 20 {
		placed, err := grace.PlaceOrder(t.Context(), &orderv1.PlaceOrderRequest{
			RequestId: uuid.NewString(), PaymentMethod: "sandbox_ok", Lines: []*orderv1.OrderLineRequest{{ProductCode: "BLUE", Quantity: 1}},
			Contact:         &orderv1.Contact{FirstName: "Grace", LastName: "Hopper", Email: "grace@example.com"},
			ShippingAddress: &postaladdress.PostalAddress{RegionCode: "GB", PostalCode: "SW1Y 4JH", Locality: "London", AddressLines: []string{"12 St James’s Square"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if newest = placed.GetOrder().GetNumber(); i == 0 {
			second = newest
		}
	}
	first := b.open("/account/orders", newest, second, "Page 1", "Next page")
	b.lacks(first, oldest.GetNumber(), "First page")
	next := regexp.MustCompile(`rel="next" href="([^"]+)"`).FindStringSubmatch(first.body)
	if next == nil {
		t.Fatalf("there is no next page\n%s", first.body)
	}
	b.lacks(b.open(html.UnescapeString(next[1]), oldest.GetNumber(), "Page 2", `href="/account/orders">First page`), second, newest, "Next page")
	if to := b.goes("/account/orders?page=nonsense&n=2"); to != "/account/orders" {
		t.Errorf("a page that is not there leads to %s", to)
	}
}

// A guest's order is kept in the account of who signs in from its page, once, and then opened by
// the account alone.
func TestAGuestsOrderIsKept(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	b := &browser{shop: s}
	b.signsUp("grace@example.com")
	b.sends("/account/sign-out", nil)
	guest := &browser{shop: s}
	order, placed := guest.places()
	link := strings.TrimPrefix(s.linkOf(placed.GetId()), publicURL)
	signIn := "/account/sign-in?next=" + strings.ReplaceAll(order, "/", "%2F")
	guest.lacks(guest.open(order, signIn, "Sign in to keep this order"), "/claim")
	if to := guest.signsIn(signIn, "grace@example.com", password); to != order {
		t.Fatalf("signing in leads to %s", to)
	}
	guest.open(order, order+"/claim")
	for range 2 {
		if to := guest.sends(order+"/claim", nil); to != order+"?kept=1" {
			t.Fatalf("keeping the order leads to %s", to)
		}
	}
	guest.lacks(guest.open(order+"?kept=1", "This order is in your account now"), "/claim")
	guest.open("/account/orders", strings.TrimPrefix(order, "/orders/"))
	if s.order(placed.GetId()).GetCustomerId() == "" {
		t.Error("the order is no customer's")
	}
	s.shows(link, http.StatusNotFound, "does not open that order")
	other := &browser{shop: s}
	if to := other.signsIn("/account/sign-in", "grace@example.com", password); to != "/account" {
		t.Fatalf("signing in leads to %s", to)
	}
	testkit.Eventually(t, "the order is opened", func() bool { return other.get(order, "Cookie", other.cookie).status == http.StatusOK })
}
