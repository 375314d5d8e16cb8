package web_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// A customer changes their name, e-mail address and password. Another password ends all other
// sessions and not this one; another address signs in once its link was followed.
func TestACustomerChangesTheirAccount(t *testing.T) {
	t.Parallel()
	s := open(t)
	b, other := &browser{shop: s}, &browser{shop: s}
	b.signsUp("grace@example.com")
	if to := other.signsIn("/account/sign-in", "grace@example.com", password); to != "/account" {
		t.Fatalf("signing in leads to %s", to)
	}
	if to := b.submits("/account/profile", "first_name", "", "phone", "+1 555"); to != "/account/profile" {
		t.Errorf("no name leads to %s", to)
	}
	b.open("/account/profile", `id="first-name-error"`, `value="+1 555"`)
	if to := b.submits("/account/profile", "first_name", "Amazing"); to != "/account/profile?changed=1" {
		t.Errorf("the name leads to %s", to)
	}
	b.open("/account/profile?changed=1", "It is changed", `value="Amazing"`, `value="Hopper"`, `value="+1 555"`)

	const next = "seven purple kettles whistle"
	if to := b.submits("/account/password", "password", "wrong "+password, "new_password", next); to != "/account/password" {
		t.Errorf("a wrong password leads to %s", to)
	}
	b.open("/account/password", "password or code is wrong")
	if to := b.submits("/account/password", "password", password, "new_password", "short"); to != "/account/password" {
		t.Errorf("a short password leads to %s", to)
	}
	b.lacks(b.open("/account/password", `id="new-password-error"`), password, `value="short"`)
	if to := b.submits("/account/password", "password", password, "new_password", next); to != "/account/password?changed=1" {
		t.Fatalf("the password leads to %s", to)
	}
	testkit.Eventually(t, "the other session is over", func() bool { return other.get("/account", "Cookie", other.cookie).status == http.StatusSeeOther })
	b.open("/account", "grace@example.com")

	if to := b.submits("/account/email", "email", "hopper@example.com", "password", next); to != "/account/email?sent=1" {
		t.Fatalf("the address leads to %s", to)
	}
	link := s.mailed(identityv1.MailKind_MAIL_KIND_CONFIRM_EMAIL, "hopper@example.com")
	if to := other.submits("/account/confirm-email", "token", link); to != "/account/sign-in?confirmed=1" {
		t.Fatalf("the link leads to %s", to)
	}
	if to := other.signsIn("/account/sign-in?confirmed=1", "hopper@example.com", next); to != "/account" {
		t.Errorf("the new address leads to %s", to)
	}
	other.open("/account", "hopper@example.com")
}

// A form that is sent after its session ended leads to signing in and back, and has what was
// typed, for the same customer alone. A form that was shown to another changes nobody's account.
func TestAFormOutlivesItsSession(t *testing.T) {
	t.Parallel()
	s := open(t)
	b, other := &browser{shop: s}, &browser{shop: s}
	other.signsUp("eve@example.com")
	b.signsUp("grace@example.com")
	const profile, address, back = "/account/profile", "/account/addresses/new", "/account/sign-in?next=%2Faccount%2Fprofile"
	named := fill(b.formOf(b.open(profile, `data-draft="/account/profile:`), profile+"/send"), "first_name", "Amazing", "phone", "+1 555")
	homed := fill(b.formOf(b.open(address, `data-draft="/account/addresses/new:`), address+"/send"), append([]string{"label", "home"}, adasAddress...)...)
	if to := b.submits("/account/profile", "first_name", "", "phone", "+1 666"); to != profile {
		t.Fatalf("no name leads to %s", to)
	}

	ends := &browser{shop: s}
	if to := ends.signsIn("/account/sign-in", "grace@example.com", password); to != "/account" {
		t.Fatalf("signing in leads to %s", to)
	}
	if to := ends.sends("/account/sessions/"+between(t, ends.open("/account/sessions").body, `action="/account/sessions/`, `/end"`)+"/end", nil); to != "/account/sessions?ended=1" {
		t.Fatalf("ending the session leads to %s", to)
	}
	testkit.Eventually(t, "the session is over", func() bool { return b.get("/account", "Cookie", b.cookie).status == http.StatusSeeOther })
	for range 2 {
		if to := b.sends(profile+"/send", named); to != back {
			t.Fatalf("the form leads to %s", to)
		}
	}
	if to := b.sends(address+"/send", homed); to != "/account/sign-in?next=%2Faccount%2Faddresses%2Fnew" {
		t.Fatalf("the address leads to %s", to)
	}
	b.lacks(b.open(back), "Amazing", "+1 555")
	if to := b.signsIn(back, "grace@example.com", password); to != profile {
		t.Fatalf("signing in leads to %s", to)
	}
	b.lacks(b.open(profile, "You had to sign in again", `value="Amazing"`, `value="Hopper"`, `value="+1 555"`), "+1 666")
	b.open(address, "You had to sign in again", `value="home"`, `value="London"`, `value="12 St James’s Square"`)
	if to := b.submits(profile); to != profile+"?changed=1" {
		t.Errorf("the form sent again leads to %s", to)
	}
	b.lacks(b.open(profile, `value="Amazing"`), "sign in again")

	if to := other.sends(profile+"/send", named); to != back {
		t.Errorf("another's form leads to %s", to)
	}
	if to := other.goes(back); to != profile {
		t.Errorf("who signed in is led to %s", to)
	}
	other.lacks(other.open(profile, `value="Grace"`), "Amazing", "+1 555")
	guest := &browser{shop: s}
	if to := guest.sends(profile+"/send", named); to != back {
		t.Errorf("a guest's form leads to %s", to)
	}
	if to := guest.signsIn(back, "eve@example.com", password); to != profile {
		t.Fatalf("signing in leads to %s", to)
	}
	guest.lacks(guest.open(profile, `value="Grace"`), "Amazing", "+1 555")
}

