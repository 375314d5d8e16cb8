package identity_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

const (
	password  = "tall bread under rivers"
	mailTopic = "shopmesh.identity.mail.v1"
)

func (o harness) accounts(t *testing.T) identityv1connect.AccountServiceClient {
	return identityv1connect.NewAccountServiceClient(testkit.Client(t, o.url))
}

// bearing returns a client that shows a token.
func (o harness) bearing(t *testing.T, text string) *connect.Client {
	show := func(next connect.ClientFunc) connect.ClientFunc {
		return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
			ctx, info := connect.NewClientContext(ctx)
			info.RequestHeader().Set(token.Authorization, "Bearer "+text)
			return next(ctx, spec)
		}
	}
	return connect.NewClient(connecthttp.NewTransport(http.DefaultClient, o.url), show, testkit.DocumentedReasons(t))
}

// mailed returns the token that signs an address up, as notification gets it.
func (o harness) mailed(t *testing.T, events *testkit.Events, address string) string {
	t.Helper()
	link := o.mailedLink(t, events, identityv1.MailKind_MAIL_KIND_VERIFY_EMAIL, address)
	_, mailed, found := strings.Cut(link, "#")
	if !found {
		t.Fatalf("the link is %q", link)
	}
	return mailed
}

// mailedLink returns the link of a kind of mail to an address, once it was requested. Its
// event can come again, and after later ones: identity republishes mails at its start.
func (o harness) mailedLink(t *testing.T, events *testkit.Events, kind identityv1.MailKind, address string) string {
	t.Helper()
	received := events.Wait(1, func(e consumer.Event) bool {
		m := &identityv1.MailLinkRequested{}
		return strings.HasSuffix(e.Type, ".MailLinkRequested") && consumer.Decode(e, m) == nil && m.GetKind() == kind && m.GetEmail() == address
	})
	tokens := identityv1connect.NewTokenServiceClient(o.service(t, "notification"))
	res, err := tokens.MintMailLink(t.Context(), &identityv1.MintMailLinkRequest{LinkId: received[0].Key.String()})
	if err != nil {
		t.Fatal(err)
	}
	return res.GetLink()
}

// service returns a client of another context.
func (o harness) service(t *testing.T, name string) *connect.Client {
	t.Helper()
	text, err := token.NewServiceSigner(name, testkit.ServiceKey(name), time.Now).For("identity")
	if err != nil {
		t.Fatal(err)
	}
	return o.bearing(t, text)
}

func (o harness) signUp(t *testing.T, address string) *identityv1.Session {
	t.Helper()
	events := testkit.NewEvents(t, o.broker, mailTopic)
	if _, err := o.accounts(t).SignUp(t.Context(), &identityv1.SignUpRequest{Email: address}); err != nil {
		t.Fatal(err)
	}
	res, err := o.accounts(t).VerifyEmail(t.Context(), &identityv1.VerifyEmailRequest{
		Token: o.mailed(t, events, address), Password: password, FirstName: "Ada", LastName: "Lovelace",
	})
	if err != nil {
		t.Fatal(err)
	}
	return res.GetSession()
}

// From the sign-up to the account, whose access token every service takes.
func TestAShopperGetsAnAccount(t *testing.T) {
	t.Parallel()
	o := newHarness(t)
	session := o.signUp(t, "Ada@example.com")
	self, err := identityv1connect.NewAccountServiceClient(o.bearing(t, session.GetAccessToken())).GetSelf(t.Context(), &identityv1.GetSelfRequest{})
	if err != nil {
		t.Fatal(err)
	}
	account := self.GetAccount()
	if account.GetEmail() != "Ada@example.com" || account.GetKind() != identityv1.AccountKind_ACCOUNT_KIND_CUSTOMER ||
		account.GetCustomerId() == "" || account.GetCustomerId() != o.customers.of[account.GetId()] {
		t.Errorf("the account is %v", account)
	}
	_, err = o.accounts(t).GetSelf(t.Context(), &identityv1.GetSelfRequest{})
	testkit.Refused(t, err, connect.CodeUnauthenticated, "UNAUTHENTICATED")
	_, err = o.accounts(t).SignIn(t.Context(), &identityv1.SignInRequest{
		Kind: identityv1.AccountKind_ACCOUNT_KIND_CUSTOMER, Email: "ada@example.com", Password: "a wrong password",
	})
	testkit.Refused(t, err, connect.CodeUnauthenticated, "CREDENTIALS_INVALID")
	_, err = o.accounts(t).SignUp(t.Context(), &identityv1.SignUpRequest{Email: "no address"})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "email")
}

