package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// tokenOf returns what stands after the # of a link.
func tokenOf(link string) string {
	_, token, _ := strings.Cut(link, "#")
	return token
}

// The operator gets links for owners: one that makes the account, another when that was
// lost, and one that sets another password once there is the account. No mail has any.
func TestTheOperatorGetsLinksForOwners(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	request := func(address string) app.LinkRequest {
		return app.LinkRequest{As: "owner", Email: email(t, address), By: "operator-1"}
	}
	create := func(address string) (app.OperatorLink, error) {
		return h.CreateOperatorLink(t.Context(), request(address))
	}
	renew := func(address string) (app.OperatorLink, error) {
		return h.RenewOperatorLink(t.Context(), request(address))
	}

	_, err := renew("grace@example.com")
	wants(t, "nobody was invited", err, fault.ReasonInvalidField)
	lost, err := create("grace@example.com")
	if err != nil || !strings.HasPrefix(lost.URL, "/accept-invitation#sm_ln_") || lost.ExpireTime != h.clock().Add(72*time.Hour) {
		t.Fatalf("%+v, %v", lost, err)
	}
	invitation, err := renew("Grace@example.com")
	if err != nil || invitation.Purpose != domain.Invitation {
		t.Fatalf("%+v, %v", invitation, err)
	}
	grace := domain.Person{FirstName: "Grace"}
	_, err = h.AcceptInvite(t.Context(), tokenOf(lost.URL), domain.Email{}, staffPassword, grace, from("home"))
	wants(t, "the link that was lost", err, domain.ReasonLinkInvalid)
	_, err = h.AcceptInvite(t.Context(), tokenOf(invitation.URL), email(t, "eve@example.com"), staffPassword, grace, from("home"))
	wants(t, "for another address", err, fault.ReasonInvalidField)
	if _, err = h.AcceptInvite(t.Context(), tokenOf(invitation.URL), domain.Email{}, staffPassword, grace, from("home")); err != nil {
		t.Fatal(err)
	}

	_, err = create("GRACE@example.com")
	wants(t, "an address that has an account", err, domain.ReasonEmailTaken)
	reset, err := renew("grace@example.com")
	if err != nil || !strings.HasPrefix(reset.URL, "/account/reset#sm_ln_") || reset.ExpireTime != h.clock().Add(30*time.Minute) {
		t.Fatalf("%+v, %v", reset, err)
	}
	const other = "nine lazy rivers wind"
	if err := h.ResetPassword(t.Context(), tokenOf(reset.URL), other, from("home")); err != nil {
		t.Fatal(err)
	}
	if _, err := h.SignIn(t.Context(), domain.Staff, email(t, "grace@example.com"), other, "", from("home")); err != nil {
		t.Error(err)
	}
	if mails := h.mails(); len(mails) > 0 {
		t.Errorf("%d links were mailed", len(mails))
	}
}

