package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

const (
	mailTopic = "shopmesh.identity.mail.v1"
	// password is one that nobody guesses first.
	password = "green otters sail at dusk"
)

// mailed returns the link of a kind that is mailed to an address, as identity gives it.
func (s *shop) mailed(kind identityv1.MailKind, address string) string {
	s.t.Helper()
	res, err := s.links.MintMailLink(s.t.Context(), &identityv1.MintMailLinkRequest{LinkId: s.mailOf(kind, address).GetLinkId()})
	if err != nil {
		s.t.Fatal(err)
	}
	return res.GetLink()
}

// mailOf waits for the event by which a mail of a kind to an address is requested.
func (s *shop) mailOf(kind identityv1.MailKind, address string) *identityv1.MailLinkRequested {
	s.t.Helper()
	received := testkit.NewEvents(s.t, s.broker, mailTopic).Wait(1, func(e consumer.Event) bool {
		m := &identityv1.MailLinkRequested{}
		return strings.HasSuffix(e.Type, ".MailLinkRequested") && consumer.Decode(e, m) == nil && m.GetKind() == kind && m.GetEmail() == address
	})
	found := &identityv1.MailLinkRequested{}
	if err := consumer.Decode(received[0], found); err != nil {
		s.t.Fatal(err)
	}
	return found
}

// submits fills in the only form of a page that is one form, and returns where its answer leads.
func (b *browser) submits(path string, namesAndValues ...string) string {
	b.t.Helper()
	action, _, _ := strings.Cut(path, "?")
	return b.sends(action+"/send", fill(b.formOf(b.open(path), action+"/send"), namesAndValues...))
}

// signsUp makes an account for an address, and is signed in to it then.
func (b *browser) signsUp(address string) {
	b.t.Helper()
	if to := b.submits("/account/sign-up", "email", address); to != "/account/sign-up?sent=1" {
		b.t.Fatalf("signing up leads to %s", to)
	}
	link := b.mailed(identityv1.MailKind_MAIL_KIND_VERIFY_EMAIL, address)
	if to := b.submits("/account/verify", "token", link, "password", password, "first_name", "Grace", "last_name", "Hopper"); to != "/account?welcome=1" {
		b.t.Fatalf("the link leads to %s", to)
	}
}

// signsIn signs in from a page that may name another to come back to, and returns where it leads.
func (b *browser) signsIn(path, address, with string) string {
	b.t.Helper()
	return b.submits(path, "email", address, "password", with)
}

// A visitor without JavaScript signs up by the link that they are mailed, pasted as it is, and
// out and in again. What is wrong stands at its field, passwords are in no page, and signing in
// changes the browser's secret.
func TestAVisitorSignsUpAndIn(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	b := &browser{shop: s}
	home := b.get("/")
	if !strings.Contains(home.body, `href="/account/sign-in"`) {
		t.Error("no page leads to signing in")
	}
	if to := b.goes("/account"); to != "/account/sign-in?next=%2Faccount" {
		t.Errorf("a guest's account leads to %s", to)
	}
	b.open("/account/sign-up", `type="email"`, `autocomplete="email"`, "required")
	if to := b.submits("/account/sign-up", "email", "grace@"); to != "/account/sign-up" {
		t.Errorf("no address leads to %s", to)
	}
	b.open("/account/sign-up", `id="email-error"`, `value="grace@"`)
	if to := b.submits("/account/sign-up", "email", "grace@example.com"); to != "/account/sign-up?sent=1" {
		t.Fatalf("signing up leads to %s", to)
	}
	b.lacks(b.open("/account/sign-up?sent=1", "on its way"), `value="grace@"`)

	link := s.mailed(identityv1.MailKind_MAIL_KIND_VERIFY_EMAIL, "grace@example.com")
	if !strings.HasPrefix(link, publicURL+"/account/verify#sm_ln_") {
		t.Fatalf("the link is %s", link)
	}
	b.open("/account/verify", "data-link", `autocomplete="one-time-code"`, `autocomplete="new-password"`, `autocomplete="given-name"`)
	if to := b.submits("/account/verify", "token", link, "password", "short", "first_name", "Grace"); to != "/account/verify" {
		t.Errorf("a short password leads to %s", to)
	}
	wrong := b.open("/account/verify", `id="password-error"`, `value="Grace"`, "sm_ln_")
	b.lacks(wrong, `value="short"`)
	if to := b.submits("/account/verify", "password", password); to != "/account?welcome=1" {
		t.Fatalf("the link leads to %s", to)
	}
	b.open("/account?welcome=1", "grace@example.com", "Your account is ready", "Sign out")
	if to := b.submits("/account/verify", "token", link, "password", password, "first_name", "Grace"); to != "/account/verify" {
		t.Errorf("the link used again leads to %s", to)
	}
	b.open("/account/verify", "This link was used before", `id="token-error"`)
	known := &browser{shop: s}
	if to := known.submits("/account/sign-up", "email", "grace@example.com"); to != "/account/sign-up?sent=1" {
		t.Errorf("an address with an account leads to %s", to)
	}

	signedIn := b.cookie
	if to := b.sends("/account/sign-out", nil); to != "/account/sign-in?out=1" {
		t.Errorf("signing out leads to %s", to)
	}
	for _, cookie := range []string{signedIn, b.cookie} {
		if to := (&browser{shop: s, cookie: cookie}).goes("/account"); to != "/account/sign-in?next=%2Faccount" {
			t.Errorf("after signing out, %q leads to %s", cookie, to)
		}
	}
	b.open("/account/sign-in?out=1", "You are signed out")
	if to := b.signsIn("/account/sign-in?next=%2Fcheckout", "grace@example.com", "wrong "+password); to != "/account/sign-in?next=%2Fcheckout" {
		t.Errorf("a wrong password leads to %s", to)
	}
	b.lacks(b.open("/account/sign-in?next=%2Fcheckout", "password or code is wrong", `value="grace@example.com"`, "<details open", `autocomplete="current-password"`), password)
	before := b.cookie
	if to := b.signsIn("/account/sign-in?next=%2Fcart", "grace@example.com", password); to != "/cart" {
		t.Errorf("signing in leads to %s", to)
	}
	if b.cookie == before {
		t.Error("who knew the browser's secret before is signed in, too")
	}
	if to := b.goes("/account/sign-in"); to != "/account" {
		t.Errorf("who signed in is led to %s", to)
	}
	if home := b.get("/de", "Cookie", b.cookie); !strings.Contains(home.body, `href="/de/account"`) {
		t.Error("the start page does not lead to the account")
	}
	b.open("/ar/account", "حسابك")
	(&browser{shop: s}).open("/account/sign-in?next=%2Fcart", `name="next" value="/cart"`)
	for _, next := range []string{"//evil.example", "https://evil.example", "/\\evil.example", "/account/sign-out", "/nowhere"} {
		out := &browser{shop: s}
		out.lacks(out.open("/account/sign-in?next="+url.QueryEscape(next)), `name="next"`)
	}
}

