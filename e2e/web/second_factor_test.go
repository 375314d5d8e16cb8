package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/e2e/internal/totp"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// An account with a second factor is signed in to with its code. Without one, the answer is that
// to a wrong password, and the code is asked for on the page.
func TestASecondFactorIsTakenAtSignIn(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := &browser{shop: s}
	b.signsUp("grace@example.com")
	signedIn, err := identityv1connect.NewAccountServiceClient(testkit.Client(t, s.url)).SignIn(t.Context(), &identityv1.SignInRequest{
		Kind: identityv1.AccountKind_ACCOUNT_KIND_CUSTOMER, Email: "grace@example.com", Password: password,
	})
	if err != nil {
		t.Fatal(err)
	}
	grace := authz.Identity{Kind: authz.Customer}.WithToken(signedIn.GetSession().GetAccessToken())
	own := identityv1connect.NewAccountServiceClient(testkit.Client(t, s.url, testkit.As(t, grace)))
	enrolled, err := own.EnrollTotp(t.Context(), &identityv1.EnrollTotpRequest{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	code, next := codeOf(t, enrolled.GetSecret(), now), codeOf(t, enrolled.GetSecret(), now.Add(30*time.Second))
	if _, err := own.ConfirmTotp(t.Context(), &identityv1.ConfirmTotpRequest{Secret: enrolled.GetSecret(), TotpCode: code}); err != nil {
		t.Fatal(err)
	}
	other := &browser{shop: s}
	if to := other.signsIn("/account/sign-in", "grace@example.com", password); to != "/account/sign-in" {
		t.Errorf("without a code it leads to %s", to)
	}
	other.open("/account/sign-in", "<details open", `id="totp-code"`, `autocomplete="one-time-code"`)
	if to := other.submits("/account/sign-in", "email", "grace@example.com", "password", password, "totp_code", next); to != "/account" {
		t.Errorf("with its code it leads to %s", to)
	}
}

// A customer sets a second factor up, step by step: a proof, a code of the secret, the recovery
// codes, each shown as long as it is needed. Signing in takes a code then, until it is taken off
// by one.
func TestACustomerSetsUpASecondFactor(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := &browser{shop: s}
	const path = "/account/second-factor"
	if to := b.goes(path); to != "/account/sign-in?next=%2Faccount%2Fsecond-factor" {
		t.Errorf("a guest's second factor leads to %s", to)
	}
	b.signsUp("grace@example.com")
	b.open("/account", `href="`+path+`"`)
	b.lacks(b.open(path, "Set it up", `autocomplete="current-password"`), "totp_code", "otpauth:")
	if to := b.sends(path+"/confirm", url.Values{"totp_code": {"123456"}}); to != path {
		t.Errorf("a code without a secret leads to %s", to)
	}
	if to := b.submits(path, "password", "wrong "+password); to != path {
		t.Errorf("a wrong password leads to %s", to)
	}
	b.lacks(b.open(path, "password or code is wrong"), "otpauth:")
	if to := b.submits(path, "password", password); to != path {
		t.Fatalf("the proof leads to %s", to)
	}
	shown := b.open(path, `href="otpauth://totp/Shopmesh:grace@example.com?`, `autocomplete="one-time-code"`, `inputmode="numeric"`, "required")
	secret := between(t, shown.body, "secret=", `"`)
	if to := b.sends(path+"/confirm", fill(b.formOf(shown, path+"/confirm"), "totp_code", "000000")); to != path {
		t.Errorf("a wrong code leads to %s", to)
	}
	b.lacks(b.open(path, secret, `id="totp-code-error"`, "not the code that the authenticator shows now"), "000000")
	now := time.Now()
	code := codeOf(t, secret, now)
	if to := b.sends(path+"/confirm", url.Values{"totp_code": {code[:3] + " " + code[3:]}}); to != path {
		t.Fatalf("the code leads to %s", to)
	}
	codes := b.open(path, "Keep your recovery codes", "I have kept them")
	b.lacks(codes, secret, "otpauth:")
	recovery := between(t, codes.body, "<li><code>", "<")
	if strings.Count(codes.body, "<li><code>") != 10 {
		t.Errorf("the recovery codes are shown as\n%s", codes.body)
	}
	if to := b.sends(path+"/kept", nil); to != path+"?on=1" {
		t.Errorf("keeping them leads to %s", to)
	}
	b.lacks(b.open(path+"?on=1", "has a second factor now", "Take the second factor off"), recovery, "Set it up")

	other := &browser{shop: s}
	if to := other.signsIn("/account/sign-in", "grace@example.com", password); to != "/account/sign-in" {
		t.Errorf("the password alone leads to %s", to)
	}
	if to := other.submits("/account/sign-in", "email", "grace@example.com", "password", password, "totp_code", codeOf(t, secret, now.Add(30*time.Second))); to != "/account" {
		t.Errorf("with a code it leads to %s", to)
	}
	remove := func(code string) string {
		return b.sends(path+"/remove", fill(b.formOf(b.open(path), path+"/remove"), "password", password, "totp_code", code))
	}
	if to := remove("000000"); to != path {
		t.Errorf("taking it off with a wrong code leads to %s", to)
	}
	b.open(path, "password or code is wrong")
	if to := remove(recovery); to != path+"?off=1" {
		t.Fatalf("taking it off leads to %s", to)
	}
	b.open(path+"?off=1", "The second factor is off", "Set it up")
	testkit.Eventually(t, "the other session is over", func() bool { return other.get("/account", "Cookie", other.cookie).status == http.StatusSeeOther })
	if to := other.signsIn("/account/sign-in", "grace@example.com", password); to != "/account" {
		t.Errorf("the password alone leads to %s then", to)
	}
}

func codeOf(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	code, err := totp.Code(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}
