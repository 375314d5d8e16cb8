//go:build chromium

package web_test

import (
	"encoding/json"
	"flag"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/shopmesh/shopmesh/e2e/internal/inprocess"
	"github.com/shopmesh/shopmesh/e2e/internal/installed"
	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	edgev1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/edge/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	storefrontv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/storefront/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/payment/stripefake"
)

var (
	project  = flag.String("chromium.project", "shop,office", "which folders of browser/ run, parted by commas: shop, office, budgets or screenshots")
	only     = flag.String("chromium.only", "", "runs the checks whose names match this `pattern`")
	products = flag.Int("chromium.products", 30, "how many products the shop has beside those that the checks name")
	orders   = flag.Int("chromium.orders", 60, "how many orders the shop has beside those that the checks place; by default more than a list shows at once")
)

// served is what the checks in browser/ know of the shops that they open (browser/served.ts).
type served struct {
	// URL is the shop's address. Calls to Owner are made by the owner.
	URL   string `json:"url"`
	Owner string `json:"owner"`
	// Accounts makes an account with each request, and answers with the address that signs in, by
	// Password.
	Accounts string `json:"accounts"`
	Password string `json:"password"`
	// Invited answers with the link that was mailed to the address of a request.
	Invited string `json:"invited"`
	// Events signs what the payment provider reports.
	Events string `json:"events"`
	// Limited is a shop that answers this address no more calls, Broken one whose catalog fails,
	// and Away one whose catalog can't be reached and whose program holds no office.
	Limited string `json:"limited"`
	Broken  string `json:"broken"`
	Away    string `json:"away"`
	// Halted is a shop that sells nothing, because its inventory fails. Placed and Expired are
	// orders in it, one that waits for it and one that waited too long, and Empty is the path of a
	// category. Founder is the link of its first owner, whom nobody is yet.
	Halted  string     `json:"halted"`
	Founder string     `json:"founder"`
	Placed  guestOrder `json:"placed"`
	Expired guestOrder `json:"expired"`
	Empty   string     `json:"empty"`
	// Category is the path of the category that has all products.
	Category string `json:"category"`
	// People are who works for the shop.
	People people `json:"people"`
	// Parts is a shop whose pages lack parts.
	Parts string `json:"parts"`
}

// What a shop and its office look and work like in a browser is checked by browser/*/*.spec.ts, each of
// which says what it holds. They share a shop, and make the products that they change.
func TestPagesInChromium(t *testing.T) {
	program, err := installed.Chromium()
	if err != nil {
		t.Fatal(err)
	}
	s, ownerLink := openOnLoopback(t)
	shown := served{
		URL: s.url, Owner: asOwner(t, s.url), Accounts: accounts(s), Password: password, Invited: invited(s), Events: webhookSecret, Category: stock(s, *products),
		Limited: limited(t), Broken: broken(t), Away: away(t), People: hire(s, ownerLink),
	}
	shown.halt(t)
	shown.Parts = partly(t)
	s.sold(*orders)
	told, err := json.Marshal(shown)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"test"}
	for name := range strings.SplitSeq(*project, ",") {
		args = append(args, "--project="+name)
	}
	if *only != "" {
		args = append(args, "--grep="+*only)
	}
	run := exec.CommandContext(t.Context(), "node_modules/.bin/playwright", args...) //nolint:gosec // our own arguments
	run.Dir, run.Stdout, run.Stderr = "browser", os.Stdout, os.Stderr
	run.Env = append(os.Environ(), "SHOP="+string(told), "CHROMIUM="+program)
	if err := run.Run(); err != nil {
		t.Fatalf("playwright %q: %v", args, err)
	}
}

// webhookSecret signs what Stripe reports.
const webhookSecret = "whsec_0123456789"

// openOnLoopback opens a shop that is reached without TLS, sends mails, takes payments on Stripe's page, keeps
// orders that are paid by sandbox_slow waiting for minutes, and has days of its own. It returns the
// link of the first owner, too.
func openOnLoopback(t *testing.T) (s *shop, ownerLink string) {
	t.Helper()
	const key = "sk_test_0123456789"
	fake := stripefake.New(stripefake.Config{Key: key})
	stripe := httptest.NewServer(fake)
	t.Cleanup(stripe.Close)
	t.Cleanup(fake.Close)
	links := make(ownerLinks, 1)
	s = openWith(t, func(c *inprocess.Config) {
		c.Identity.PublicURL = "http://127.0.0.1"
		c.Identity.KeepOwnerLink = links.keep
		c.SMTPURL = mailServer(t)
		c.Payment.StripeURL = stripe.URL
		c.Payment.Context.Secrets = func(name string) (string, error) {
			return map[string]string{"CARDS": key, "EVENTS": webhookSecret}[name], nil
		}
	})
	fake.SetEndpoint(s.url+"/webhooks/stripe", webhookSecret)
	s.set(&configv1.Settings{Context: "edge", Value: &configv1.Settings_Edge{Edge: &edgev1.Settings{
		ReadsRate: new("off"), OrdersRate: new("off"), SignInRate: new("off"), MailsRate: new("off"),
	}}})
	s.set(&configv1.Settings{Context: "payment", Value: &configv1.Settings_Payment{Payment: &paymentv1.Settings{
		StripeKeySecret: "CARDS", StripeWebhookSecrets: []string{"EVENTS"}, SandboxSlowDelay: durationpb.New(5 * time.Minute),
	}}})
	s.set(&configv1.Settings{Context: "order", Value: &configv1.Settings_Order{Order: &orderv1.Settings{
		PaymentMethods: []string{"sandbox_ok", "sandbox_declined", "sandbox_slow", "sandbox_unknown_then_ok", "stripe_checkout"},
	}}})
	s.set(&configv1.Settings{Context: "storefront", Value: &configv1.Settings_Storefront{Storefront: &storefrontv1.Settings{
		TimeZone:      new("Pacific/Auckland"),
		Announcements: []*storefrontv1.Announcement{{Language: "en", Text: "We are away in August."}, {Language: "ar", Text: "نحن في إجازة في أغسطس."}},
		Carriers:      []*storefrontv1.Carrier{{Name: "Post", TrackingUrl: "https://post.example/parcels?code={code}"}},
		LegalTexts:    []*storefrontv1.LegalTexts{{Language: "en", Imprint: "# Who we are\nAda Lovelace, https://ada.example/.\n- one\n- two"}},
	}}})
	return s, <-links
}

// ownerLinks hold the link of a shop's first owner. It is there before the shop serves; what follows
// says that there is an owner.
type ownerLinks chan string

func (l ownerLinks) keep(link string) error {
	select {
	case l <- link:
	default:
	}
	return nil
}

// asOwner serves what passes calls on as the owner's, and returns its address.
func asOwner(t *testing.T, shop string) string {
	t.Helper()
	to, err := url.Parse(shop)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		shown, err := testkit.Token(testkit.Owner(), "")
		if err != nil {
			t.Errorf("make a token for the owner: %v", err)
		}
		r.Out.Header.Set(token.Authorization, "Bearer "+shown)
	}})
	t.Cleanup(proxy.Close)
	return proxy.URL
}

func (s *shop) set(settings *configv1.Settings) {
	s.t.Helper()
	if _, err := s.settings.UpdateSettings(s.t.Context(), &configv1.UpdateSettingsRequest{Settings: settings}); err != nil {
		s.t.Fatal(err)
	}
}
