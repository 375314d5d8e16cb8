package app_test

import (
	"testing"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// Attack 28, Saleor CVE-2026-39851: another address needs the password, shows nothing about
// who has it, and is mailed to the address before.
func TestEmailChangeIsNoOracle(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.signUp("ada@example.com")
	h.signUp("taken@example.com")
	ada := h.as("ada@example.com")
	err := h.RequestEmailChange(ada, "a wrong password", "", email(t, "new@example.com"), "", from("home"))
	wants(t, "without the password", err, domain.ReasonCredentialsInvalid)
	before := len(h.mails())
	for _, address := range []string{"taken@example.com", "new@example.com"} {
		if err := h.RequestEmailChange(ada, password, "", email(t, address), "", from("home")); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	if mails := h.mails()[before:]; len(mails) != 1 || mails[0].GetEmail() != "new@example.com" {
		t.Fatalf("mailed %v, want one to the address that is free", mails)
	}
	link := h.link("new@example.com")
	if err := h.RequestEmailChange(ada, password, "", email(t, "mistyped@example.com"), "", from("home")); err != nil {
		t.Fatal(err)
	}
	mistyped := h.link("mistyped@example.com")
	if err := h.ConfirmEmailChange(t.Context(), link); err != nil {
		t.Fatal(err)
	}
	wants(t, "another link", h.ConfirmEmailChange(t.Context(), mistyped), domain.ReasonLinkInvalid)
	wants(t, "again", h.ConfirmEmailChange(t.Context(), link), domain.ReasonLinkInvalid)
	_, err = h.signIn("ada@example.com", password, "home")
	wants(t, "the address before", err, domain.ReasonCredentialsInvalid)
	if _, err := h.signIn("new@example.com", password, "home"); err != nil {
		t.Error(err)
	}
	notices := published[*identityv1.AccountNoticed](h)
	last := notices[len(notices)-1]
	if last.GetEmail() != "ada@example.com" || last.GetKind() != identityv1.NoticeKind_NOTICE_KIND_EMAIL_CHANGED {
		t.Errorf("the last notice is %v", last)
	}
}

// Who knew the password can't take the account any more once its owner set another one: the
// link to another address, and the request that would become one, end with it.
func TestANewPasswordEndsAChangeOfTheAddress(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.signUp("ada@example.com")
	request := func(address string) {
		t.Helper()
		if err := h.RequestEmailChange(h.as("ada@example.com"), password, "", email(t, address), "", from("elsewhere")); err != nil {
			t.Fatal(err)
		}
	}
	request("thief@example.com")
	link := h.link("thief@example.com")
	request("thief.again@example.com") // nobody decided about it yet
	if err := h.ChangePassword(h.as("ada@example.com"), password, "", "another long password here", from("home")); err != nil {
		t.Fatal(err)
	}
	wants(t, "the link from before", h.ConfirmEmailChange(t.Context(), link), domain.ReasonLinkInvalid)
	if mails := h.mails(); mails[len(mails)-1].GetEmail() == "thief.again@example.com" {
		t.Error("what was requested before became a link")
	}
	if _, err := h.signIn("ada@example.com", "another long password here", "home"); err != nil {
		t.Error(err)
	}
}
