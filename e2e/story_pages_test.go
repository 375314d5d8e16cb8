package e2e

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/shopmesh/shopmesh/e2e/internal/visitor"
	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
)

// visit opens a browser at the address of the pages.
func (s *shop) visit() *visitor.Visitor {
	s.t.Helper()
	v, err := visitor.New(s.api["storefront"])
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

// open opens a page, again and again until it holds a text.
func (s *shop) open(v *visitor.Visitor, path, text string) visitor.Page {
	s.t.Helper()
	var page visitor.Page
	eventually(s.t, func(ctx context.Context) (err error) {
		if page, err = v.Open(ctx, path); err == nil && (page.Status != http.StatusOK || !strings.Contains(page.Body, text)) {
			err = errorf("%s is %d, without %q:\n%s", path, page.Status, text, page.Body)
		}
		return err
	})
	return page
}

// submit fills a form of a page in, by name and value in turn, and sends it.
func (s *shop) submit(v *visitor.Visitor, page visitor.Page, action string, typed ...string) visitor.Page {
	s.t.Helper()
	fields, err := page.Form(action)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i+1 < len(typed); i += 2 {
		fields.Set(typed[i], typed[i+1])
	}
	next, err := v.Send(s.t.Context(), action, fields)
	if err != nil {
		s.t.Fatal(err)
	}
	return next
}

var (
	orderPath = regexp.MustCompile(`^/orders/([0-9A-Z]{4}-[0-9A-Z]{4})$`)
	mailLink  = regexp.MustCompile(`https?://[^/\s"]+(/o/sm_go_[0-9A-Za-z_-]+)`)
)

// A guest without JavaScript finds a product, orders two of it and sees that they are paid; the
// link in the mail opens the order in another browser, and nobody else's opens it.
func guestsPages(t *testing.T, s *shop) {
	mug := s.sell(euros(16, 50), 10)
	guest := s.visit()
	s.open(guest, "/", "</main>")
	found := s.open(guest, "/search?q="+url.QueryEscape(mug.GetName()), `href="/p/`+mug.GetCode()+"/")
	at := found.Link("/p/" + mug.GetCode() + "/")
	product := s.open(guest, at, `action="/cart/add"`) // once catalog knows that there are some

	checkout := s.checkout(guest, product, mug)
	email := unique("ada") + "@example.com"
	placed := s.submit(guest, checkout, "/checkout/place",
		"contact.email", email, "contact.first_name", "Ada", "contact.last_name", "Lovelace",
		"shipping_address.address_lines[0]", "12 St James’s Square", "shipping_address.postal_code", "SW1Y 4JH",
		"shipping_address.locality", "London", "shipping_address.region_code", "GB", "payment_method", "sandbox_ok")
	number := orderPath.FindStringSubmatch(placed.Path)
	if number == nil {
		t.Fatalf("the order led to %s (%d)\n%s", placed.Path, placed.Status, placed.Body)
	}
	s.open(guest, placed.Path, "your order is paid")

	mail := s.oneMail(email)
	if want := "Order " + number[1] + " confirmed"; mail.Subject != want {
		t.Errorf("the subject is %q, want %q", mail.Subject, want)
	}
	link := mailLink.FindStringSubmatch(mail.Text)
	if link == nil {
		t.Fatalf("the mail has no link:\n%s", mail.Text)
	}
	stranger, err := s.visit().Open(t.Context(), placed.Path)
	if err != nil || stranger.Status != http.StatusNotFound || strings.Contains(stranger.Body, "Lovelace") {
		t.Errorf("another browser is answered %d, %v\n%s", stranger.Status, err, stranger.Body)
	}
	opened, err := s.visit().Open(t.Context(), link[1])
	if err != nil || opened.Status != http.StatusOK || opened.Path != placed.Path || !strings.Contains(opened.Body, "Lovelace") {
		t.Errorf("the link leads to %s (%d), %v\n%s", opened.Path, opened.Status, err, opened.Body)
	}
	if strings.Contains(opened.Body, "sm_go_") {
		t.Error("the page shows the token")
	}
}

// checkout puts two of a product into the cart, once order knows it, and goes to the checkout.
func (s *shop) checkout(guest *visitor.Visitor, product visitor.Page, mug *catalogv1.Product) visitor.Page {
	s.t.Helper()
	eventually(s.t, func(context.Context) error {
		cart := s.submit(guest, product, "/cart/add", "quantity", "2")
		if !strings.Contains(cart.Body, mug.GetName()) {
			return errorf("the cart is %s (%d):\n%s", cart.Path, cart.Status, cart.Body)
		}
		return nil
	})
	return s.open(guest, "/checkout", "33.00")
}
