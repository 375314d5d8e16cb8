package app_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// Changed lives of sessions hold for sessions that there are, those of access tokens from the
// next one on.
func TestSessionsLastAsTheSettingsState(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	session := h.signUp("ada@example.com")
	h.settings.CustomerSession = domain.SessionLife{Idle: 2 * time.Hour, Whole: 3 * time.Hour}
	h.settings.AccessTokenLife = time.Minute
	began := h.clock()
	h.after(2*time.Hour - time.Second)
	session, err := h.RefreshSession(t.Context(), session.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	if life := session.ExpireTime.Sub(h.clock()); life != time.Minute {
		t.Errorf("the access token is good for %v", life)
	}
	if whole := session.RefreshExpireTime.Sub(began); whole != 3*time.Hour {
		t.Errorf("the session ends after %v", whole)
	}
	h.settings.CustomerSession.Idle = time.Hour
	h.after(time.Hour)
	_, err = h.RefreshSession(t.Context(), session.RefreshToken)
	wants(t, "after the shorter idle time", err, fault.ReasonTokenExpired)
}

// A link keeps the life that it was made with, whatever the settings become.
func TestLinksAreGoodAsTheSettingsState(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.settings.VerifyEmailLinkLife = time.Hour
	if err := h.SignUp(t.Context(), email(t, "ada@example.com"), ""); err != nil {
		t.Fatal(err)
	}
	text := h.link("ada@example.com")
	if life := h.mails()[0].GetExpireTime().AsTime().Sub(h.clock()); life != time.Hour {
		t.Errorf("the mail states a life of %v", life)
	}
	h.settings.VerifyEmailLinkLife = 24 * time.Hour
	h.after(time.Hour)
	_, err := h.VerifyEmail(t.Context(), text, password, domain.Person{FirstName: "Ada"}, from("home"))
	wants(t, "after its hour", err, domain.ReasonLinkInvalid)
	if link, err := h.CreateOperatorLink(t.Context(), app.LinkRequest{As: "owner", Email: email(t, "owner@example.com")}); err != nil ||
		link.ExpireTime.Sub(h.clock()) != 72*time.Hour {
		t.Errorf("an invitation: %v, %v", link, err)
	}
}

// No API key is made that would be good for longer than the settings allow.
func TestAPIKeysEndAsTheSettingsState(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.settings.MaxAPIKeyLife = 48 * time.Hour
	creator := h.member(h.hire(operator(t.Context()), "staff@example.com", false, domain.StockRead), false, domain.StockRead)
	permissions := []domain.Permission{domain.StockRead}
	if _, _, err := h.CreateAPIKey(creator, uuid.Nil, nil, "warehouse", permissions, h.clock().Add(48*time.Hour)); err != nil {
		t.Error(err)
	}
	_, _, err := h.CreateAPIKey(creator, uuid.Nil, nil, "warehouse", permissions, h.clock().Add(48*time.Hour+time.Second))
	wants(t, "a longer life", err, fault.ReasonInvalidField)
}

// An access token states for how long its proof counts for a step-up.
func TestTokensStateTheAgeOfAProof(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	var issued token.AccessClaims
	issue := h.Issue
	h.Issue = func(claims token.AccessClaims, life time.Duration) (string, error) {
		issued = claims
		return issue(claims, life)
	}
	h.settings.StepUpAge, h.settings.RequireStaffTotp = 2*time.Minute, true
	if h.hire(operator(t.Context()), "staff@example.com", false, domain.StockRead) == uuid.Nil || issued.StepUpAge != 2*time.Minute || !issued.MustEnroll {
		t.Errorf("the token states %+v", issued)
	}
}
