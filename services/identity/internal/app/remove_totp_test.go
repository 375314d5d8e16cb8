package app_test

import (
	"testing"
	"time"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// Who takes their second factor off signs in with the password alone again. Their other sessions
// are over, it is mailed to them, and doing it again changes nothing.
func TestASecondFactorIsTakenOff(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.signUp("ada@example.com")
	ada := h.as("ada@example.com")
	secret, _, err := h.EnrollTotp(ada)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.ConfirmTotp(ada, secret, domain.TotpCode(secret, h.clock())); err != nil {
		t.Fatal(err)
	}
	h.after(time.Minute)
	if _, err := h.SignIn(t.Context(), domain.Customer, email(t, "ada@example.com"), password, domain.TotpCode(secret, h.clock()), from("hotel")); err != nil {
		t.Fatal(err)
	}
	before := h.epoch("ada@example.com")
	for range 2 {
		if err := h.RemoveTotp(ada); err != nil {
			t.Fatal(err)
		}
	}
	if epoch := h.epoch("ada@example.com"); epoch != before+1 {
		t.Errorf("the epoch rose by %d", epoch-before)
	}
	var sessions, codes int
	if err := h.pool.QueryRow(t.Context(), `select (select count(*) from sessions where end_time is null), (select count(*) from recovery_codes)`).Scan(&sessions, &codes); err != nil {
		t.Fatal(err)
	}
	if sessions != 1 || codes != 0 {
		t.Errorf("%d sessions and %d recovery codes are left", sessions, codes)
	}
	changed := 0
	for _, notice := range published[*identityv1.AccountNoticed](h) {
		if notice.GetKind() == identityv1.NoticeKind_NOTICE_KIND_TOTP_CHANGED {
			changed++
		}
	}
	if changed != 2 { // setting it up is mailed, too
		t.Errorf("%d notices are mailed", changed)
	}
	if _, err := h.signIn("ada@example.com", password, "home"); err != nil {
		t.Errorf("the password alone: %v", err)
	}
}
