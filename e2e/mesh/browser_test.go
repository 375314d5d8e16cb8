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
	"time"

	"github.com/google/uuid"
)

// client is what a page of the shop's own does: it keeps the access token in memory, and where
// that is refused it asks for another, by the cookie that no script reads, and calls again. Its
// steps are what the calls got.
const client = `
window.steps = [];
window.call = async (name, body, token) => {
  const headers = {"Content-Type": "application/json"};
  if (token) headers.Authorization = "Bearer " + token;
  const res = await fetch("/shopmesh." + name, {method: "POST", headers, body: JSON.stringify(body)});
  steps.push(name.replace(/.*\//, "") + " " + res.status);
  return {status: res.status, body: await res.json()};
};
window.keep = ({body}) => { window.token = body.session.accessToken; };
window.signedIn = async (name, body) => {
  let got = await call(name, body, token);
  if (got.status === 401) {
    keep(await call("identity.v1.AccountService/RefreshSession", {}));
    got = await call(name, body, token);
  }
  return got.status;
};
`

// Row 11: in a browser a page of the shop's own goes on when its access token has expired; a page
// of another site reads nothing and changes nothing, until its site is listed, and never acts as
// the visitor.
func TestRow11Browser(t *testing.T) {
	t.Parallel()
	set(t, "identity", "accessTokenLife", "60s")
	defer set(t, "identity", "accessTokenLife", nil)
	b := browser(t)
	own := b.open(gateway + "/.well-known/jwks.json")
	own.run(client, nil)
	signUp(t, own)
	var cookies string
	own.run("return document.cookie", &cookies)
	if cookies != "" {
		t.Errorf("scripts read the cookies %s", cookies)
	}

	blank := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "text/html") }))
	defer blank.Close()
	foreign := b.open(blank.URL)
	blocked := 0
	for _, fetch := range []string{
		`fetch(shop + "/v1/products?pageSize=1")`,
		`fetch(shop + "/shopmesh.catalog.v1.ProductService/ListProducts", {method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"})`,
		`fetch(shop + "/shopmesh.identity.v1.AccountService/RefreshSession", {method: "POST", credentials: "include", headers: {"Content-Type": "application/json"}, body: "{}"})`,
	} {
		if got := tried(foreign, fetch); got != "TypeError" {
			t.Errorf("from another site %s: %s", fetch, got)
			continue
		}
		blocked++
	}
	// What browsers let any page send, without a question and without an answer.
	for _, verb := range []string{"refresh", "signOut"} {
		fetch := `fetch(shop + "/v1/sessions:` + verb + `", {method: "POST", mode: "no-cors", credentials: "include", body: "{}"})`
		if got := tried(foreign, fetch); got != "0" {
			t.Errorf("from another site %s: %s", fetch, got)
		}
	}

	began := time.Now()
	eventually(t, patience, func() error { // within its minute, and the one that the ingress allows for clocks
		var status int
		own.run(`return (await call("order.v1.OrderService/ListOrders", {}, token)).status`, &status)
		if status != 401 {
			return fmt.Errorf("the access token is answered with %d", status)
		}
		return nil
	})
	expired := time.Since(began)
	var steps []string
	own.run(`steps = []; await signedIn("order.v1.OrderService/ListOrders", {}); return steps`, &steps)
	if got := strings.Join(steps, ", "); got != "ListOrders 401, RefreshSession 200, ListOrders 200" {
		t.Errorf("after the token expired: %s", got)
	}

	listed(t, foreign, blank.URL)
	var status int
	own.run(`return (await call("identity.v1.AccountService/RefreshSession", {})).status`, &status)
	if status != 200 {
		t.Errorf("after all the session is answered with %d", status)
	}
	t.Logf("row 11: the own page's token was refused %v after it came and refreshed (%s); %d calls of another site's page were blocked and 2 had no effect; listed, it reads, without the visitor's cookie",
		expired.Round(time.Second), strings.Join(steps, ", "), blocked)
}

// signUp makes an account in a page, by the link that is mailed, and signs in.
func signUp(t *testing.T, own page) {
	t.Helper()
	email := "page-" + uuid.NewString() + "@example.com"
	var status int
	own.run(fmt.Sprintf(`return (await call("identity.v1.AccountService/SignUp", {email: %q})).status`, email), &status)
	if status != 200 {
		t.Fatalf("signing up: %d", status)
	}
	link := regexp.MustCompile(`#(sm_ln_[0-9A-Za-z]+)`)
	var token string
	eventually(t, 30*time.Second, func() error {
		mails := drive[[]answer](t, operator, "request", "-url", inbox+"?to="+url.QueryEscape(email))[0]
		found := link.FindStringSubmatch(mails.Body)
		if found == nil {
			return fmt.Errorf("no link was mailed: %+v", mails)
		}
		token = found[1]
		return nil
	})
	own.run(fmt.Sprintf(`const got = await call("identity.v1.AccountService/VerifyEmail", {token: %q, password: "nine patient herons wade", firstName: "Ada", lastName: "Lovelace", useCookie: true});
if (got.status === 200) keep(got);
return got.status`, token), &status)
	if status != 200 {
		t.Fatalf("following the link: %d", status)
	}
}

// tried is what a page of another site gets from a call: the answer's status, 0 for one that it
// may not read, or the kind of its error.
func tried(foreign page, fetch string) string {
	var got string
	foreign.run(fmt.Sprintf(`const shop = %q; try { return String((await %s).status) } catch (e) { return e.name }`, gateway, fetch), &got)
	return got
}

// listed lists another site, whose page then calls and reads, but never with the cookie.
func listed(t *testing.T, foreign page, origin string) {
	t.Helper()
	defer sites(t, origin)()
	eventually(t, 15*time.Second, func() error {
		if got := tried(foreign, `fetch(shop + "/shopmesh.catalog.v1.ProductService/ListProducts", {method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"})`); got != "200" {
			return fmt.Errorf("a listed site's page gets %s", got)
		}
		return nil
	})
	refresh := `fetch(shop + "/shopmesh.identity.v1.AccountService/RefreshSession", {method: "POST", credentials: %q, headers: {"Content-Type": "application/json"}, body: "{}"})`
	if got := tried(foreign, fmt.Sprintf(refresh, "include")); got != "TypeError" {
		t.Errorf("a listed site's page that brings the visitor's cookies gets %s", got)
	}
	if got := tried(foreign, fmt.Sprintf(refresh, "omit")); got != "401" {
		t.Errorf("a listed site's page that brings no cookie gets %s", got)
	}
}
