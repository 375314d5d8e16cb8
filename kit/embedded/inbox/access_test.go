package inbox

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
)

// byName takes "Bearer reader" for staff that may read mails, "Bearer clerk" for staff that
// may not, and nothing for nobody.
func byName(_ context.Context, header authz.Header) (authz.Identity, error) {
	switch header.Get("Authorization") {
	case "":
		return authz.Identity{}, nil
	case "Bearer reader":
		return authz.Identity{Kind: authz.Staff, Permissions: []optionsv1.Permission{optionsv1.Permission_PERMISSION_NOTIFICATIONS_READ}}, nil
	case "Bearer clerk":
		return authz.Identity{Kind: authz.Staff}, nil
	}
	return authz.Identity{}, fault.New(fault.Unauthenticated, fault.ReasonUnauthenticated, "the token is not good")
}

// opened is an inbox with a mail to ada@example.com, served to those who are let in.
type opened struct {
	t      *testing.T
	url    string
	client *http.Client
	key    string
}

func serveTo(t *testing.T, authenticator authz.Authenticator, start func(http.Handler) *httptest.Server) opened {
	t.Helper()
	i := open(t, t.TempDir())
	if err := send(dial(t, i.Addr()), message("1", "Your order"), "ada@example.com"); err != nil {
		t.Fatal(err)
	}
	access := NewAccess(i)
	server := start(access.Handler(authenticator, nil))
	t.Cleanup(server.Close)
	_, key, _ := strings.Cut(access.Path(), "/inbox#")
	if len(key) < 26 {
		t.Fatalf("the link is %s", access.Path())
	}
	return opened{t: t, url: server.URL, client: server.Client(), key: key}
}

// do makes a request with an Authorization header and a cookie, where they are not empty.
func (o opened) do(method, path, body, authorization string, cookie *http.Cookie) (*http.Response, string) {
	o.t.Helper()
	req, err := http.NewRequestWithContext(o.t.Context(), method, o.url+path, strings.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	if cookie != nil {
		req.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value})
	}
	res, err := o.client.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	return res, string(text)
}

// open sends a key, and returns the cookie.
func (o opened) open(key string) (int, *http.Cookie) {
	o.t.Helper()
	res, _ := o.do(http.MethodPost, "/inbox/open", `{"key": "`+key+`"}`, "", nil)
	for _, cookie := range res.Cookies() {
		return res.StatusCode, cookie
	}
	return res.StatusCode, nil
}