// An owner who lost the phone and the recovery codes signs in with the password alone after
// the operator's link removed the second factor; another link leaves it. Its owner is mailed.
func TestTheOperatorsLinkResetsTheSecondFactor(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	id := h.hire(operator(t.Context()), "grace@example.com", true)
	grace := h.member(id, true)
	secret, _, err := h.EnrollTotp(grace)
	if err != nil {
		t.Fatal(err)
	}
	recovery, err := h.ConfirmTotp(grace, secret, domain.TotpCode(secret, h.clock()))
	if err != nil {
		t.Fatal(err)
	}
	signIn := func(password, code string) error {
		_, err := h.SignIn(t.Context(), domain.Staff, email(t, "grace@example.com"), password, code, from("home"))
		return err
	}
	passwords := map[bool]string{false: "nine lazy rivers wind", true: "four proud kettles sing"}
	for _, reset := range []bool{false, true} {
		link, err := h.RenewOperatorLink(t.Context(), app.LinkRequest{As: "owner", Email: email(t, "grace@example.com"), ResetTotp: reset, By: "operator-1"})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.ResetPassword(t.Context(), tokenOf(link.URL), passwords[reset], from("home")); err != nil {
			t.Fatal(err)
		}
		if err := signIn(passwords[reset], ""); (err == nil) != reset {
			t.Errorf("reset: %v: the password alone: %v", reset, err)
		}
	}
	var codes int
	if err := h.pool.QueryRow(t.Context(), `select count(*) from recovery_codes`).Scan(&codes); err != nil || codes != 0 || len(recovery) == 0 {
		t.Errorf("%d of %d recovery codes are left, %v", codes, len(recovery), err)
	}
	notices := published[*identityv1.AccountNoticed](h)
	if n := len(notices); n == 0 || notices[n-2].GetKind() != identityv1.NoticeKind_NOTICE_KIND_TOTP_CHANGED || notices[n-2].GetAccountId() != id.String() {
		t.Errorf("mailed are %v", notices)
	}
	_, err = h.CreateOperatorLink(t.Context(), app.LinkRequest{As: "owner", Email: email(t, "new@example.com"), By: "operator-1"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.RenewOperatorLink(t.Context(), app.LinkRequest{As: "owner", Email: email(t, "new@example.com"), ResetTotp: true, By: "operator-1"})
	wants(t, "of who has no account yet", err, fault.ReasonInvalidField)
	_, err = h.CreateOperatorLink(t.Context(), app.LinkRequest{As: "owner", Email: email(t, "other@example.com"), ResetTotp: true, By: "operator-1"})
	wants(t, "with an invitation", err, fault.ReasonInvalidField)
}

// Links are for the roles that there are, and renewed for the role that the account has.
func TestTheOperatorsLinksHaveARole(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	create := func(as, address string) (app.OperatorLink, error) {
		return h.CreateOperatorLink(t.Context(), app.LinkRequest{As: as, Email: email(t, address), By: "operator-1"})
	}
	clerk, err := create("staff:STOCK_READ", "clerk@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.AcceptInvite(t.Context(), tokenOf(clerk.URL), domain.Email{}, staffPassword, domain.Person{FirstName: "Joan"}, from("shop")); err != nil {
		t.Fatal(err)
	}
	shopper, err := create("customer", "clerk@example.com") // somebody who buys, too
	if err != nil || shopper.Purpose != domain.VerifyEmail {
		t.Fatalf("%+v, %v", shopper, err)
	}
	if _, err := h.VerifyEmail(t.Context(), tokenOf(shopper.URL), password, domain.Person{FirstName: "Joan"}, from("home")); err != nil {
		t.Fatal(err)
	}
	for as, want := range map[string]string{"root": "is no role", "staff": "is no role", "staff:ORDERS": "there are ACCOUNTS_READ", "customer:x": "is no role"} {
		if _, err := create(as, "x@example.com"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", as, err)
		}
	}
	renew := func(as, address string) error {
		_, err := h.RenewOperatorLink(t.Context(), app.LinkRequest{As: as, Email: email(t, address), By: "operator-1"})
		return err
	}
	wants(t, "an owner's link of a clerk", renew("owner", "clerk@example.com"), fault.ReasonInvalidField)
	wants(t, "nobody's", renew("customer", "nobody@example.com"), fault.ReasonInvalidField)
	if err := renew("customer", "clerk@example.com"); err != nil {
		t.Error(err)
	}
	owner := h.member(h.hire(operator(t.Context()), "owner@example.com", true), true)
	if _, err := h.SetDisabled(owner, h.idOf("clerk@example.com"), "", true); err == nil {
		wants(t, "of a disabled account", renew("staff:STOCK_READ", "clerk@example.com"), fault.ReasonInvalidField)
	}
}

// Only a link that is mailed is minted for a mail: not the operator's, and not the first owner's.
func TestOnlyMailedLinksAreMinted(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	first := app.NewFirstOwner(h.Accounts, func(string) error { return nil })
	if err := first.Update(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.CreateOperatorLink(t.Context(), app.LinkRequest{As: "owner", Email: email(t, "grace@example.com"), By: "operator-1"}); err != nil {
		t.Fatal(err)
	}
	rows, err := h.pool.Query(t.Context(), `select id from links`)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil || len(ids) != 2 {
		t.Fatalf("%d links, %v", len(ids), err)
	}
	for _, id := range ids {
		_, _, err := h.MintMailLink(t.Context(), id)
		wants(t, "a link that is in no mail", err, domain.ReasonLinkInvalid)
	}
}
