package session_test

import (
	"bytes"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/storefront"
	"github.com/shopmesh/shopmesh/services/storefront/internal/session"
)

// clock is a time that a test moves.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func open(t *testing.T, secure bool) (*session.Sessions, *pg.Pool, *clock) {
	t.Helper()
	pool := testkit.Database(t, storefront.Migrations())
	c := &clock{at: time.Now()}
	return session.New(pool, c.now, secure), pool, c
}

// with is a request with a cookie.
func with(t *testing.T, cookies ...*http.Cookie) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	for _, cookie := range cookies {
		r.AddCookie(cookie)
	}
	return r
}

func read(t *testing.T, s *session.Sessions, cookies ...*http.Cookie) *session.Session {
	t.Helper()
	opened, err := s.Open(t.Context(), with(t, cookies...))
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

// change changes a session and returns the cookies that the browser is given.
func change(t *testing.T, s *session.Sessions, opened *session.Session, by func(*session.Content)) []*http.Cookie {
	t.Helper()
	w := httptest.NewRecorder()
	if err := s.Change(t.Context(), w, opened, by); err != nil {
		t.Fatal(err)
	}
	return w.Result().Cookies()
}

// A session is found by its cookie alone, and who reads the database opens none.
func TestASessionIsOpenedByItsCookieAlone(t *testing.T) {
	t.Parallel()
	sessions, pool, _ := open(t, true)
	const secret = "sm_ct_secret"
	if first := read(t, sessions); first.Cart != "" || len(change(t, sessions, first, func(*session.Content) {})) != 0 {
		t.Error("who opens nothing gets a cookie")
	}
	cookies := change(t, sessions, read(t, sessions), func(c *session.Content) { c.Cart = secret })
	if len(cookies) != 1 {
		t.Fatalf("the cookies are %v", cookies)
	}
	c := cookies[0]
	if c.Name != "__Host-shop" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
		t.Errorf("the cookie is %v", c)
	}
	if again := read(t, sessions, c); again.Cart != secret {
		t.Errorf("the cookie opens %+v", again.Content)
	}
	var content []byte
	if err := pool.QueryRow(t.Context(), "select content from sessions").Scan(&content); err != nil || bytes.Contains(content, []byte(secret)) {
		t.Errorf("the database holds the token: %v", err)
	}
	for _, value := range []string{"", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"} {
		if got := read(t, sessions, &http.Cookie{Name: "__Host-shop", Value: value}); got.Cart != "" {
			t.Errorf("%q opens %+v", value, got.Content)
		}
	}
	plain, _, _ := open(t, false)
	if got := change(t, plain, read(t, plain), func(c *session.Content) { c.Things = 1 }); got[0].Name != "shop" || got[0].Secure || !got[0].HttpOnly {
		t.Errorf("without TLS the cookie is %v", got[0])
	}
}

// A session lasts for thirty days after its last use.
func TestASessionLastsWhileItIsUsed(t *testing.T) {
	t.Parallel()
	sessions, _, now := open(t, true)
	cookies := change(t, sessions, read(t, sessions), func(c *session.Content) { c.Cart = "sm_ct_a" })
	now.at = now.at.Add(time.Hour)
	if opened := read(t, sessions, cookies...); sessions.Stale(opened) || len(change(t, sessions, opened, func(*session.Content) {})) != 0 {
		t.Error("it is written again after an hour")
	}
	now.at = now.at.Add(session.Life - 2*time.Hour)
	opened := read(t, sessions, cookies...)
	if !sessions.Stale(opened) || len(change(t, sessions, opened, func(*session.Content) {})) != 1 {
		t.Error("it is not renewed")
	}
	now.at = now.at.Add(session.Life - time.Hour)
	if read(t, sessions, cookies...).Cart != "sm_ct_a" {
		t.Error("it ended before its time")
	}
	now.at = now.at.Add(2 * time.Hour)
	if read(t, sessions, cookies...).Cart != "" {
		t.Error("it is there after its time")
	}
}

