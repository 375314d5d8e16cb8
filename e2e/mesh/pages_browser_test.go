//go:build mesh

package mesh

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// Row 11, pages: in a browser a guest orders by the shop's pages, through the ingress, and the
// mail's link opens the order in another browser. A page of another site neither reads these nor
// sends their forms.
func TestRow11Pages(t *testing.T) {
	t.Parallel()
	stock(t)
	b := browser(t)
	own := b.blank("")
	email := "guest-" + uuid.NewString() + "@example.com"
	number := orderByPages(t, own, email)
	own.keepsCookie(t)
	if errs := own.listens(); errs != 0 {
		t.Errorf("the order's events ended %d times within 25 s", errs)
	}

	var other struct{ BrowserContextID string }
	b.call("", "Target.createBrowserContext", nil, &other)
	elsewhere := b.blank(other.BrowserContextID)
	elsewhere.goTo(gateway + "/orders/" + number)
	elsewhere.shows("/orders/"+number, "does not open that order")
	elsewhere.goTo(gateway + linkTo(t, email))
	elsewhere.shows("/orders/"+number, "Lovelace")
	var address string
	elsewhere.run(`return location.href + " " + document.referrer + " " + document.documentElement.outerHTML`, &address)
	if strings.Contains(address, "sm_go_") {
		t.Error("the order's page has the token of its link")
	}

	foreignPages(t, b, own)
	t.Logf("row 11, pages: a guest ordered %s by pages and heard of it for 25 s; its link opened it in another browser without a token in the address; another site's page read none and sent no form", number)
}

// orderByPages has a guest find a product and order two of it, and returns the order's number.
func orderByPages(t *testing.T, own page, email string) string {
	t.Helper()
	own.goTo(gateway + "/search?q=KI-MUG-INK")
	own.click("/search", `a[href^="/p/KI-MUG-INK/"]`)
	own.fill("/p/", `form[action="/cart/add"]`, map[string]string{"quantity": "2"})
	own.click("/p/", `form[action="/cart/add"] button`)
	own.click("/cart", `a[href="/checkout"]`)
	own.fill("/checkout", `form[action="/checkout/place"]`, map[string]string{
		"contact.email": email, "contact.first_name": "Ada", "contact.last_name": "Lovelace",
		"shipping_address.address_lines[0]": "12 St James’s Square", "shipping_address.postal_code": "SW1Y 4JH",
		"shipping_address.locality": "London", "shipping_address.region_code": "GB",
	})
	own.click("/checkout", `form[action="/checkout/place"] button.button`)
	var number string
	eventually(t, patience, func() error {
		var at string
		if err := own.try("return location.pathname", &at); err != nil {
			return err
		}
		found := regexp.MustCompile(`^/orders/([0-9A-Z]{4}-[0-9A-Z]{4})$`).FindStringSubmatch(at)
		if found == nil {
			return fmt.Errorf("the order led to %s", at)
		}
		number = found[1]
		return nil
	})
	eventually(t, patience, func() error {
		err := own.has("/orders/"+number, "your order is paid")
		if err != nil { // without a script it is read again
			own.goTo(gateway + "/orders/" + number)
		}
		return err
	})
	return number
}

// linkTo is the path of the link in the mail to a guest.
func linkTo(t *testing.T, email string) string {
	t.Helper()
	link := regexp.MustCompile(`/o/sm_go_[0-9A-Za-z_-]+`)
	var path string
	eventually(t, patience, func() error {
		mails := drive[[]answer](t, operator, "request", "-url", inbox+"?to="+url.QueryEscape(email))[0]
		if path = link.FindString(mails.Body); path == "" {
			return fmt.Errorf("no link was mailed: %.500s", mails.Body)
		}
		return nil
	})
	return path
}