// The checkout that is sent after its session ended leads to signing in and back, and orders with
// one more click.
func TestACheckoutOutlivesItsSession(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	b := &browser{shop: s}
	b.signsUp("grace@example.com")
	b.put("BLUE", "1")
	sent := fill(ada(b.formOf(b.open("/checkout"), "/checkout/place")), "contact.first_name", "Amazing", "contact.email", "grace@example.com", "keep_address", "1")
	if to := b.sends("/account/sign-out", nil); to != "/account/sign-in?out=1" {
		t.Fatalf("signing out leads to %s", to)
	}
	const back = "/account/sign-in?next=%2Fcheckout"
	if to := b.sends("/checkout/place", sent); to != back {
		t.Fatalf("the form leads to %s", to)
	}
	if to := b.signsIn(back, "grace@example.com", password); to != "/checkout" {
		t.Fatalf("signing in leads to %s", to)
	}
	again := b.open("/checkout", "You had to sign in again", `value="Amazing"`, `value="London"`)
	b.lacks(again, "Something changed")
	if to := b.sends("/checkout/place", b.formOf(again, "/checkout/place")); !orderPage.MatchString(to) {
		t.Errorf("one more click leads to %s", to)
	}
	b.open("/account/addresses", "12 St James’s Square")
}

// The sessions of an account are named by their browsers, and one ends another within seconds.
func TestASessionEndsAnother(t *testing.T) {
	t.Parallel()
	s := open(t)
	b, other := &browser{shop: s}, &browser{shop: s}
	b.signsUp("grace@example.com")
	b.lacks(b.open("/account/sessions", "This browser", "Go-http-client"), "/end")
	if to := other.signsIn("/account/sign-in", "grace@example.com", password); to != "/account" {
		t.Fatalf("signing in leads to %s", to)
	}
	list := b.open("/account/sessions")
	end := "/account/sessions/" + between(t, list.body, `action="/account/sessions/`, `"`)
	for range 2 {
		if to := b.sends(end, nil); to != "/account/sessions?ended=1" {
			t.Fatalf("ending a session leads to %s", to)
		}
	}
	testkit.Eventually(t, "the other session is over", func() bool { return other.get("/account", "Cookie", other.cookie).status == http.StatusSeeOther })
	b.lacks(b.open("/account/sessions?ended=1", "The session is ended", "This browser", "Go-http-client"), "/end")
}

// A customer gets the file of all that is kept about them, and has it erased once they proved
// again who they are. What is paid and not sent yet is named first.
func TestACustomerIsErased(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	b := &browser{shop: s}
	b.signsUp("grace@example.com")
	_, order := b.places()
	b.open("/account", `action="/account/export"`, "data-native")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/account/export", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Cookie", b.cookie)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	var file struct{ Customer, Account, Orders any }
	if err != nil || json.Unmarshal(content, &file) != nil || file.Customer == nil || file.Account == nil || file.Orders == nil || !strings.Contains(string(content), order.GetNumber()) {
		t.Errorf("the file is %v, %s", err, content)
	}
	if res.Header.Get("Content-Disposition") != `attachment; filename="account.json"` || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("its headers are %v", res.Header)
	}

	b.open("/account/erase", "be undone", `autocomplete="current-password"`)
	if to := b.submits("/account/erase", "password", "wrong "+password); to != "/account/erase" {
		t.Errorf("a wrong password leads to %s", to)
	}
	b.open("/account/erase", "password or code is wrong")
	if to := b.submits("/account/erase", "password", password); to != "/account/erase" {
		t.Errorf("with an open order it leads to %s", to)
	}
	b.open("/account/erase", "paid and not sent yet")
	if _, err := s.orderClient.ShipOrder(t.Context(), &orderv1.ShipOrderRequest{Id: order.GetId()}); err != nil {
		t.Fatal(err)
	}
	if to := b.submits("/account/erase", "password", password); to != "/account/sign-in?erased=1" {
		t.Fatalf("erasing leads to %s", to)
	}
	b.open("/account/sign-in?erased=1", "Your account was erased")
	testkit.Eventually(t, "the account is gone", func() bool {
		return (&browser{shop: s}).signsIn("/account/sign-in", "grace@example.com", password) == "/account/sign-in"
	})
	testkit.Eventually(t, "the order tells nobody", func() bool { return s.order(order.GetId()).GetContact().GetEmail() != "ada@example.com" })
}
