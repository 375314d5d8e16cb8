package app_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// Every verified address of the last day is published once more under its event's own
// identity, so that a broker that lost its data costs nobody their orders: the address that
// the account was made with, or the one that it was changed to.
func TestVerificationsArePublishedAgain(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.signUp("old@example.com")
	h.after(25 * time.Hour)
	h.signUp("ada@example.com")
	h.signUp("grace@example.com")
	if err := h.RequestEmailChange(h.as("grace@example.com"), password, "", email(t, "hopper@example.com"), "", from("home")); err != nil {
		t.Fatal(err)
	}
	h.after(time.Hour)
	if err := h.ConfirmEmailChange(t.Context(), h.link("hopper@example.com")); err != nil {
		t.Fatal(err)
	}
	if _, err := h.signIn("hopper@example.com", password, "home"); err != nil {
		t.Fatal(err)
	}
	published := published[*identityv1.AccountVerified](h)
	if len(published) != 4 || published[3].GetEmail() != "hopper@example.com" || published[3].GetVersion() != 2 || published[3].GetCustomerId() != published[2].GetCustomerId() {
		t.Fatalf("published %v", published)
	}
	read := func() []string {
		rows, err := h.pool.Query(t.Context(), `select key || '/' || version || ' ' || create_time from outbox where type like '%.AccountVerified' order by id`)
		if err != nil {
			t.Fatal(err)
		}
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	before := read()
	if err := h.Republisher().All(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := read()[len(before):]
	if want := []string{before[1], before[3]}; !slices.Equal(again, want) {
		t.Errorf("published again %v, want %v", again, want)
	}
}

// The newest epoch of every account that changed within the last day is published once more,
// so that a broker that lost its data revives no access token.
func TestRevocationsArePublishedAgain(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.signUp("old@example.com")
	if err := h.SignOut(t.Context(), h.signUp("ada@example.com").RefreshToken); err != nil {
		t.Fatal(err)
	}
	h.after(25 * time.Hour)
	session, err := h.signIn("ada@example.com", password, "home")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.SignOut(t.Context(), session.RefreshToken); err != nil {
		t.Fatal(err)
	}
	before, verified := len(published[*identityv1.AccountChanged](h)), len(published[*identityv1.AccountVerified](h))
	if err := h.Republisher().All(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := published[*identityv1.AccountChanged](h)[before:]
	if len(again) != 1 || again[0].GetEpoch() != h.epoch("ada@example.com") || again[0].GetVersion() != 3 {
		t.Errorf("published again %v", again)
	}
	if n := len(published[*identityv1.AccountVerified](h)); n != verified {
		t.Errorf("%d addresses were published again that nobody verified of late", n-verified)
	}
}

// What was requested to be mailed within the last day is published once more, the same links
// and notices, so that a broker that lost its data costs nobody a mail; after an erasure
// nothing of it.
func TestMailsArePublishedAgain(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.signUp("old@example.com")
	h.after(25 * time.Hour)
	h.signUp("ada@example.com")
	h.signUp("grace@example.com")
	if err := h.RequestPasswordReset(t.Context(), domain.Customer, email(t, "ada@example.com"), ""); err != nil {
		t.Fatal(err)
	}
	if err := h.ResetPassword(t.Context(), h.link("ada@example.com"), password+" again", from("home")); err != nil {
		t.Fatal(err)
	}
	links, notices := published[*identityv1.MailLinkRequested](h), published[*identityv1.AccountNoticed](h)
	if len(links) != 4 || len(notices) != 1 {
		t.Fatalf("published %v and %v", links, notices)
	}
	if err := h.MailRepublisher().All(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again := published[*identityv1.MailLinkRequested](h)[4:]; !slices.EqualFunc(again, links[1:], func(m, other *identityv1.MailLinkRequested) bool { return proto.Equal(m, other) }) {
		t.Errorf("published again %v, want %v", again, links[1:])
	}
	if again := published[*identityv1.AccountNoticed](h)[1:]; !slices.EqualFunc(again, notices, func(m, other *identityv1.AccountNoticed) bool { return proto.Equal(m, other) }) {
		t.Errorf("published again %v, want %v", again, notices)
	}
	h.erase(domain.Erasure{Customers: []uuid.UUID{h.customerOf("ada@example.com")}})
	if err := h.MailRepublisher().All(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := published[*identityv1.MailLinkRequested](h)[7:]
	if len(again) != 1 || again[0].GetEmail() != "grace@example.com" || len(published[*identityv1.AccountNoticed](h)) != 2 {
		t.Errorf("after the erasure %v were published again", again)
	}
}
