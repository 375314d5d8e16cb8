package web_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	shopv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/shop/v1"
	storefrontv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/storefront/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// offers has the shop offer languages, and waits until it does.
func (s *shop) offers(languages ...string) {
	s.t.Helper()
	if _, err := s.settings.UpdateSettings(s.t.Context(), &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
		Context: "storefront", Value: &configv1.Settings_Storefront{Storefront: &storefrontv1.Settings{Languages: languages}},
	}}); err != nil {
		s.t.Fatal(err)
	}
	want := `<html lang="` + languages[0]
	testkit.Eventually(s.t, "the languages are offered", func() bool {
		body := s.get("/").body
		return strings.Contains(body, want) && (len(languages) > 1) == strings.Contains(body, "hreflang") && !strings.Contains(body, `hreflang="ar"`)
	})
}

// The pages are in the languages that the owner offers. The first has addresses without a
// prefix; the prefixes of others that are not offered lead there.
func TestPagesAreInTheLanguagesOffered(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	kept := &browser{shop: s}
	kept.put("BLUE", "1") // on a page that is open when the settings change
	s.offers("de", "en")

	home := s.shows("/", http.StatusOK, `<html lang="de" dir="ltr"`, `hreflang="x-default" href="https://shop.example/"`,
		`hreflang="de" href="https://shop.example/"`, `hreflang="en" href="https://shop.example/en"`, `href="/en" hreflang="en" lang="en"`, `href="/cart"`)
	s.lacks(home, `hreflang="ar"`, `"/de`)
	s.shows("/en/p/BLUE/blue-mug", http.StatusOK, `<html lang="en"`, `rel="canonical" href="https://shop.example/en/p/BLUE/blue-mug"`, `action="/en/cart/add"`)
	// What a link from elsewhere adds is not told to search engines, in no language.
	s.lacks(s.shows("/p/BLUE/blue-mug?utm=1", http.StatusOK, `rel="canonical" href="https://shop.example/p/BLUE/blue-mug"`), `href="https://shop.example/en/p/BLUE/blue-mug?utm=1"`)
	for from, to := range map[string]string{
		"/de": "/", "/de/": "/", "/de/search?q=a": "/search?q=a", "/ar": "/", "/ar/p/BLUE/blue-mug": "/p/BLUE/blue-mug", "/ar/cart": "/cart",
	} {
		if p := s.get(from); p.status != http.StatusSeeOther || p.header.Get("Location") != to {
			t.Errorf("%s is %d and leads to %q, want %q", from, p.status, p.header.Get("Location"), to)
		}
	}
	s.shows("/ar/nothing", http.StatusNotFound, "Diese Seite gibt es nicht")
	// A form of a page that was open in a language before is not lost with it.
	if to := kept.sends("/ar/cart/add", fill(kept.formOf(s.shows("/p/BLUE/blue-mug", http.StatusOK), "/cart/add"), "quantity", "2")); to != "/cart?added=1" {
		t.Errorf("the form leads to %s", to)
	}
	site := s.get("/sitemap.xml")
	for _, want := range []string{"<loc>https://shop.example/</loc>", "<loc>https://shop.example/en</loc>", "<loc>https://shop.example/p/BLUE/blue-mug</loc>", "<loc>https://shop.example/en/p/BLUE/blue-mug</loc>"} {
		if !strings.Contains(site.body, want) {
			t.Errorf("the sitemap lacks %q\n%s", want, site.body)
		}
	}
	s.lacks(site, "/de", "/ar")
	s.offers("de")
	only := s.shows("/", http.StatusOK, `rel="canonical"`)
	s.lacks(only, "hreflang", "Sprachen")
	if site := s.get("/sitemap.xml"); strings.Contains(site.body, "/en") {
		t.Errorf("the sitemap names what is not offered\n%s", site.body)
	}
}

// mailsOf waits for a number of mails about an order, and returns them by their kinds.
func (s *shop) mailsOf(order string, count int) map[notificationv1.NotificationKind]*notificationv1.Notification {
	s.t.Helper()
	mails := make(map[notificationv1.NotificationKind]*notificationv1.Notification)
	testkit.Eventually(s.t, "the mails are requested", func() bool {
		res, err := s.mails.ListNotifications(s.t.Context(), &notificationv1.ListNotificationsRequest{Filter: `order_id = "` + order + `"`})
		if err != nil || len(res.GetNotifications()) != count {
			return false
		}
		for _, found := range res.GetNotifications() {
			mail, err := s.mails.GetNotification(s.t.Context(), &notificationv1.GetNotificationRequest{Id: found.GetId()})
			if err != nil {
				s.t.Fatal(err)
			}
			mails[found.GetKind()] = mail.GetNotification()
		}
		return true
	})
	return mails
}

