package identity_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// linkFlow is a way to get a link mailed, and to use it.
type linkFlow struct {
	// request is the path that has the link mailed, body what it gets, and bearer the access
	// token of who calls; empty for nobody.
	request, body, bearer string
	mail                  identityv1.MailKind
	to                    string
	// leads is the path of the mailed URL.
	leads string
	// rest and procedure are the paths that use the link up, and fields what they get beside it.
	rest, procedure string
	fields          map[string]string
}

// with returns what uses a link up.
func (f linkFlow) with(token string) map[string]string {
	fields := maps.Clone(f.fields)
	if fields == nil {
		fields = make(map[string]string)
	}
	fields["token"] = token
	return fields
}

// linkFlows returns one for each kind of link. The accounts that they need are there.
func (o harness) linkFlows(t *testing.T) []linkFlow {
	t.Helper()
	status, answer := o.operatorToken(t, `{"as": "owner", "for": "30m"}`)
	var operator struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(answer, &operator); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s", status, answer)
	}
	o.signUp(t, "forgetful@example.com")
	moving := o.signUp(t, "moving@example.com")
	return []linkFlow{
		{
			request: "/v1/accounts:signUp", body: `{"email": "new@example.com"}`,
			mail: identityv1.MailKind_MAIL_KIND_VERIFY_EMAIL, to: "new@example.com", leads: "/account/verify",
			rest: "/v1/accounts:verifyEmail", procedure: "/shopmesh.identity.v1.AccountService/VerifyEmail",
			fields: map[string]string{"password": password, "firstName": "Ada"},
		},
		{
			request: "/v1/accounts:requestPasswordReset", body: `{"kind": "ACCOUNT_KIND_CUSTOMER", "email": "forgetful@example.com"}`,
			mail: identityv1.MailKind_MAIL_KIND_RESET_PASSWORD, to: "forgetful@example.com", leads: "/account/reset",
			rest: "/v1/accounts:resetPassword", procedure: "/shopmesh.identity.v1.AccountService/ResetPassword",
			fields: map[string]string{"password": "another long password here"},
		},
		{
			request: "/v1/staff:invite", body: `{"email": "clerk@example.com", "permissions": ["PERMISSION_ORDERS_READ"]}`, bearer: operator.AccessToken,
			mail: identityv1.MailKind_MAIL_KIND_INVITATION, to: "clerk@example.com", leads: "/accept-invitation",
			rest: "/v1/staff:acceptInvite", procedure: "/shopmesh.identity.v1.StaffService/AcceptInvite",
			fields: map[string]string{"password": staffPassword, "firstName": "Grace"},
		},
		{
			request: "/v1/accounts:requestEmailChange", body: `{"password": "` + password + `", "email": "moved@example.com"}`, bearer: moving.GetAccessToken(),
			mail: identityv1.MailKind_MAIL_KIND_CONFIRM_EMAIL, to: "moved@example.com", leads: "/account/confirm-email",
			rest: "/v1/accounts:confirmEmailChange", procedure: "/shopmesh.identity.v1.AccountService/ConfirmEmailChange",
		},
	}
}

// mailedBy has the link of a flow mailed, by a request with further headers, and returns its URL.
func (o harness) mailedBy(t *testing.T, f linkFlow, header http.Header) string {
	t.Helper()
	header = header.Clone()
	if header == nil {
		header = make(http.Header)
	}
	if f.bearer != "" {
		header.Set("Authorization", "Bearer "+f.bearer)
	}
	events := testkit.NewEvents(t, o.broker, mailTopic)
	if status, body, _ := o.post(t, f.request, f.body, nil, header); status != http.StatusOK {
		t.Fatalf("%s: %d %s", f.request, status, body)
	}
	return o.mailedLink(t, events, f.mail, f.to)
}

// withOperator starts the process again, with an operator's socket.
func (o harness) withOperator(t *testing.T) harness {
	t.Helper()
	o.stop()
	o.socket = filepath.Join(t.TempDir(), "operator.sock")
	return o.again(t)
}

