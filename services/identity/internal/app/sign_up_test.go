package app_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// Before an address is verified there is no account, no customer, and no sign-in.
func TestAnAccountBeginsWithItsVerification(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	if err := h.SignUp(t.Context(), email(t, "ada@example.com"), ""); err != nil {
		t.Fatal(err)
	}
	_, err := h.signIn("ada@example.com", password, "home")
	wants(t, "before the verification", err, domain.ReasonCredentialsInvalid)
	if len(h.customers) != 0 {
		t.Error("there is a customer before the verification")
	}
	link := h.link("ada@example.com")
	_, err = h.VerifyEmail(t.Context(), link, "password1234", domain.Person{FirstName: "Ada"}, from("home"))
	wants(t, "a common password", err, domain.ReasonPasswordWeak)
	session, err := h.VerifyEmail(t.Context(), link, password, domain.Person{FirstName: "Ada"}, from("home"))
	if err != nil || session.AccessToken == "" || session.RefreshToken == "" {
		t.Fatalf("the verification: %+v, %v", session, err)
	}
	_, err = h.VerifyEmail(t.Context(), link, password, domain.Person{FirstName: "Eve"}, from("home"))
	wants(t, "the second time", err, domain.ReasonLinkInvalid)
	if _, err := h.signIn("ADA@Example.com", password, "home"); err != nil {
		t.Errorf("the address in another case: %v", err)
	}
	if verified := published[*identityv1.AccountVerified](h); len(verified) != 1 || verified[0].GetEmail() != "ada@example.com" {
		t.Errorf("published %v", verified)
	}
}

