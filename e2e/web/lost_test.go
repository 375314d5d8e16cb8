package web_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// loses sends a form and cuts the connection once until says so, without reading the answer.
// nil cuts it at once, as a tab does that is killed.
func (b *browser) loses(path string, fields url.Values, until func() bool) {
	b.t.Helper()
	host := strings.TrimPrefix(b.url, "http://")
	connection, err := (&net.Dialer{}).DialContext(b.t.Context(), "tcp", host)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	body := fields.Encode()
	if _, err := fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\nCookie: %s\r\nContent-Length: %d\r\n\r\n%s",
		path, host, b.cookie, len(body), body); err != nil {
		b.t.Fatal(err)
	}
	if until != nil {
		testkit.Eventually(b.t, "the form has its effect", until)
	}
}

// ordersOf are how many orders an e-mail address has.
func (s *shop) ordersOf(email string) (count int, id string) {
	for _, order := range s.orders() {
		if order.GetContact().GetEmail() == email {
			count, id = count+1, order.GetId()
		}
	}
	return count, id
}

// onceOnly checks that an address has one order, which is paid by one payment and told by one
// mail.
func (s *shop) onceOnly(email string) {
	s.t.Helper()
	count, id := s.ordersOf(email)
	if count != 1 {
		s.t.Fatalf("%s has %d orders", email, count)
	}
	mails := func(kind string) int {
		res, err := s.mails.ListNotifications(context.WithoutCancel(s.t.Context()), &notificationv1.ListNotificationsRequest{Filter: fmt.Sprintf("order_id = %q AND kind = %s", id, kind)})
		if err != nil {
			s.t.Fatal(err)
		}
		return len(res.GetNotifications())
	}
	// An order's mails are requested one after the other: a second confirmation would be there before the
	// mail that tells of the parcel.
	testkit.Eventually(s.t, "the order is confirmed by a mail", func() bool { return mails("ORDER_CONFIRMED") > 0 })
	if _, err := s.orderClient.ShipOrder(s.t.Context(), &orderv1.ShipOrderRequest{Id: id}); err != nil {
		s.t.Fatal(err)
	}
	testkit.Eventually(s.t, "the parcel is told of by a mail", func() bool { return mails("ORDER_SHIPPED") > 0 })
	if n := mails("ORDER_CONFIRMED"); n != 1 {
		s.t.Errorf("%s gets %d mails", email, n)
	}
	res, err := s.payments.ListPayments(s.t.Context(), &paymentv1.ListPaymentsRequest{Filter: fmt.Sprintf("order_id = %q", id)})
	if err != nil || len(res.GetPayments()) != 1 {
		s.t.Errorf("%s pays %v, %v", email, res.GetPayments(), err)
	}
}

// The answer to "Order" is lost, with the connection, and so is the first answer of the
// payment's provider. Whatever the visitor does next leads to the one order
// (woocommerce#14541, #30759, woocommerce-blocks#8236, dawn#3122).
func TestALostAnswerIsOneOrder(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	for name, next := range map[string]func(b *browser, sent url.Values) string{
		"reload": func(b *browser, sent url.Values) string { return b.sends("/checkout/place", sent) },
		"back":   func(b *browser, _ url.Values) string { return b.goes("/checkout") },
		"another tab": func(b *browser, sent url.Values) string {
			return b.sends("/de/checkout/place", fill(sent, "contact.first_name", "Augusta"))
		},
		"the cart": func(b *browser, _ url.Values) string {
			b.lacks(b.open("/cart", "Your cart is empty", "Your last order"), "items")
			return b.goes("/checkout")
		},
	} {
		t.Run(name, func(t *testing.T) {
			email := strings.ReplaceAll(name, " ", ".") + "@example.com"
			here := *s
			here.t = t
			b := &browser{shop: &here}
			b.put("BLUE", "1")
			sent := fill(ada(b.formOf(b.open("/checkout"), "/checkout/place")), "contact.email", email, "payment_method", "sandbox_unknown_then_ok")
			b.loses("/checkout/place", sent, func() bool { n, _ := here.ordersOf(email); return n == 1 })
			leads := strings.TrimPrefix(next(b, sent), "/de")
			if !orderPage.MatchString(leads) {
				t.Fatalf("it leads to %s", leads)
			}
			testkit.Eventually(t, "the order is paid", func() bool { return strings.Contains(b.open(leads).body, "your order is paid") })
			b.open(leads, email)
			if to := b.sends("/checkout/place", sent); to != leads {
				t.Errorf("sent once more it leads to %s", to)
			}
			here.onceOnly(email)
			// Nothing of the old order hinders the next one.
			b.put("BLUE", "1")
			b.open("/checkout", "Order for €5.00")
		})
	}
}

// A tab that is killed with its order on the way orders or does not; who comes back sees
// which, and sending the form again makes it one order.
func TestAKilledTabIsOneOrder(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	for i := range 4 {
		email := fmt.Sprintf("killed-%d@example.com", i)
		b := &browser{shop: s}
		b.put("BLUE", "1")
		sent := fill(ada(b.formOf(b.open("/checkout"), "/checkout/place")), "contact.email", email)
		b.loses("/checkout/place", sent, nil)
		if i%2 == 0 { // the browser restores the page that it had
			back := b.get("/checkout", "Cookie", b.cookie)
			leads := back.header.Get("Location")
			if back.status != http.StatusOK && (back.status != http.StatusSeeOther || !orderPage.MatchString(leads)) {
				t.Errorf("the checkout is %d and leads to %s", back.status, leads)
			}
		}
		leads := b.sends("/checkout/place", sent)
		if !orderPage.MatchString(leads) {
			t.Fatalf("the form leads to %s", leads)
		}
		if to := b.goes("/checkout"); to != leads {
			t.Errorf("the checkout leads to %s, and the form to %s", to, leads)
		}
		s.onceOnly(email)
	}
}