// Mailed links lead to the shop's own address, whatever a request states
// (supabase/auth GHSA-3529-5m8x-rpv3). A proxy stands before the process, so that it takes
// requests for any host.
func TestForwardedHostNotInLinks(t *testing.T) {
	t.Parallel()
	o := newHarness(t)
	proxies, err := rpc.ParseProxies("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	o.edge = kitapp.Edge{Proxies: proxies}
	o = o.withOperator(t)
	forged := http.Header{
		"Host": {"evil.example"}, "X-Forwarded-Host": {"evil.example"}, "X-Forwarded-Proto": {"ftp"}, "X-Forwarded-Port": {"81"}, "X-Forwarded-Prefix": {"/evil"},
		"Forwarded": {"host=evil.example;proto=ftp"}, "X-Original-Url": {"https://evil.example"}, "X-Host": {"evil.example"},
	}
	for _, f := range o.linkFlows(t) {
		if link := o.mailedBy(t, f, forged); !strings.HasPrefix(link, publicURL+f.leads+"#sm_ln_") {
			t.Errorf("%s: the link is %s", f.request, link)
		}
	}
}

// supabase/auth#368: a scanner of mails that opens each link must not use it up. What it
// opens is the mailed URL, or one that a page made of it; a POST alone uses the link up, once.
func TestScannerUsesNoLink(t *testing.T) {
	t.Parallel()
	o := newHarness(t).withOperator(t)
	flows := o.linkFlows(t)
	var used []string
	for _, f := range flows {
		used = append(used, f.procedure)
		_, mailed, _ := strings.Cut(o.mailedBy(t, f, nil), "#")
		for _, address := range f.scanned(t, mailed) {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				for range 3 {
					if status := o.open(t, method, address); status != http.StatusMethodNotAllowed && status != http.StatusNotFound {
						t.Errorf("%s of %s: %d", method, address, status)
					}
				}
			}
		}
		body, err := json.Marshal(f.with(mailed))
		if err != nil {
			t.Fatal(err)
		}
		if status, answer, _ := o.post(t, f.rest, string(body), nil, nil); status != http.StatusOK {
			t.Errorf("%s after the scanner: %d %s", f.rest, status, answer)
		}
		for _, path := range []string{f.rest, f.procedure} {
			if status, answer, _ := o.post(t, path, string(body), nil, nil); status != http.StatusBadRequest || !strings.Contains(string(answer), "LINK_INVALID") {
				t.Errorf("%s again: %d %s", path, status, answer)
			}
		}
	}
	slices.Sort(used)
	if all := takesLinks(); !slices.Equal(used, all) {
		t.Errorf("links are used up by %q, and tried were %q", all, used)
	}
}

// scanned are the URLs, without the host, that a scanner might open.
func (f linkFlow) scanned(t *testing.T, mailed string) []string {
	t.Helper()
	message, err := json.Marshal(f.with(mailed))
	if err != nil {
		t.Fatal(err)
	}
	all := url.Values{}
	for name, value := range f.with(mailed) {
		all.Set(name, value)
	}
	whole := url.Values{"connect": {"v1"}, "encoding": {"json"}, "message": {string(message)}}
	shown := "?token=" + mailed
	return []string{
		f.leads, f.leads + shown, f.leads + "/" + mailed,
		f.rest + shown, f.rest + "?" + all.Encode(),
		f.procedure + shown, f.procedure + "?" + whole.Encode(),
	}
}

// open requests a path without a body, and returns the status.
func (o harness) open(t *testing.T, method, path string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, o.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// takesLinks are the paths of the RPCs whose request holds a link's token, sorted.
func takesLinks() (paths []string) {
	for _, file := range []protoreflect.FileDescriptor{
		identityv1.File_shopmesh_identity_v1_account_service_proto, identityv1.File_shopmesh_identity_v1_staff_service_proto,
		identityv1.File_shopmesh_identity_v1_token_service_proto,
	} {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				if method := service.Methods().Get(j); method.Input().Fields().ByName("token") != nil {
					paths = append(paths, "/"+string(service.FullName())+"/"+string(method.Name()))
				}
			}
		}
	}
	slices.Sort(paths)
	return paths
}