// Of changes at once, as of several tabs, none is lost.
func TestNoChangeIsLost(t *testing.T) {
	t.Parallel()
	sessions, _, _ := open(t, true)
	cookies := change(t, sessions, read(t, sessions), func(c *session.Content) { c.Cart = "sm_ct_a" })
	var all sync.WaitGroup
	for _, number := range []string{"1", "2", "3"} {
		opened := read(t, sessions, cookies...)
		all.Go(func() {
			if err := sessions.Change(t.Context(), httptest.NewRecorder(), opened, func(c *session.Content) {
				c.Open(session.Order{ID: number, Number: number, Token: "sm_go_" + number})
			}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := read(t, sessions, cookies...); len(got.Orders) != 3 || got.Cart != "sm_ct_a" {
		t.Errorf("the session holds %+v", got.Content)
	}
}

// Another secret opens what the one before did, which opens nothing any more; a session that
// ended is gone, with its cookie.
func TestARenewedSessionHasAnotherSecret(t *testing.T) {
	t.Parallel()
	sessions, pool, _ := open(t, true)
	before := change(t, sessions, read(t, sessions), func(c *session.Content) { c.Cart = "sm_ct_a" })
	opened, w := read(t, sessions, before...), httptest.NewRecorder()
	err := sessions.Renew(t.Context(), w, opened, func(c *session.Content) { c.Account = &session.Account{Customer: "ada"} })
	if err != nil {
		t.Fatal(err)
	}
	after := w.Result().Cookies()
	if len(after) != 1 || after[0].Value == before[0].Value {
		t.Fatalf("the cookies are %v, and were %v", after, before)
	}
	if got := read(t, sessions, after...); got.Cart != "sm_ct_a" || got.Account == nil || got.Account.Customer != "ada" {
		t.Errorf("the session holds %+v", got.Content)
	}
	if got := read(t, sessions, before...); got.Cart != "" || got.Account != nil {
		t.Errorf("the secret before opens %+v", got.Content)
	}
	end := httptest.NewRecorder()
	if err := sessions.End(t.Context(), end, opened); err != nil {
		t.Fatal(err)
	}
	if cookies := end.Result().Cookies(); len(cookies) != 1 || cookies[0].MaxAge >= 0 || cookies[0].Name != "__Host-shop" {
		t.Errorf("the cookies are %v", cookies)
	}
	var left int
	if err := pool.QueryRow(t.Context(), "select count(*) from sessions").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d sessions are left: %v", left, err)
	}
}

// The orders that came last are opened, each once.
func TestASessionOpensTheLastOrders(t *testing.T) {
	t.Parallel()
	var c session.Content
	for i := range 60 {
		c.Open(session.Order{ID: string(rune('A' + i)), Number: string(rune('A' + i))})
	}
	c.Open(session.Order{ID: "y", Number: "y", Token: "new"})
	if order, ok := c.Order("y"); !ok || order.Token != "new" || c.Orders[0].ID != "y" || len(c.Orders) != 50 {
		t.Errorf("it opens %v", c.Orders)
	}
	if _, ok := c.Order("A"); ok {
		t.Error("the first order is there still")
	}
}

// What a customer typed is held when their session ends, and is theirs alone when they sign in
// again, unless they typed something else meanwhile. No more is held than pages have forms.
func TestFormsWaitForTheirCustomer(t *testing.T) {
	t.Parallel()
	typed := func(text string) session.Form { return session.Form{Values: map[string]string{"name": text}} }
	grace, eve := &session.Account{Customer: "grace"}, &session.Account{Customer: "eve"}
	held := func() *session.Content {
		c := &session.Content{Account: grace}
		c.Keep("/profile", typed("before"))
		c.Expire()
		c.Hold("grace", "/checkout", typed("sent"))
		return c
	}

	c := held()
	if c.Account != nil || len(c.Forms) != 0 {
		t.Errorf("a guest has %+v", c)
	}
	c.Keep("/checkout", typed("a guest's"))
	c.SignIn(grace)
	if got := c.Forms; got["/profile"].Values["name"] != "before" || got["/checkout"].Values["name"] != "a guest's" || c.Held != nil {
		t.Errorf("who signs in again has %+v", c)
	}
	c = held()
	c.SignIn(eve)
	if len(c.Forms) != 0 || c.Held != nil {
		t.Errorf("another has %+v", c)
	}
	c = held()
	c.Hold("eve", "/checkout", typed("eve's"))
	if c.SignIn(grace); len(c.Forms) != 0 {
		t.Errorf("after another's form there is %+v", c)
	}

	c = &session.Content{}
	for range 100 {
		c.Hold("grace", "/addresses/"+rand.Text(), typed("much"))
	}
	c.Hold("grace", "/profile", typed("the last"))
	c.Hold("grace", "/addresses/new", typed("the last"))
	c.SignIn(grace)
	if c.Forms["/profile"].Values == nil || c.Forms["/addresses/new"].Values == nil || len(c.Forms) > 20 {
		t.Errorf("%d forms are held", len(c.Forms))
	}
}
