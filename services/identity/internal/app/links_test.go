package app_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// A mail that is sent again holds the same link, which is not used up by that.
func TestAMailSentAgainHasTheSameLink(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	if err := h.SignUp(t.Context(), email(t, "ada@example.com")); err != nil {
		t.Fatal(err)
	}
	link := h.link("ada@example.com")
	for range 3 {
		if again := h.link("ada@example.com"); again != link {
			t.Fatal("the link changed")
		}
	}
	if _, err := h.VerifyEmail(t.Context(), link, password, domain.Person{FirstName: "Ada"}, from("home")); err != nil {
		t.Error(err)
	}
}

// Attack 25: used, expired, another purpose and another's tokens have one answer.
func TestLinksThatAreNoLongerGood(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	session := h.signUp("ada@example.com")
	reset := func() string {
		h.after(time.Hour)
		if err := h.RequestPasswordReset(t.Context(), domain.Customer, email(t, "ada@example.com")); err != nil {
			t.Fatal(err)
		}
		return h.link("ada@example.com")
	}
	use := func(link string) error {
		return h.ResetPassword(t.Context(), link, "another long password here", from("home"))
	}
	first, second := reset(), reset()
	if err := use(second); err != nil {
		t.Fatal(err)
	}
	late := reset()
	h.after(30 * time.Minute)
	texts := map[string]bool{}
	for what, link := range map[string]string{
		"used": second, "its password was set by another link": first, "expired": late, "none": "sm_ln_x", "empty": "",
		"a refresh token": session.RefreshToken,
	} {
		err := use(link)
		wants(t, what, err, domain.ReasonLinkInvalid)
		if f, ok := fault.Of(err); ok {
			texts[f.Message()] = true
		}
	}
	if len(texts) != 1 {
		t.Errorf("there are several texts: %v", texts)
	}
}

// No event, and no row, holds what opens an account.
func TestNoSecretIsStored(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	if err := h.SignUp(t.Context(), email(t, "ada@example.com")); err != nil {
		t.Fatal(err)
	}
	link := h.link("ada@example.com")
	session, err := h.VerifyEmail(t.Context(), link, password, domain.Person{FirstName: "Ada"}, from("home"))
	if err != nil {
		t.Fatal(err)
	}
	_, linkBytes, linkErr := token.Parse(link)
	_, refreshBytes, refreshErr := token.Parse(session.RefreshToken)
	if err := errors.Join(linkErr, refreshErr); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"outbox", "accounts", "sessions", "links", "mail_requests", "mails", "sign_in_failures"} {
		rows, err := h.pool.Query(t.Context(), `select to_jsonb(t)::text from `+table+` t`)
		if err != nil {
			t.Fatal(err)
		}
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		all := strings.Join(texts, "\n")
		// The ids are at the beginning; the 32 bytes of the MACs are what counts.
		for what, secret := range map[string]string{
			"the link": link, "the refresh token": session.RefreshToken, "the access token": session.AccessToken, "the password": password,
			"the link's MAC": fmt.Sprintf("%x", linkBytes[16:]), "the refresh token's MAC": fmt.Sprintf("%x", refreshBytes[24:]),
		} {
			if strings.Contains(all, secret) {
				t.Errorf("%s holds %s", table, what)
			}
		}
	}
}