// The key of the link opens the inbox once, by POST, in the browser that sent it. Who shows
// nothing sees no mail, and a GET uses no key up.
func TestTheInboxOpensOnceByItsKey(t *testing.T) {
	t.Parallel()
	o := serveTo(t, authz.AuthenticatorFunc(byName), httptest.NewServer)
	for _, path := range []string{"/inbox", "/inbox?to=ada@example.com", "/inbox/1", "/inbox/open?key=" + o.key, "/inbox.json"} {
		res, body := o.do(http.MethodGet, path, "", "", nil)
		if res.StatusCode != http.StatusUnauthorized || strings.Contains(body, "ada@") || res.Header.Get("Cache-Control") != "no-store" && path != "/inbox.json" {
			t.Errorf("%s: %s %s", path, res.Status, body)
		}
		if page := strings.Contains(body, "/inbox/open.js"); page == (path == "/inbox.json") {
			t.Errorf("%s: the page that sends the key: %t", path, page)
		}
		if policy := res.Header.Get("Content-Security-Policy"); path == "/inbox" && !strings.Contains(policy, "default-src 'none'; script-src 'self'; connect-src 'self';") {
			t.Errorf("the page's policy is %s", policy)
		}
	}
	if res, script := o.do(http.MethodGet, "/inbox/open.js", "", "", nil); res.StatusCode != http.StatusOK || !strings.Contains(script, `fetch("/inbox/open"`) ||
		!strings.HasPrefix(res.Header.Get("Content-Type"), "text/javascript") {
		t.Errorf("the script: %s %s", res.Status, res.Header.Get("Content-Type"))
	}
	for _, wrong := range []string{"", o.key[1:], strings.ToLower(o.key), strings.Repeat("A", 5000)} {
		if status, cookie := o.open(wrong); status != http.StatusUnauthorized || cookie != nil {
			t.Errorf("the key %.30q: %d, %v", wrong, status, cookie)
		}
	}
	status, cookie := o.open(o.key)
	if status != http.StatusNoContent || cookie == nil || cookie.Name != "sm_inbox" || !cookie.HttpOnly || cookie.Secure || cookie.SameSite != http.SameSiteStrictMode || cookie.Value == o.key {
		t.Fatalf("%d, %v", status, cookie)
	}
	if status, again := o.open(o.key); status != http.StatusUnauthorized || again != nil {
		t.Errorf("the key once more: %d, %v", status, again)
	}
	for _, path := range []string{"/inbox", "/inbox/1", "/inbox.json"} {
		if res, body := o.do(http.MethodGet, path, "", "", cookie); res.StatusCode != http.StatusOK || !strings.Contains(body, "ada@") || strings.Contains(res.Header.Get("Content-Security-Policy"), "script-src") {
			t.Errorf("%s with the cookie: %s %s", path, res.Status, body)
		}
	}
	for _, value := range []string{"", cookie.Value[1:], o.key} {
		if res, _ := o.do(http.MethodGet, "/inbox", "", "", &http.Cookie{Name: "sm_inbox", Value: value}); res.StatusCode != http.StatusUnauthorized {
			t.Errorf("the cookie %q: %s", value, res.Status)
		}
	}
}

// Over TLS the cookie is one that browsers keep to TLS and to this host.
func TestTheInboxsCookieOverTLS(t *testing.T) {
	t.Parallel()
	o := serveTo(t, authz.AuthenticatorFunc(byName), func(handler http.Handler) *httptest.Server {
		server := httptest.NewUnstartedServer(handler)
		server.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
		server.StartTLS()
		return server
	})
	status, cookie := o.open(o.key)
	if status != http.StatusNoContent || cookie == nil || cookie.Name != "__Host-sm_inbox" || !cookie.Secure || cookie.Path != "/" || cookie.Domain != "" {
		t.Fatalf("%d, %v", status, cookie)
	}
	if res, _ := o.do(http.MethodGet, "/inbox", "", "", cookie); res.StatusCode != http.StatusOK {
		t.Errorf("with the cookie: %s", res.Status)
	}
	if res, _ := o.do(http.MethodGet, "/inbox", "", "", &http.Cookie{Name: "sm_inbox", Value: cookie.Value}); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("under another name: %s", res.Status)
	}
}

// A token is judged as it is by the RPCs of the same port.
func TestTheInboxTakesTokens(t *testing.T) {
	t.Parallel()
	o := serveTo(t, authz.AuthenticatorFunc(byName), httptest.NewServer)
	for _, path := range []string{"/inbox", "/inbox/1", "/inbox.json"} {
		for authorization, want := range map[string]int{"Bearer reader": http.StatusOK, "Bearer clerk": http.StatusForbidden, "Bearer stale": http.StatusUnauthorized} {
			res, body := o.do(http.MethodGet, path, "", authorization, nil)
			if res.StatusCode != want || strings.Contains(body, "ada@") != (want == http.StatusOK) {
				t.Errorf("%s, %s: %s %s", path, authorization, res.Status, body)
			}
		}
	}
	all := serveTo(t, authz.AuthenticatorFunc(func(context.Context, authz.Header) (authz.Identity, error) {
		return authz.Identity{Kind: authz.Owner}, nil
	}), httptest.NewServer)
	if res, body := all.do(http.MethodGet, "/inbox", "", "", nil); res.StatusCode != http.StatusOK || !strings.Contains(body, "ada@") {
		t.Errorf("where every caller owns the shop: %s", res.Status)
	}
}
