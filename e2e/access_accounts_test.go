package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"golang.org/x/sync/errgroup"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1/notificationv1connect"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

// requestMail requests a mail to an address by a path, and returns the answer.
func (d *demoShop) requestMail(path, fields, address string, header http.Header) (int, string) {
	d.t.Helper()
	status, answer := d.curl(http.MethodPost, path, `{`+fields+`"email": "`+address+`"}`, header)
	return status, string(bytes.TrimSpace(answer))
}

func (d *demoShop) signUpsAlike() {
	known, unknown := d.people.Customer.Email, unique("unknown")+"@example.com"
	for _, address := range []string{known, unknown} {
		if status, answer := d.requestMail("/v1/accounts:signUp", "", address, nil); status != http.StatusOK || answer != "{}" {
			d.t.Errorf("%s: %d %s", address, status, answer)
		}
	}
	// Whose address it is learns more by mail.
	for address, page := range map[string]string{known: "/account/reset", unknown: "/account/verify"} {
		eventually(d.t, func(context.Context) error {
			all := d.mails(address)
			if !slices.ContainsFunc(all, func(mail mailTo) bool { return strings.Contains(mail.Text, accessURL+page+"#sm_ln_") }) {
				return errorf("no mail to %s leads to %s: %v", address, page, all)
			}
			return nil
		})
	}
}

// signInBody is the body that signs somebody in.
func signInBody(t *testing.T, kind, address, password string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"kind": "ACCOUNT_KIND_" + kind, "email": address, "password": password})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

const signInPath = "/v1/sessions:signIn"

func (d *demoShop) signInBeforeVerification() {
	address := unique("early") + "@example.com"
	if status, answer := d.requestMail("/v1/accounts:signUp", "", address, nil); status != http.StatusOK {
		d.t.Fatalf("%d %s", status, answer)
	}
	d.mailedToken(address) // so there is all that there will be before
	status, got := d.refusedBy(http.MethodPost, signInPath, signInBody(d.t, "CUSTOMER", address, shopperPassword), nil)
	if status != http.StatusUnauthorized || got.reason != "CREDENTIALS_INVALID" {
		d.t.Errorf("%d %+v", status, got)
	}
}

// A shop on loopback takes requests for names of this machine alone. TestForwardedHostNotInLinks
// in services/identity has a proxy before it, behind which any name comes through.
func (d *demoShop) forgedHost() {
	address := unique("forgetful") + "@example.com"
	d.signUp(address)
	const reset, customer = "/v1/accounts:requestPasswordReset", `"kind": "ACCOUNT_KIND_CUSTOMER", `
	if status, answer := d.requestMail(reset, customer, address, http.Header{"Host": {"evil.example"}}); status != http.StatusForbidden {
		d.t.Errorf("for another machine's name: %d %s", status, answer)
	}
	forged := []http.Header{
		{"Host": {"evil.localhost"}},
		{"X-Forwarded-Host": {"evil.example"}, "X-Forwarded-Proto": {"https"}, "Forwarded": {"host=evil.example;proto=https"}, "X-Original-Url": {"https://evil.example"}},
	}
	for _, header := range forged {
		if status, answer := d.requestMail(reset, customer, address, header); status != http.StatusOK {
			d.t.Errorf("with %v: %d %s", header, status, answer)
		}
	}
	want := []string{accessURL + "/account/reset", accessURL + "/account/reset", accessURL + "/account/verify"}
	eventually(d.t, func(context.Context) error {
		var links []string
		for _, mail := range d.mails(address) {
			for _, link := range beforeToken.FindAllStringSubmatch(mail.Text, -1) {
				links = append(links, link[1])
			}
		}
		if slices.Sort(links); !slices.Equal(links, want) {
			return errorf("the links are %q, want %q", links, want)
		}
		return nil
	})
}

// beforeToken is the URL of a mailed link, without its token.
var beforeToken = regexp.MustCompile(`(\S+)#sm_ln_`)

