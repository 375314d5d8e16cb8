package app_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// supabase/auth#466: two tabs that refresh at once, or a lost answer, keep the session.
func TestTwoTabsRefreshOnce(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	first := h.signUp("ada@example.com").RefreshToken
	var tabs sync.WaitGroup
	successors := make([]string, 8)
	for i := range successors {
		tabs.Go(func() {
			session, err := h.RefreshSession(t.Context(), first)
			if err != nil {
				t.Error(err)
			}
			successors[i] = session.RefreshToken
		})
	}
	tabs.Wait()
	for _, s := range successors[1:] {
		if s != successors[0] || s == first {
			t.Fatal("two tabs got two successors")
		}
	}
	before := h.epoch("ada@example.com")
	h.after(31 * time.Second)
	_, err := h.RefreshSession(t.Context(), first)
	wants(t, "after 31 s", err, domain.ReasonTokenReused)
	_, err = h.RefreshSession(t.Context(), successors[0])
	wants(t, "the successor then", err, fault.ReasonTokenExpired)
	if h.epoch("ada@example.com") <= before {
		t.Error("access tokens go on")
	}
	notices := published[*identityv1.AccountNoticed](h)
	if len(notices) != 1 || notices[0].GetKind() != identityv1.NoticeKind_NOTICE_KIND_TOKEN_REUSED {
		t.Errorf("the notices are %v", notices)
	}
}

// Attack 26: what was signed in before a sign-out or another password is not any more.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.signUp("ada@example.com")
	phone, err := h.signIn("ada@example.com", password, "phone")
	if err != nil {
		t.Fatal(err)
	}
	h.after(time.Second)
	laptop, err := h.signIn("ada@example.com", password, "laptop")
	if err != nil {
		t.Fatal(err)
	}
	ada := h.as("ada@example.com")
	if sessions, _, _, err := h.ListSessions(ada); err != nil || len(sessions) != 3 {
		t.Fatalf("%d sessions, %v", len(sessions), err)
	}
	err = h.ChangePassword(ada, "a wrong password", "", "another long password here", from("laptop"))
	wants(t, "without the password", err, domain.ReasonCredentialsInvalid)
	before := h.epoch("ada@example.com")
	if err := h.ChangePassword(ada, password, "", "another long password here", from("laptop")); err != nil {
		t.Fatal(err)
	}
	if h.epoch("ada@example.com") <= before {
		t.Error("access tokens from before the change are good")
	}
	_, err = h.RefreshSession(t.Context(), phone.RefreshToken)
	wants(t, "another session after the change", err, fault.ReasonTokenExpired)
	next, err := h.RefreshSession(t.Context(), laptop.RefreshToken)
	if err != nil {
		t.Fatalf("the session that changed it: %v", err)
	}
	_, err = h.signIn("ada@example.com", password, "phone")
	wants(t, "the old password", err, domain.ReasonCredentialsInvalid)

	if err := h.SignOut(t.Context(), next.RefreshToken); err != nil {
		t.Fatal(err)
	}
	if err := h.SignOut(t.Context(), next.RefreshToken); err != nil {
		t.Errorf("signing out again: %v", err)
	}
	_, err = h.RefreshSession(t.Context(), next.RefreshToken)
	wants(t, "after signing out", err, fault.ReasonTokenExpired)
	wants(t, "another's session", h.RevokeSession(ada, uuid.New()), domain.ReasonSessionNotFound)
}

// After a restore, what was ended since the backup is not good again.
func TestARestoredShopHasNoSessions(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	session := h.signUp("ada@example.com")
	if err := h.RequestPasswordReset(t.Context(), domain.Customer, email(t, "ada@example.com"), ""); err != nil {
		t.Fatal(err)
	}
	link, before := h.link("ada@example.com"), h.epoch("ada@example.com")
	if err := app.Renew(t.Context(), h.pool); err != nil {
		t.Fatal(err)
	}
	_, err := h.RefreshSession(t.Context(), session.RefreshToken)
	wants(t, "a session", err, fault.ReasonTokenExpired)
	wants(t, "a link", h.ResetPassword(t.Context(), link, "another long password here", from("home")), domain.ReasonLinkInvalid)
	if h.epoch("ada@example.com") <= before {
		t.Error("access tokens are good")
	}
	if _, err := h.signIn("ada@example.com", password, "home"); err != nil {
		t.Errorf("signing in: %v", err)
	}
}

// What is kept about a customer who signs in is exported, with the sessions that ended.
func TestAnExportHoldsTheAccountAndItsSessions(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.signUp("ada@example.com")
	h.signUp("eva@example.com")
	h.after(time.Second)
	laptop, err := h.signIn("ada@example.com", password, "laptop")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.SignOut(t.Context(), laptop.RefreshToken); err != nil {
		t.Fatal(err)
	}
	var customer uuid.UUID
	if err := h.pool.QueryRow(t.Context(), `select customer_id from accounts where email = 'ada@example.com'`).Scan(&customer); err != nil {
		t.Fatal(err)
	}
	account, sessions, _, err := h.ExportAccount(t.Context(), customer)
	if err != nil || account.Email.Address != "ada@example.com" || len(sessions) != 2 {
		t.Fatalf("the account %+v with %d sessions, %v", account, len(sessions), err)
	}
	if sessions[0].AddressPrefix != "laptop" || sessions[0].EndTime.IsZero() || sessions[1].AddressPrefix != "home" || !sessions[1].EndTime.IsZero() {
		t.Errorf("the sessions are %+v", sessions)
	}
	account, sessions, _, err = h.ExportAccount(t.Context(), uuid.New())
	if err != nil || account.ID != uuid.Nil || sessions != nil {
		t.Errorf("of a customer without an account: %+v, %v, %v", account, sessions, err)
	}
}