// foreignPages has a page of another site try what the shop's own do.
func foreignPages(t *testing.T, b *chromium, own page) {
	t.Helper()
	blank := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "text/html") }))
	defer blank.Close()
	foreign := b.open(blank.URL)
	if got := tried(foreign, `fetch(shop + "/cart", {credentials: "include"})`); got != "TypeError" {
		t.Errorf("another site's page reads the cart: %s", got)
	}
	// Sent without a question and without an answer, and by a form that leaves the page.
	if got := tried(foreign, `fetch(shop + "/cart/add", {method: "POST", mode: "no-cors", credentials: "include", body: new URLSearchParams({code: "KI-MUG-INK", quantity: "1"})})`); got != "0" {
		t.Errorf("another site's page sends to the cart: %s", got)
	}
	foreign.run(fmt.Sprintf(`const form = document.createElement("form");
form.method = "POST"; form.action = %q;
for (const [name, value] of [["code", "KI-MUG-INK"], ["quantity", "1"]]) {
  const field = document.createElement("input"); field.name = name; field.value = value; form.append(field);
}
document.documentElement.append(form); setTimeout(() => form.submit())`, gateway+"/cart/add"), nil)
	foreign.shows("/cart/add", "another site")
	own.goTo(gateway + "/cart")
	own.shows("/cart", "Your cart is empty")
}

// has reports that the page is not at a path, or lacks a text.
func (p page) has(path, text string) error {
	var got struct{ Path, State, Text string }
	if err := p.try(`return {path: location.pathname, state: document.readyState, text: document.body ? document.body.innerText : ""}`, &got); err != nil {
		return err
	}
	if !strings.HasPrefix(got.Path, path) || got.State != "complete" || !strings.Contains(got.Text, text) {
		return fmt.Errorf("the page %s (%s) is not %s with %q:\n%.1000s", got.Path, got.State, path, text, got.Text)
	}
	return nil
}

// shows waits until the page is at a path and has a text.
func (p page) shows(path, text string) {
	p.t.Helper()
	eventually(p.t, patience, func() error { return p.has(path, text) })
}

// click clicks an element, once the page is at a path and has it.
func (p page) click(path, selector string) {
	p.t.Helper()
	p.touch(path, selector, `setTimeout(() => found.click())`)
}

// fill types into fields of a form.
func (p page) fill(path, selector string, typed map[string]string) {
	p.t.Helper()
	for name, value := range typed {
		p.touch(path, selector, fmt.Sprintf(`const field = found.elements.namedItem(%q); field.value = %q; if (field.value !== %[2]q) throw new Error(%[1]q + " takes no " + %[2]q)`, name, value))
	}
}

// touch runs a script on an element, once the page is at a path and has it.
func (p page) touch(path, selector, script string) {
	p.t.Helper()
	eventually(p.t, patience, func() error {
		var at string
		err := p.try(fmt.Sprintf(`const found = document.readyState === "complete" && location.pathname.startsWith(%q) && document.querySelector(%q);
if (!found) return location.pathname + " has no " + %[2]q;
%[3]s; return ""`, path, selector, script), &at)
		if err == nil && at != "" {
			err = fmt.Errorf("%s", at)
		}
		return err
	})
}

// listens hears the order's events for longer than any page may take, and returns how often they
// ended.
func (p page) listens() int {
	p.t.Helper()
	var got struct{ Opened, Ended int }
	p.run(`const events = new EventSource(location.pathname + "/events?after=0"), got = {opened: 0, ended: 0};
events.onopen = () => { got.opened++ };
events.onerror = () => { got.ended++ };
await new Promise((done) => setTimeout(done, 25000));
events.close();
return got`, &got)
	if got.Opened == 0 {
		p.t.Error("the order's events were never opened")
	}
	return got.Ended
}

// keepsCookie proves that the browser's one cookie is the shop's alone, and none of its scripts'.
func (p page) keepsCookie(t *testing.T) {
	t.Helper()
	var got struct {
		Cookies []struct {
			Name, SameSite   string
			Secure, HTTPOnly bool
		}
	}
	p.call(p.session, "Network.getCookies", nil, &got)
	if len(got.Cookies) != 1 || got.Cookies[0].Name != "__Host-shop" || !got.Cookies[0].Secure || !got.Cookies[0].HTTPOnly || got.Cookies[0].SameSite != "Lax" {
		t.Errorf("the cookies are %+v", got.Cookies)
	}
}