// An order is in the language of the page that it was placed on, and all of its mails, too,
// whichever language is standard and whoever acts: staff without one corrects, refunds, ships
// and cancels here. The mails' link leads to a page in it (woocommerce#35875).
func TestAnOrderKeepsItsLanguage(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	for _, row := range []struct {
		language, country, greeting string
		subjects                    map[notificationv1.NotificationKind]string
	}{
		{"de", "Vereinigtes Königreich", "Guten Tag", map[notificationv1.NotificationKind]string{
			notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_CONFIRMED: "bestätigt", notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_UPDATED: "geändert",
			notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_REFUNDED: "Erstattung von 1,00", notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_SHIPPED: "unterwegs",
			notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_LINK: "Link zu Ihrer Bestellung", notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_CANCELLED: "storniert",
		}},
		{"ar", "المملكة المتحدة", "مرحباً", map[notificationv1.NotificationKind]string{
			notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_CONFIRMED: "تأكيد طلبك", notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_UPDATED: "تغيير في طلبك",
			notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_REFUNDED: "استرداد", notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_SHIPPED: "في الطريق",
			notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_LINK: "رابط طلبك", notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_CANCELLED: "إلغاء طلبك",
		}},
	} {
		for _, act := range []func(*orderv1.Order) int{s.corrects, s.cancels} {
			b := &browser{shop: s}
			b.put("BLUE", "1")
			prefix := "/" + row.language
			leads := b.sends(prefix+"/checkout/place", ada(b.formOf(b.open(prefix+"/checkout", row.country), prefix+"/checkout/place")))
			if !strings.HasPrefix(leads, prefix+"/orders/") {
				t.Fatalf("it leads to %s", leads)
			}
			placed := s.orders()[0]
			if placed.GetLanguageCode() != row.language {
				t.Errorf("the order is in %s", placed.GetLanguageCode())
			}
			b.open(strings.TrimPrefix(leads, prefix)) // looking at it in English changes nothing
			s.mailsOf(placed.GetId(), 1)
			for kind, mail := range s.mailsOf(placed.GetId(), act(s.order(placed.GetId()))) {
				if !strings.Contains(mail.GetSubject(), row.subjects[kind]) || !strings.Contains(mail.GetText(), row.greeting) || !strings.Contains(mail.GetHtml(), `<html lang="`+row.language+`"`) {
					t.Errorf("%s: the mail %s is %q:\n%s", row.language, kind, mail.GetSubject(), mail.GetText())
				}
			}
			other := &browser{shop: s}
			if to := other.goes(strings.TrimPrefix(s.linkOf(placed.GetId()), publicURL)); to != leads {
				t.Errorf("the link leads to %s, want %s", to, leads)
			}
			other.open(leads, "Lovelace")
		}
	}
}

// corrects has staff correct an order, refund a part of it and ship it, and its link mailed; it
// returns how many mails the order has then.
func (s *shop) corrects(order *orderv1.Order) int {
	s.t.Helper()
	_, corrected := s.orderClient.UpdateOrder(s.t.Context(), &orderv1.UpdateOrderRequest{
		RequestId: uuid.NewString(), Order: &orderv1.Order{Id: order.GetId(), Contact: &orderv1.Contact{FirstName: "Augusta"}},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"contact.first_name"}},
	})
	_, refunded := s.payments.RefundPayment(s.t.Context(), &paymentv1.RefundPaymentRequest{
		RequestId: uuid.NewString(), PaymentId: order.GetPaymentId(), Amount: &money.Money{CurrencyCode: "EUR", Units: 1}, Reason: "scratched",
	})
	_, shipped := s.orderClient.ShipOrder(s.t.Context(), &orderv1.ShipOrderRequest{Id: order.GetId(), Carrier: "Post", TrackingCode: "RX 12"})
	_, linked := s.orderClient.SendOrderLink(s.t.Context(), &orderv1.SendOrderLinkRequest{Number: order.GetNumber(), Email: "ada@example.com"})
	if err := errors.Join(corrected, refunded, shipped, linked); err != nil {
		s.t.Fatal(err)
	}
	return 5
}

// cancels has staff cancel an order, which is refunded; it returns how many mails the order has
// then.
func (s *shop) cancels(order *orderv1.Order) int {
	s.t.Helper()
	if _, err := s.orderClient.CancelOrder(s.t.Context(), &orderv1.CancelOrderRequest{RequestId: uuid.NewString(), Id: order.GetId()}); err != nil {
		s.t.Fatal(err)
	}
	return 2
}

// Amounts have the digits of their currency, wherever they stand, and prices can be typed with
// them (nextjs-starter-medusa#149, medusajs/admin#630).
func TestAmountsHaveTheDigitsOfTheirCurrency(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		currency      string
		price         *money.Money
		shown, german string
		machine       string
		typed         string
	}{
		{"KWD", &money.Money{CurrencyCode: "KWD", Units: 3, Nanos: 250_000_000}, "3.250", "3,250", `"price":"3.250"`, "3,25"},
		{"JPY", &money.Money{CurrencyCode: "JPY", Units: 1200}, "¥1,200<", "1.200\u00a0¥", `"price":"1200"`, "1.200"},
		{"EUR", &money.Money{CurrencyCode: "EUR", Units: 19, Nanos: 500_000_000}, "€19.50", "19,50\u00a0€", `"price":"19.50"`, "19,50"},
	} {
		t.Run(row.currency, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			if _, err := s.settings.UpdateSettings(t.Context(), &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
				Context: "shop", Value: &configv1.Settings_Shop{Shop: &shopv1.Settings{Currency: &row.currency}},
			}}); err != nil {
				t.Fatal(err)
			}
			s.product("MUG", "Blue mug", s.category("Mugs", ""), 0, func(p *catalogv1.Product) { p.Price = row.price })
			s.deliver("MUG", 5)
			s.shows("/p/MUG/blue-mug", http.StatusOK, row.shown, row.machine)
			testkit.Eventually(t, "the currency is set", func() bool {
				return strings.Contains(s.get("/de/search?min="+row.typed+"&max="+row.typed).body, row.german)
			})
			b := &browser{shop: s}
			b.put("MUG", "2")
			b.open("/de/checkout", "Blue mug")
			s.shows("/search?min=19.5055", http.StatusOK, "is no amount")
		})
	}
}