// What opens an account goes to who mails it, and to nobody else, not even another service.
func TestLinksAreForNotificationAlone(t *testing.T) {
	t.Parallel()
	o := newHarness(t)
	session := o.signUp(t, "ada@example.com")
	for name, client := range map[string]*connect.Client{
		"anonymous": testkit.Client(t, o.url), "a customer": o.bearing(t, session.GetAccessToken()),
		"another service": o.service(t, "order"),
	} {
		_, err := identityv1connect.NewTokenServiceClient(client).MintMailLink(t.Context(),
			&identityv1.MintMailLinkRequest{LinkId: "0190c0de-0000-7000-8000-000000000000"})
		if refusal := testkit.RefusalOf(t, err); refusal.Reason != "UNAUTHENTICATED" && refusal.Reason != "PERMISSION_DENIED" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A browser's page never sees the refresh token: it is in a cookie that no script reads,
// and RefreshSession and SignOut alone take it. The same over REST.
func TestABrowserKeepsItsRefreshTokenInACookie(t *testing.T) {
	t.Parallel()
	o := newHarness(t)
	o.signUp(t, "ada@example.com")
	status, body, cookie := o.post(t, "/v1/sessions:signIn", `{"kind": "ACCOUNT_KIND_CUSTOMER", "email": "ada@example.com", "password": "`+password+`", "useCookie": true}`, nil, nil)
	if status != http.StatusOK || cookie == nil {
		t.Fatalf("%d %s", status, body)
	}
	if cookie.Name != "__Host-sm_rt" || !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" || cookie.Domain != "" {
		t.Errorf("the cookie is %v", cookie)
	}
	var signedIn struct {
		Session struct{ AccessToken, RefreshToken string }
	}
	if err := json.Unmarshal(body, &signedIn); err != nil || signedIn.Session.RefreshToken != "" || signedIn.Session.AccessToken == "" {
		t.Errorf("the body holds %s", body)
	}
	status, body, next := o.post(t, "/v1/sessions:refresh", `{}`, cookie, nil)
	if status != http.StatusOK || next == nil || next.Value == cookie.Value || strings.Contains(string(body), next.Value) {
		t.Fatalf("%d %s, %v", status, body, next)
	}
	// Another site's page is not let in, though the browser might send the cookie.
	if status, body, _ = o.post(t, "/v1/sessions:refresh", `{}`, next, http.Header{"Sec-Fetch-Site": {"cross-site"}}); status != http.StatusForbidden {
		t.Errorf("another site's page: %d %s", status, body)
	}
	// No cookie is an identity.
	if status, body, _ = o.post(t, "/shopmesh.identity.v1.AccountService/GetSelf", `{}`, next, nil); status != http.StatusUnauthorized {
		t.Errorf("the cookie alone: %d %s", status, body)
	}
	status, _, gone := o.post(t, "/shopmesh.identity.v1.AccountService/SignOut", `{}`, next, nil)
	if status != http.StatusOK || gone == nil || gone.MaxAge >= 0 || gone.Value != "" {
		t.Errorf("signing out: %d, %v", status, gone)
	}
	if status, body, _ = o.post(t, "/v1/sessions:refresh", `{}`, next, nil); status != http.StatusUnauthorized {
		t.Errorf("after signing out: %d %s", status, body)
	}
}

// post sends JSON and returns the status, the body and the refresh token's cookie. Host among
// the headers is the one that the request is for.
func (o harness) post(t *testing.T, path, body string, cookie *http.Cookie, header http.Header) (int, []byte, *http.Cookie) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Host = header.Get("Host") // empty for the URL's
	req.Header.Set("Content-Type", "application/json")
	if cookie != nil {
		req.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value})
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range res.Cookies() {
		return res.StatusCode, text, set
	}
	return res.StatusCode, text, nil
}