func (d *demoShop) linkIsUsedOnce() {
	address := unique("scanned") + "@example.com"
	if status, answer := d.requestMail("/v1/accounts:signUp", "", address, nil); status != http.StatusOK {
		d.t.Fatalf("%d %s", status, answer)
	}
	fields := map[string]string{"token": d.mailedToken(address), "password": shopperPassword, "firstName": "Ada"}
	body, err := json.Marshal(fields)
	if err != nil {
		d.t.Fatal(err)
	}
	query := url.Values{}
	for name, value := range fields {
		query.Set(name, value)
	}
	const verify, procedure = "/v1/accounts:verifyEmail", "/shopmesh.identity.v1.AccountService/VerifyEmail"
	for _, path := range []string{
		"/account/verify", "/account/verify?token=" + fields["token"], verify + "?" + query.Encode(),
		procedure + "?" + url.Values{"connect": {"v1"}, "encoding": {"json"}, "message": {string(body)}}.Encode(),
	} {
		for range 3 {
			status, answer := d.curl(http.MethodGet, path, "", nil)
			if shown := strings.HasPrefix(path, "/account/") && status == http.StatusOK; !shown && status != http.StatusNotFound && status != http.StatusMethodNotAllowed {
				d.t.Errorf("GET %s: %d %s", path, status, answer)
			}
		}
	}
	if status, answer := d.curl(http.MethodPost, verify, string(body), nil); status != http.StatusOK || !bytes.Contains(answer, []byte("accessToken")) {
		d.t.Errorf("the first POST: %d %s", status, answer)
	}
	if status, got := d.refusedBy(http.MethodPost, verify, string(body), nil); status != http.StatusBadRequest || got.reason != "LINK_INVALID" {
		d.t.Errorf("the second POST: %d %+v", status, got)
	}
}

func (d *demoShop) mailsHideTokens() {
	address := unique("read") + "@example.com"
	if status, answer := d.requestMail("/v1/accounts:signUp", "", address, nil); status != http.StatusOK {
		d.t.Fatalf("%d %s", status, answer)
	}
	mailed := d.mailedToken(address)
	mails := notificationv1connect.NewNotificationServiceClient(testkit.Client(d.t, d.api["notification"], token.Show(d.tokenOf(d.seller))))
	listed, err := mails.ListNotifications(d.t.Context(), &notificationv1.ListNotificationsRequest{Filter: fmt.Sprintf("recipient = %q", address)})
	if err != nil || len(listed.GetNotifications()) != 1 {
		d.t.Fatalf("the mails are %v (%v)", listed.GetNotifications(), err)
	}
	status, shown := d.curl(http.MethodGet, "/v1/notifications/"+listed.GetNotifications()[0].GetId(), "", bearer(d.tokenOf(d.seller)))
	if status != http.StatusOK || !bytes.Contains(shown, []byte("[link removed]")) || bytes.Contains(shown, []byte("sm_ln_")) || bytes.Contains(shown, []byte(mailed)) {
		d.t.Errorf("staff reads: %d %s", status, shown)
	}
	for shown, want := range map[string]int{"": http.StatusUnauthorized, d.tokenOf(d.shopper): http.StatusForbidden, d.tokenOf(d.seller): http.StatusOK} {
		res, err := testkit.Showing(shown).Get(d.inbox + "/inbox.json")
		if err != nil {
			d.t.Fatal(err)
		}
		if _ = res.Body.Close(); res.StatusCode != want {
			d.t.Errorf("/inbox.json answers %d, want %d", res.StatusCode, want)
		}
	}
}

// The limit of sign-ins by the edge, ten a minute, is off: process.StartShop sets it so. What is
// tried is the lock-out, of the owner.
func (d *demoShop) lockOut() {
	owner := d.people.Owner
	from := func(address string) *http.Client {
		dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
		return &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext}}
	}
	attacker, elsewhere := from("127.0.0.1"), from("127.0.0.2")
	defer attacker.CloseIdleConnections()
	defer elsewhere.CloseIdleConnections()
	answers := map[int]int{}
	for i := range 200 {
		status, answer := d.send(attacker, http.MethodPost, signInPath, signInBody(d.t, "STAFF", owner.Email, "a wrong password"), nil)
		answers[status]++
		if want := map[int]string{http.StatusUnauthorized: "CREDENTIALS_INVALID", http.StatusTooManyRequests: "RATE_LIMITED"}[status]; want == "" ||
			readRESTError(d.t, status, answer).reason != want || i < 5 && status != http.StatusUnauthorized {
			d.t.Errorf("guess %d: %d %s", i+1, status, answer)
		}
	}
	// Five are free. After the fifteenth the next one waits for a quarter of an hour.
	if compared := answers[http.StatusUnauthorized]; compared < 5 || compared > 15 || answers[http.StatusTooManyRequests] != 200-compared {
		d.t.Errorf("the answers are %v", answers)
	}
	if status, answer := d.send(elsewhere, http.MethodPost, signInPath, signInBody(d.t, "STAFF", owner.Email, owner.Password), nil); status != http.StatusOK {
		d.t.Errorf("the owner from elsewhere: %d %s", status, answer)
	}
}

