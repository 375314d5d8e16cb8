package storefront_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services"
)

// accounts stands in for identity.
type accounts struct {
	identityv1connect.UnimplementedAccountServiceHandler

	token string

	mu sync.Mutex
	// refreshed are the refresh tokens that were shown.
	refreshed []string
	// over refuses the access token until it is refreshed, and ended refuses that, too.
	over, ended bool
	// calls counts those by the access token that is over, and all are there once so many are.
	calls int
	all   chan struct{}
	want  int
}

func (a *accounts) SignIn(context.Context, *identityv1.SignInRequest) (*identityv1.SignInResponse, error) {
	return &identityv1.SignInResponse{Session: &identityv1.Session{AccessToken: a.token, RefreshToken: "sm_rt_1"}}, nil
}

func (a *accounts) GetSelf(ctx context.Context, _ *identityv1.GetSelfRequest) (*identityv1.GetSelfResponse, error) {
	a.mu.Lock()
	over := a.over
	if over {
		if a.calls++; a.calls == a.want {
			close(a.all)
		}
	}
	a.mu.Unlock()
	if over {
		select { // so that all find the token over before one refreshes it
		case <-a.all:
		case <-ctx.Done():
		}
		return nil, fault.New(fault.Unauthenticated, fault.ReasonTokenExpired, "over")
	}
	return &identityv1.GetSelfResponse{Account: &identityv1.Account{Email: "ada@example.com", CustomerId: category}}, nil
}

func (a *accounts) RefreshSession(_ context.Context, req *identityv1.RefreshSessionRequest) (*identityv1.RefreshSessionResponse, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refreshed = append(a.refreshed, req.GetRefreshToken())
	if a.ended {
		return nil, fault.New(fault.Unauthenticated, fault.ReasonTokenExpired, "the session is over")
	}
	a.over = false
	return &identityv1.RefreshSessionResponse{Session: &identityv1.Session{AccessToken: a.token, RefreshToken: "sm_rt_2"}}, nil
}

// expire has the access token be over, for so many calls at once.
func (a *accounts) expire(calls int, ended bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.over, a.ended, a.calls, a.want, a.all, a.refreshed = true, ended, 0, calls, make(chan struct{}), nil
}

// as requests a page with a cookie, without following where it leads.
func as(t *testing.T, method, url, cookie string, fields url.Values) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(fields.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if cookie != "" {
		req.Header.Set("Cookie", cookie)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res
}

// Requests at once whose access token is over refresh it once, and all are answered: a refresh
// token that is shown twice would end the session. One whose session ended is a guest's again.
func TestTokensAreRenewedOnce(t *testing.T) {
	t.Parallel()
	token, err := testkit.Token(testkit.Customer(category), "identity")
	if err != nil {
		t.Fatal(err)
	}
	behind := &accounts{token: token}
	shop := serve(t, testkit.Others(t, services.Permissions(), func(server *connect.Server) {
		identityv1connect.RegisterAccountServiceHandler(server, behind)
	}, "identity"))
	signedIn := as(t, http.MethodPost, shop+"/account/sign-in/send", "", url.Values{"email": {"ada@example.com"}, "password": {"x"}})
	if signedIn.StatusCode != http.StatusSeeOther || len(signedIn.Cookies()) != 1 {
		t.Fatalf("signing in is answered %d, %v", signedIn.StatusCode, signedIn.Header)
	}
	cookie := signedIn.Cookies()[0].Name + "=" + signedIn.Cookies()[0].Value
	const tabs = 8
	behind.expire(tabs, false)
	var all sync.WaitGroup
	for range tabs {
		all.Go(func() {
			if res := as(t, http.MethodGet, shop+"/account", cookie, nil); res.StatusCode != http.StatusOK {
				t.Errorf("a tab is answered %d, %v", res.StatusCode, res.Header)
			}
		})
	}
	all.Wait()
	if len(behind.refreshed) != 1 || behind.refreshed[0] != "sm_rt_1" {
		t.Errorf("the session was refreshed by %v", behind.refreshed)
	}
	behind.expire(1, true)
	for range 2 {
		if res := as(t, http.MethodGet, shop+"/account", cookie, nil); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/account/sign-in?next=%2Faccount" {
			t.Errorf("after its end it is answered %d, %v", res.StatusCode, res.Header)
		}
	}
	if len(behind.refreshed) != 1 || behind.refreshed[0] != "sm_rt_2" {
		t.Errorf("the session that ended was refreshed by %v", behind.refreshed)
	}
}