// What a guest put into the cart is in the customer's after signing in, once, and what the
// customer had put in before stays. Orders are the customer's then, in every browser.
func TestTheCartComesAlong(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	b := &browser{shop: s}
	b.put("BLUE", "2")
	b.signsUp("grace@example.com")
	b.holds("2")
	other := &browser{shop: s}
	other.put("BLUE", "1")
	if to := other.signsIn("/account/sign-in?next=%2Fcart", "grace@example.com", password); to != "/cart" {
		t.Fatalf("signing in leads to %s", to)
	}
	other.holds("3")
	other.holds("3")
	b.holds("3")
	form := b.formOfMug()
	for _, want := range []string{added, addedBefore} {
		if to := b.sends("/cart/add", form); to != want {
			t.Errorf("the form leads to %s, want %s", to, want)
		}
	}
	b.holds("4")

	leads := other.sends("/checkout/place", ada(other.formOf(other.open("/checkout"), "/checkout/place")))
	if !orderPage.MatchString(leads) {
		t.Fatalf("the order leads to %s", leads)
	}
	for _, customers := range []*browser{b, other} {
		testkit.Eventually(t, "the order is paid", func() bool { return strings.Contains(customers.open(leads).body, "your order is paid") })
		if to := customers.goes("/checkout"); to != leads {
			t.Errorf("the checkout of an ordered cart leads to %s", to)
		}
	}
	if order := s.order(s.orders()[0].GetId()); order.GetCustomerId() == "" {
		t.Error("the order is no customer's")
	}
	s.shows(leads, http.StatusNotFound, "does not open that order")
	other.sends("/account/sign-out", nil)
	if p := other.get(leads, "Cookie", other.cookie); p.status != http.StatusNotFound {
		t.Errorf("after signing out, the order's page is %d", p.status)
	}
	other.open("/cart", "Your cart is empty")
}

