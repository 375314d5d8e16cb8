package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/kit/command"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

const ownerPassword = "seven unlikely otters sing"

// acceptInvite makes the account of a link, and returns its access token.
func acceptInvite(t *testing.T, api, link, more string) string {
	t.Helper()
	_, token, _ := strings.Cut(strings.TrimSpace(link), "#")
	var accepted struct{ Session struct{ AccessToken string } }
	post(t, "", api+"/v1/staff:acceptInvite", `{"token": "`+token+`", "password": "`+ownerPassword+`", "firstName": "Grace"`+more+`}`, &accepted)
	return accepted.Session.AccessToken
}

func removed(file string) func() bool {
	return func() bool {
		_, err := os.Stat(file)
		return errors.Is(err, fs.ErrNotExist)
	}
}

// A shop that begins has no owner: its data directory has the link of the first one, which is
// renewed at a start and gone with the owner. No log has it.
func TestTheFirstOwnersLinkIsInTheDataDirectory(t *testing.T) {
	t.Parallel()
	data := filepath.Join(tempDir(t), "data")
	first := up(t, data)
	file := first.opened(t).OwnerLinkFile
	if file != filepath.Join(data, "owner-link") {
		t.Fatalf("the link is in %q", file)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the link's file: %v, %v", info, err)
	}
	before, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(before), "http://shopmesh.localhost/accept-invitation#sm_ln_") {
		t.Fatalf("the link is %q, %v", before, err)
	}
	first.stop(t, syscall.SIGTERM)
	if got := run(t, "audit", "--data", data); got.code != 0 {
		t.Errorf("an audit of the stopped shop: %+v", got)
	}
	if after, err := os.ReadFile(file); err != nil || string(after) != string(before) {
		t.Errorf("an audit changed the link: %v", err)
	}

	second := up(t, data, "--public-url", "https://shop.example")
	opened := second.opened(t)
	link, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(link), "https://shop.example/accept-invitation#") {
		t.Fatalf("the link is %q, %v", link, err)
	}
	_, over, _ := strings.Cut(strings.TrimSpace(string(before)), "#")
	body := `{"token": "` + over + `", "email": "eve@example.com", "password": "` + ownerPassword + `", "firstName": "Eve"}`
	if status := call(t, http.MethodPost, opened.API+"/v1/staff:acceptInvite", body, "", nil); status != http.StatusBadRequest {
		t.Errorf("the link of the first start is answered with %d", status)
	}
	if token := acceptInvite(t, opened.API, string(link), `, "email": "grace@example.com"`); token == "" {
		t.Error("the first owner is not signed in")
	}
	testkit.Eventually(t, "the link is removed", removed(file))
	second.stop(t, syscall.SIGTERM)
	for _, c := range []*child{first, second} {
		if log := c.stderr.String(); strings.Contains(log, "sm_ln_") || strings.Contains(log, "grace@") {
			t.Errorf("it logged %s", log)
		}
	}
	third := up(t, data)
	if file := third.opened(t).OwnerLinkFile; file != "" {
		t.Errorf("with an owner the link is in %s", file)
	}
	third.stop(t, syscall.SIGTERM)
}

// Whoever owns the data directory invites owners, and gives links to those who lost theirs.
func TestTheOwnerOfTheDirectoryInvitesOwners(t *testing.T) {
	t.Parallel()
	data := filepath.Join(tempDir(t), "data")
	owner := func(args ...string) result {
		return run(t, append([]string{"owner"}, append(args, "--data", data)...)...)
	}
	if got := owner("create", "--email", "grace@example.com"); got.code != command.ExitFailed || !strings.Contains(got.stderr, "no shop runs in "+data) {
		t.Errorf("without a shop: %+v", got)
	}
	c := up(t, data)
	opened := c.opened(t)
	for want, args := range map[string][]string{
		"needs a command: create or link":     nil,
		"--email is missing":                  {"create"},
		"email: ":                             {"create", "--email", "grace"},
		"nobody with this e-mail address has": {"link", "--email", "grace@example.com"},
		"takes no argument":                   {"create", "grace@example.com"},
	} {
		if args == nil {
			if got := run(t, "owner"); got.code != command.ExitUsage || !strings.Contains(got.stderr, want) {
				t.Errorf("alone: %+v", got)
			}
			continue
		}
		if got := owner(args...); got.code != command.ExitUsage || got.stdout != "" || !strings.Contains(got.stderr, want) {
			t.Errorf("%v: %+v", args, got)
		}
	}
	created := owner("create", "--email", "grace@example.com")
	if created.code != 0 || created.stderr != "" || !strings.HasPrefix(created.stdout, "http://shopmesh.localhost/accept-invitation#sm_ln_") || strings.Count(created.stdout, "\n") != 1 {
		t.Fatalf("create: %+v", created)
	}
	acceptInvite(t, opened.API, created.stdout, "")
	testkit.Eventually(t, "the first owner's link is removed", removed(opened.OwnerLinkFile))
	if got := owner("create", "--email", "Grace@example.com"); got.code != command.ExitUsage || !strings.Contains(got.stderr, "has this e-mail address") {
		t.Errorf("twice: %+v", got)
	}
	var link struct {
		Link, Purpose string
		ExpireTime    time.Time `json:"expire_time"`
	}
	got := run(t, "owner", "link", "--email", "grace@example.com", "--socket", filepath.Join(data, "operator.sock"), "--reset-totp", "--json")
	if err := json.Unmarshal([]byte(got.stdout), &link); err != nil || link.Purpose != "reset_password" || time.Until(link.ExpireTime) < 25*time.Minute {
		t.Fatalf("link: %+v, %v", got, err)
	}
	_, token, _ := strings.Cut(link.Link, "#")
	const other = "nine lazy rivers wind"
	post(t, "", opened.API+"/v1/accounts:resetPassword", `{"token": "`+token+`", "password": "`+other+`"}`, nil)
	post(t, "", opened.API+"/v1/sessions:signIn", `{"kind": "ACCOUNT_KIND_STAFF", "email": "grace@example.com", "password": "`+other+`"}`, nil)
	c.stop(t, syscall.SIGTERM)
	log := c.stderr.String()
	if strings.Count(log, "the operator's socket handed out a link") != 2 || strings.Contains(log, "sm_ln_") || strings.Contains(log, "grace@") {
		t.Errorf("it logged %s", log)
	}
}
