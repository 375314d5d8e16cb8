package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/shopmesh/shopmesh/cmd/shopmesh/internal/demo"
	"github.com/shopmesh/shopmesh/cmd/shopmesh/internal/shop"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// call is send for a request that may be refused: it returns the status.
func call(t *testing.T, method, url, body, shown string, into any) int {
	t.Helper()
	res := send(t, shown, method, url, body)
	defer func() { _ = res.Body.Close() }()
	if into != nil && res.StatusCode == http.StatusOK {
		if err := json.NewDecoder(res.Body).Decode(into); err != nil {
			t.Fatal(err)
		}
	}
	return res.StatusCode
}

// signIn returns an access token, empty when the login is refused.
func signIn(t *testing.T, api, kind string, login demo.Login) string {
	t.Helper()
	var signedIn struct{ Session struct{ AccessToken string } }
	body := `{"kind": "ACCOUNT_KIND_` + kind + `", "email": "` + login.Email + `", "password": "` + login.Password + `"}`
	if status := call(t, http.MethodPost, api+"/v1/sessions:signIn", body, "", &signedIn); status != http.StatusOK && status != http.StatusUnauthorized {
		t.Fatalf("%s: %d", login.Email, status)
	}
	return signedIn.Session.AccessToken
}

// The demo has people, with passwords of this shop alone: they are shown at each start, and
// sign in for what they may. When the file with them is lost, they get others.
func TestTheDemosPeopleSignIn(t *testing.T) {
	t.Parallel()
	data := filepath.Join(tempDir(t), "data")
	ordersOf := func(api, shown string) int {
		t.Helper()
		var listed struct{ Orders []struct{ ID string } }
		if status := call(t, http.MethodGet, api+"/v1/orders", "", shown, &listed); status != http.StatusOK {
			t.Fatalf("the orders: %d", status)
		}
		return len(listed.Orders)
	}
	start := func() (*child, shop.Opened) {
		t.Helper()
		c := up(t, data, "--demo")
		opened := c.opened(t)
		if opened.Demo == nil || opened.OwnerLinkFile != "" {
			t.Fatalf("it shows %+v", opened)
		}
		owner, staff, customer := signIn(t, opened.API, "STAFF", opened.Demo.Owner), signIn(t, opened.API, "STAFF", opened.Demo.Staff), signIn(t, opened.API, "CUSTOMER", opened.Demo.Customer)
		if n := ordersOf(opened.API, customer); n != 2 {
			t.Errorf("the customer has %d orders", n)
		}
		if n := ordersOf(opened.API, staff); n != 2 {
			t.Errorf("staff sees %d orders", n)
		}
		for shown, want := range map[string]int{owner: http.StatusOK, staff: http.StatusForbidden, customer: http.StatusForbidden} {
			if status := call(t, http.MethodGet, opened.API+"/v1/accounts", "", shown, nil); status != want {
				t.Errorf("who has an account: %d, want %d", status, want)
			}
		}
		return c, opened
	}
	stop := func(c *child, opened shop.Opened) {
		t.Helper()
		c.stop(t, syscall.SIGTERM)
		for _, login := range []demo.Login{opened.Demo.Owner, opened.Demo.Staff, opened.Demo.Customer} {
			if strings.Contains(c.stderr.String(), login.Password) {
				t.Errorf("the password of %s is in the log", login.Email)
			}
		}
		if strings.Contains(c.stderr.String(), "has no orders") {
			t.Errorf("it logged %s", c.stderr)
		}
	}

	c, first := start()
	if a := *first.Demo; len(a.Owner.Password) < 20 || a.Owner.Password == a.Staff.Password || a.Staff.Password == a.Customer.Password {
		t.Errorf("the passwords are %+v", a)
	}
	testkit.Eventually(t, "the first owner's link is removed", removed(filepath.Join(data, "owner-link")))
	file := filepath.Join(data, "demo.json")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file with the passwords: %v, %v", info, err)
	}
	stop(c, first)
	c, second := start()
	if *second.Demo != *first.Demo {
		t.Errorf("the second start shows %+v", second.Demo)
	}
	stop(c, second)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	c, third := start()
	if third.Demo.Owner.Password == first.Demo.Owner.Password {
		t.Error("without its file the password is the same")
	}
	if signIn(t, third.API, "STAFF", first.Demo.Owner) != "" || signIn(t, third.API, "CUSTOMER", first.Demo.Customer) != "" {
		t.Error("a password of before signs in")
	}
	stop(c, third)
	text := demoPeople(third)
	for _, login := range []demo.Login{third.Demo.Owner, third.Demo.Staff, third.Demo.Customer} {
		if !strings.Contains(text, login.Email+"   "+login.Password) {
			t.Errorf("a terminal shows %s", text)
		}
	}
}