// A password that was forgotten is set by the mailed link. That ends all sessions within
// seconds, in other browsers, too, and one answer stands for all addresses.
func TestAForgottenPasswordIsSet(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := &browser{shop: s}
	b.signsUp("grace@example.com")
	out := &browser{shop: s}
	for _, address := range []string{"grace@example.com", "nobody@example.com"} {
		if to := out.submits("/account/forgot", "email", address); to != "/account/forgot?sent=1" {
			t.Errorf("%s leads to %s", address, to)
		}
	}
	out.open("/account/forgot?sent=1", "If this address has an account")
	link := s.mailed(identityv1.MailKind_MAIL_KIND_RESET_PASSWORD, "grace@example.com")
	if !strings.HasPrefix(link, publicURL+"/account/reset#sm_ln_") {
		t.Fatalf("the link is %s", link)
	}
	const next = "seven purple kettles whistle"
	if to := out.submits("/account/reset", "token", link, "password", "grace@example.com"); to != "/account/reset" {
		t.Errorf("the address as a password leads to %s", to)
	}
	out.open("/account/reset", `id="password-error"`)
	if to := out.submits("/account/reset", "password", next); to != "/account/sign-in?reset=1" {
		t.Fatalf("the link leads to %s", to)
	}
	testkit.Eventually(t, "the session before is over", func() bool { return b.get("/account", "Cookie", b.cookie).status == http.StatusSeeOther })
	if to := b.goes("/account"); to != "/account/sign-in?next=%2Faccount" {
		t.Errorf("the session before leads to %s", to)
	}
	if to := out.signsIn("/account/sign-in?reset=1", "grace@example.com", password); to != "/account/sign-in" {
		t.Errorf("the password before leads to %s", to)
	}
	if to := out.signsIn("/account/sign-in", "grace@example.com", next); to != "/account" {
		t.Errorf("the new password leads to %s", to)
	}
}

// A password of as many characters as the page says is long enough, and one of fewer is not.
func TestThePasswordsHintIsTrue(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := &browser{shop: s}
	if to := b.submits("/account/sign-up", "email", "grace@example.com"); to != "/account/sign-up?sent=1" {
		t.Fatalf("signing up leads to %s", to)
	}
	link := s.mailed(identityv1.MailKind_MAIL_KIND_VERIFY_EMAIL, "grace@example.com")
	hint := regexp.MustCompile(`(\d+) characters or more`).FindStringSubmatch(b.open("/account/verify").body)
	if hint == nil {
		t.Fatal("the page does not say how long a password is")
	}
	least, err := strconv.Atoi(hint[1])
	if err != nil {
		t.Fatal(err)
	}
	long := "Zq7 otter-xylo-brim kettle-vast-plum"[:least]
	if to := b.submits("/account/verify", "token", link, "password", long[:least-1], "first_name", "Grace", "last_name", "Hopper"); to != "/account/verify" {
		t.Errorf("one character less leads to %s", to)
	}
	if to := b.submits("/account/verify", "password", long); to != "/account?welcome=1" {
		t.Errorf("a password that is long enough leads to %s", to)
	}
}

// Mails about an account are written in the language of the page that requests them, and notices
// in that of the page on which the account was made.
func TestMailsAboutAnAccountAreInThePagesLanguage(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := &browser{shop: s}
	if to := b.submits("/de/account/sign-up", "email", "grace@example.com"); to != "/de/account/sign-up?sent=1" {
		t.Fatalf("signing up leads to %s", to)
	}
	link := s.mailed(identityv1.MailKind_MAIL_KIND_VERIFY_EMAIL, "grace@example.com")
	if to := b.submits("/de/account/verify", "token", link, "password", password, "first_name", "Grace"); to != "/de/account?welcome=1" {
		t.Fatalf("the link leads to %s", to)
	}
	if to := b.submits("/account/email", "email", "hopper@example.com", "password", password); to != "/account/email?sent=1" {
		t.Fatalf("another address leads to %s", to)
	}
	if to := (&browser{shop: s}).submits("/ar/account/forgot", "email", "grace@example.com"); to != "/ar/account/forgot?sent=1" {
		t.Fatalf("a forgotten password leads to %s", to)
	}
	for kind, want := range map[identityv1.MailKind][2]string{
		identityv1.MailKind_MAIL_KIND_VERIFY_EMAIL: {"grace@example.com", "de"}, identityv1.MailKind_MAIL_KIND_CONFIRM_EMAIL: {"hopper@example.com", "en"},
		identityv1.MailKind_MAIL_KIND_RESET_PASSWORD: {"grace@example.com", "ar"},
	} {
		if got := s.mailOf(kind, want[0]).GetLanguageCode(); got != want[1] {
			t.Errorf("%s is in %q, want %q", kind, got, want[1])
		}
	}
	if to := b.submits("/account/password", "password", password, "new_password", "seven purple kettles whistle"); to != "/account/password?changed=1" {
		t.Fatalf("another password leads to %s", to)
	}
	noticed := testkit.NewEvents(t, s.broker, mailTopic).Wait(1, func(e consumer.Event) bool { return strings.HasSuffix(e.Type, ".AccountNoticed") })
	notice := &identityv1.AccountNoticed{}
	if err := consumer.Decode(noticed[0], notice); err != nil || notice.GetLanguageCode() != "de" {
		t.Errorf("the notice is in %q, %v", notice.GetLanguageCode(), err)
	}
}