// Who gave up half-way, after customer made the customer, finishes the sign-up however late:
// customer has an address with one account, so each later link makes that account.
func TestASignUpIsFinishedHoweverLate(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	linkCustomer, lost := h.LinkCustomer, errors.New("the answer was lost")
	accounts := map[string]uuid.UUID{} // by address
	h.LinkCustomer = func(ctx context.Context, c domain.NewCustomer) (uuid.UUID, error) {
		account, known := accounts[c.Email.Address]
		if known && account != c.AccountID {
			return uuid.Nil, domain.ErrEmailTaken()
		}
		accounts[c.Email.Address] = c.AccountID
		id, err := linkCustomer(ctx, c)
		if !known {
			err = lost
		}
		return id, err
	}
	verify := func() error {
		if err := h.SignUp(t.Context(), email(t, "ada@example.com"), ""); err != nil {
			t.Fatal(err)
		}
		_, err := h.VerifyEmail(t.Context(), h.link("ada@example.com"), password, domain.Person{FirstName: "Ada"}, from("home"))
		return err
	}
	links := func() (n int) {
		if err := h.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := h.pool.QueryRow(t.Context(), `select count(*) from links`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if err := verify(); !errors.Is(err, lost) {
		t.Fatal(err)
	}
	h.after(30 * 24 * time.Hour)
	if n := links(); n != 1 {
		t.Errorf("%d links are kept, want the one that was begun", n)
	}
	if err := app.Renew(t.Context(), h.pool); err != nil { // a restore uses links up
		t.Fatal(err)
	}
	if err := verify(); err != nil {
		t.Fatal(err)
	}
	h.after(30 * 24 * time.Hour)
	if n := links(); n != 0 {
		t.Errorf("%d links are kept once there is the account", n)
	}
	if n := len(published[*identityv1.MailLinkRequested](h)); n != 2 {
		t.Errorf("%d mails", n)
	}
}

// Vendure GHSA-wr5h: signing up over an account changes nothing of it, and is mailed
// to its owner alone.
func TestSigningUpAgainIsMailedToTheOwner(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.signUp("ada@example.com")
	if err := h.SignUp(t.Context(), email(t, "Ada@example.com"), ""); err != nil {
		t.Fatal(err)
	}
	link := h.link("Ada@example.com")
	mails := h.mails()
	if kind := mails[len(mails)-1].GetKind(); kind != identityv1.MailKind_MAIL_KIND_ACCOUNT_EXISTS {
		t.Errorf("the mail is of the kind %s", kind)
	}
	_, err := h.VerifyEmail(t.Context(), link, "another long password here", domain.Person{FirstName: "Eve"}, from("away"))
	wants(t, "a link that sets a password", err, domain.ReasonLinkInvalid)
	if _, err := h.signIn("ada@example.com", password, "home"); err != nil {
		t.Errorf("the owner's password: %v", err)
	}
}

// An address is mailed three links for a purpose an hour at most, or as many as an owner set,
// from the next request on; more are dropped in silence.
func TestAnAddressIsNotFlooded(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	requested := func(times int) int {
		t.Helper()
		for range times {
			if err := h.SignUp(t.Context(), email(t, "ada@example.com"), ""); err != nil {
				t.Fatal(err)
			}
		}
		return len(h.mails())
	}
	if mails := requested(10); mails != 3 {
		t.Errorf("%d mails were requested, want 3", mails)
	}
	h.settings.MailsPerAddress = 5
	if mails := requested(10); mails != 5 {
		t.Errorf("with five allowed there are %d mails", mails)
	}
	h.settings.MailsPerAddress = 1
	h.after(time.Hour + time.Second)
	if mails := requested(2); mails != 6 {
		t.Errorf("an hour later, with one allowed, there are %d mails, want 6", mails)
	}
}

// Whoever requests all links that an address gets as a customer's keeps none from its owner
// who works for the shop.
func TestLinksOfCustomersKeepNoneFromStaff(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.hire(operator(t.Context()), "owner@example.com", true)
	invited := len(h.mails())
	for range 4 {
		if err := h.SignUp(t.Context(), email(t, "owner@example.com"), ""); err != nil {
			t.Fatal(err)
		}
	}
	if mails := h.mails(); len(mails) != invited+3 {
		t.Fatalf("%d links were mailed, want 3", len(mails)-invited)
	}
	for n := range 4 {
		if err := h.RequestPasswordReset(t.Context(), domain.Staff, email(t, "owner@example.com"), ""); err != nil {
			t.Fatal(err)
		}
		mails := h.mails()
		if want := invited + 3 + min(n+1, 3); len(mails) != want {
			t.Errorf("after %d requests of the owner %d links were mailed, want %d", n+1, len(mails), want)
		}
	}
	mails := h.mails()
	if last := mails[len(mails)-1]; last.GetKind() != identityv1.MailKind_MAIL_KIND_RESET_PASSWORD {
		t.Errorf("the owner was mailed %v", last)
	}
}

// Somebody who signed up twice may follow either link, also after identity ended between
// linking the customer and making the account: customer links an address to one account.
func TestEachLinkOfAnAddressMakesTheSameAccount(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	signUp := func() string {
		if err := h.SignUp(t.Context(), email(t, "ada@example.com"), ""); err != nil {
			t.Fatal(err)
		}
		h.after(time.Second)
		return h.link("ada@example.com")
	}
	verify := func(link string) error {
		_, err := h.VerifyEmail(t.Context(), link, password, domain.Person{FirstName: "Ada"}, from("home"))
		return err
	}
	first, second := signUp(), signUp()
	if first == second {
		t.Fatal("there is one link")
	}
	linkCustomer := h.LinkCustomer
	h.LinkCustomer = func(ctx context.Context, c domain.NewCustomer) (uuid.UUID, error) {
		_, err := linkCustomer(ctx, c)
		return uuid.Nil, errors.Join(err, errors.New("the process ends"))
	}
	if err := verify(first); err == nil {
		t.Fatal("the process did not end")
	}
	h.LinkCustomer = linkCustomer
	if err := verify(second); err != nil {
		t.Errorf("the other link: %v", err)
	}
	if len(h.customers) != 1 {
		t.Errorf("customer was called for %d accounts of one address", len(h.customers))
	}
	wants(t, "the first link then", verify(first), domain.ReasonLinkInvalid)
}

// An address whose customer is another account's gets no account, and its link goes as any
// other does: no erasure would name it.
func TestALinkThatMadeNoCustomerGoes(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.LinkCustomer = func(context.Context, domain.NewCustomer) (uuid.UUID, error) { return uuid.Nil, domain.ErrEmailTaken() }
	if err := h.SignUp(t.Context(), email(t, "ada@example.com"), ""); err != nil {
		t.Fatal(err)
	}
	_, err := h.VerifyEmail(t.Context(), h.link("ada@example.com"), password, domain.Person{FirstName: "Ada"}, from("home"))
	wants(t, "the customer of another account", err, domain.ReasonEmailTaken)
	h.after(30 * 24 * time.Hour)
	if err := h.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	var kept int
	if err := h.pool.QueryRow(t.Context(), `select count(*) from links`).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("%d links are kept, %v", kept, err)
	}
}
