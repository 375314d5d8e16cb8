package app_test

import (
	"maps"
	"testing"

	"github.com/google/uuid"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// A mail is written in the language in which it was requested, else in that of the account, which
// is the one in which it was made.
func TestMailsAreInTheLanguageOfWhoGetsThem(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	if err := h.SignUp(t.Context(), email(t, "ada@example.com"), "de-AT"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.VerifyEmail(t.Context(), h.link("ada@example.com"), password, domain.Person{FirstName: "Ada", LanguageCode: "de"}, from("home")); err != nil {
		t.Fatal(err)
	}
	ada := h.as("ada@example.com")
	for _, err := range []error{
		h.SignUp(t.Context(), email(t, "ada@example.com"), ""),
		h.RequestPasswordReset(t.Context(), domain.Customer, email(t, "ada@example.com"), "ar"),
		h.RequestEmailChange(ada, password, "", email(t, "ada.new@example.com"), "en", from("home")),
		h.RequestEmailChange(ada, password, "", email(t, "ada.other@example.com"), "", from("home")),
		h.InviteStaff(operator(t.Context()), uuid.Nil, nil, app.Invitation{Email: email(t, "clerk@example.com"), LanguageCode: "de-CH"}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	got := make(map[string]string)
	for _, mail := range h.mails() {
		got[mail.GetKind().String()+" "+mail.GetEmail()] = mail.GetLanguageCode()
	}
	if want := map[string]string{
		"MAIL_KIND_VERIFY_EMAIL ada@example.com": "de-AT", "MAIL_KIND_ACCOUNT_EXISTS ada@example.com": "de", "MAIL_KIND_RESET_PASSWORD ada@example.com": "ar",
		"MAIL_KIND_CONFIRM_EMAIL ada.new@example.com": "en", "MAIL_KIND_CONFIRM_EMAIL ada.other@example.com": "de",
		"MAIL_KIND_INVITATION clerk@example.com": "de-CH",
	}; !maps.Equal(got, want) {
		t.Errorf("mailed are %v, want %v", got, want)
	}
	if err := h.ChangePassword(ada, password, "", "seven purple kettles whistle", from("home")); err != nil {
		t.Fatal(err)
	}
	notices := published[*identityv1.AccountNoticed](h)
	if len(notices) != 1 || notices[0].GetLanguageCode() != "de" {
		t.Errorf("the notices are %v", notices)
	}
}