// A token whose successor was used is one that two have, at once: nothing is waited for. That
// it is so after 31 s, too, while nobody used the successor, TestTwoTabsRefreshOnce in
// services/identity/internal/app holds, on a clock.
func (d *demoShop) refreshTwice() {
	address := unique("tabs") + "@example.com"
	_, session := d.signUp(address)
	refresh := func(shown string) (string, error) {
		res, err := d.accounts().RefreshSession(d.t.Context(), &identityv1.RefreshSessionRequest{RefreshToken: shown})
		return res.GetSession().GetRefreshToken(), err
	}
	first, successors := session.GetRefreshToken(), make([]string, 2)
	var tabs errgroup.Group
	for i := range successors {
		tabs.Go(func() (err error) {
			successors[i], err = refresh(first)
			return err
		})
	}
	if err := tabs.Wait(); err != nil || successors[0] != successors[1] || successors[0] == first {
		d.t.Fatalf("two tabs got the same successor: %t (%v)", successors[0] == successors[1], err)
	}
	last, err := refresh(successors[0])
	if err != nil {
		d.t.Fatal(err)
	}
	_, err = refresh(first)
	testkit.Refused(d.t, err, connect.CodeUnauthenticated, "TOKEN_REUSED")
	for _, shown := range []string{last, successors[0], first} {
		_, err = refresh(shown)
		testkit.Refused(d.t, err, connect.CodeUnauthenticated, "TOKEN_EXPIRED")
	}
	d.readsNoMore("the access token of the session", session.GetAccessToken(), "TOKEN_EXPIRED")
	eventually(d.t, func(context.Context) error {
		if all := d.mails(address); !slices.ContainsFunc(all, func(mail mailTo) bool { return strings.Contains(mail.Text, "its key was used twice") }) {
			return errorf("the mails are %v", all)
		}
		return nil
	})
}

// disable has the owner disable an account.
func (d *demoShop) disable(id string) {
	d.t.Helper()
	if status, answer := d.curl(http.MethodPost, "/v1/accounts/"+id+":disable", "{}", bearer(d.tokenOf(d.owner))); status != http.StatusOK {
		d.t.Fatalf("disable %s: %d %s", id, status, answer)
	}
}

func (d *demoShop) disabledStaff() {
	clerk := d.hire("clerk")
	order := d.reached(d.place(request("sandbox_ok", of(demoMug, 1))).GetId(), confirmed) // its history goes on until it is delivered
	ended := clerk.watchOpenly(order.GetId())
	d.disable(clerk.id)
	d.readsNoMore("the access token", clerk.session.GetAccessToken(), "TOKEN_EXPIRED")
	if status, got := d.refusedBy(http.MethodGet, "/v1/orders", "", bearer(clerk.session.GetAccessToken())); status != http.StatusUnauthorized {
		d.t.Errorf("the access token: %d %+v", status, got)
	}
	testkit.Refused(d.t, ended(), connect.CodeUnauthenticated, "TOKEN_EXPIRED")
}

func (d *demoShop) disabledStaffsKey() {
	clerk := d.hire("clerk")
	d.reads("the API key", clerk.key)
	d.disable(clerk.id)
	d.readsNoMore("the API key", clerk.key, "UNAUTHENTICATED")
	if status, got := d.refusedBy(http.MethodGet, "/v1/orders", "", bearer(clerk.key)); status != http.StatusUnauthorized {
		d.t.Errorf("the API key: %d %+v", status, got)
	}
}

func (d *demoShop) rolesBeyondOnesOwn() {
	const read, write, accounts = optionsv1.Permission_PERMISSION_ORDERS_READ, optionsv1.Permission_PERMISSION_ORDERS_WRITE, optionsv1.Permission_PERMISSION_ACCOUNTS_WRITE
	manager, colleague := d.hire("manager"), d.hire("colleague") // both with read and accounts
	set := func(by, of *member, owner bool, permissions ...optionsv1.Permission) error {
		_, err := d.shop.staff(d.tokenOf(by)).SetRoles(d.t.Context(), &identityv1.SetRolesRequest{Id: of.id, Owner: owner, Permissions: permissions})
		return err
	}
	if err := set(d.owner, colleague, false, read); err != nil {
		d.t.Fatal(err)
	}
	for what, err := range map[string]error{
		"what the manager lacks": set(manager, colleague, false, read, write), "ownership": set(manager, colleague, true),
		"more for themselves": set(manager, manager, false, read, write, accounts),
	} {
		if connect.CodeOf(err) != connect.CodePermissionDenied || reasonOf(err) != "ROLE_ESCALATION" {
			d.t.Errorf("%s: %v", what, err)
		}
	}
	listed, err := d.shop.staff(d.tokenOf(d.owner)).ListAccounts(d.t.Context(), &identityv1.ListAccountsRequest{Filter: fmt.Sprintf("email = %q", colleague.email)})
	if err != nil || len(listed.GetAccounts()) != 1 || listed.GetAccounts()[0].GetOwner() || !slices.Equal(listed.GetAccounts()[0].GetPermissions(), []optionsv1.Permission{read}) {
		d.t.Errorf("the colleague is %v (%v)", listed.GetAccounts(), err)
	}
	if err := set(manager, colleague, false); err != nil {
		d.t.Errorf("what the manager holds: %v", err)
	}
}
