package app_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// erase applies an erasure as the consumer does.
func (h *harness) erase(e domain.Erasure) {
	h.t.Helper()
	if err := h.pool.InTx(h.t.Context(), func(ctx context.Context, tx *pg.Tx) error { return h.Erase(ctx, tx, e) }); err != nil {
		h.t.Fatal(err)
	}
}

func (h *harness) customerOf(address string) (id uuid.UUID) {
	h.t.Helper()
	if err := h.pool.QueryRow(h.t.Context(), `select customer_id from accounts where email = $1`, address).Scan(&id); err != nil {
		h.t.Fatal(err)
	}
	return id
}

// rowsWith counts the rows of all tables but the outbox that hold a text.
func (h *harness) rowsWith(text string) (sum int) {
	h.t.Helper()
	for _, table := range []string{"accounts", "sessions", "links", "mail_requests", "mails", "recovery_codes", "sign_in_failures", "erased_customers", "activities", "activity_values", "activity_addresses"} {
		var n int
		err := h.pool.QueryRow(h.t.Context(), `select count(*) from `+table+` r where position(lower($1) in lower(r::text)) > 0`, text).Scan(&n)
		if err != nil {
			h.t.Fatal(err)
		}
		sum += n
	}
	return sum
}

// An erasure leaves nothing of the customer's account: it deletes what was typed, requested
// and mailed, and ends sessions, links and access tokens. Another's account stays, and the
// person may sign up later.
func TestAnErasedCustomersAccountIsGone(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.signUp("grace@example.com")
	session := h.signUp("Ada@example.com")
	as, epoch, customer := h.as("Ada@example.com"), h.epoch("Ada@example.com"), h.customerOf("Ada@example.com")
	if err := h.RequestPasswordReset(t.Context(), domain.Customer, email(t, "ada@example.com"), ""); err != nil {
		t.Fatal(err)
	}
	reset := h.link("ada@example.com")
	if err := h.RequestEmailChange(as, password, "", email(t, "ada.new@example.com"), "", from("home")); err != nil {
		t.Fatal(err)
	}
	change := h.link("ada.new@example.com")
	for _, request := range []error{
		h.RequestEmailChange(as, password, "", email(t, "ada.other@example.com"), "", from("home")),
		h.RequestPasswordReset(t.Context(), domain.Customer, email(t, "ada@example.com"), ""),
	} {
		if request != nil {
			t.Fatal(request)
		}
	}
	if h.rowsWith("ada") < 6 {
		t.Fatalf("%d rows hold the name before the erasure", h.rowsWith("ada"))
	}

	h.erase(domain.Erasure{Customers: []uuid.UUID{customer, uuid.New()}})
	if n := h.rowsWith("ada"); n != 1 { // Grace has the first name Ada, too
		t.Errorf("%d rows hold the name, want Grace's account alone", n)
	}
	if n := h.rowsWith("ada@"); n != 0 {
		t.Errorf("%d rows hold the address", n)
	}
	_, err := h.signIn("ada@example.com", password, "home")
	wants(t, "signing in", err, domain.ReasonCredentialsInvalid)
	_, err = h.RefreshSession(t.Context(), session.RefreshToken)
	wants(t, "the session", err, fault.ReasonTokenExpired)
	wants(t, "the link to set a password", h.ResetPassword(t.Context(), reset, "another long password here", from("home")), domain.ReasonLinkInvalid)
	wants(t, "the link to change the address", h.ConfirmEmailChange(t.Context(), change), domain.ReasonLinkInvalid)
	_, _, _, err = h.ListSessions(as)
	wants(t, "the access token", err, fault.ReasonTokenExpired)
	changes := published[*identityv1.AccountChanged](h)
	if last := changes[len(changes)-1]; !last.GetDisabled() || last.GetEpoch() != epoch+1 {
		t.Errorf("others get %v, want the epoch %d", last, epoch+1)
	}

	h.erase(domain.Erasure{Customers: []uuid.UUID{customer}})
	if again := published[*identityv1.AccountChanged](h); len(again) != len(changes) {
		t.Errorf("the second time published %v", again[len(changes):])
	}
	if _, err := h.signIn("grace@example.com", password, "home"); err != nil {
		t.Errorf("another account: %v", err)
	}
	h.after(2 * time.Hour)
	h.signUp("ada@example.com")
	if h.customerOf("ada@example.com") == customer {
		t.Error("the new account is the erased customer's")
	}
}

// An erasure that comes while an account is made leaves none, whichever is first.
func TestNoAccountIsMadeOfAnErasedCustomer(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	if err := h.SignUp(t.Context(), email(t, "ada@example.com"), ""); err != nil {
		t.Fatal(err)
	}
	link := h.link("ada@example.com")
	verify := func() error {
		_, err := h.VerifyEmail(t.Context(), link, password, domain.Person{FirstName: "Ada"}, from("home"))
		return err
	}
	linkCustomer := h.LinkCustomer
	h.LinkCustomer = func(ctx context.Context, c domain.NewCustomer) (uuid.UUID, error) {
		id, err := linkCustomer(ctx, c)
		h.erase(domain.Erasure{Customers: []uuid.UUID{id}})
		return id, err
	}
	wants(t, "the customer was erased meanwhile", verify(), domain.ReasonLinkInvalid)
	h.LinkCustomer = linkCustomer
	wants(t, "later", verify(), domain.ReasonLinkInvalid)
	if n := h.rowsWith("ada@"); n != 0 {
		t.Errorf("%d rows hold the address", n)
	}
	h.after(time.Hour)
	h.signUp("ada@example.com")

	var running sync.WaitGroup
	erasing := make(chan uuid.UUID, 1) // size 1: the verification does not wait for the erasure
	h.LinkCustomer = func(ctx context.Context, c domain.NewCustomer) (uuid.UUID, error) {
		id, err := linkCustomer(ctx, c)
		erasing <- id
		return id, err
	}
	for _, address := range []string{"a@example.com", "b@example.com", "c@example.com"} {
		if err := h.SignUp(t.Context(), email(t, address), ""); err != nil {
			t.Fatal(err)
		}
		link = h.link(address)
		running.Go(func() { h.erase(domain.Erasure{Customers: []uuid.UUID{<-erasing}}) })
		if err := verify(); err != nil {
			wants(t, "at once", err, domain.ReasonLinkInvalid)
		}
		running.Wait()
		_, err := h.signIn(address, password, "home")
		wants(t, "after both", err, domain.ReasonCredentialsInvalid)
	}
}

// A guest's erasure, which names an address, deletes what was requested for it before: no
// account, and nothing that was requested later. An event that comes again is the same.
func TestAnErasedGuestsRequestsAreGone(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	signUp := func(address string) string {
		if err := h.SignUp(t.Context(), email(t, address), ""); err != nil {
			t.Fatal(err)
		}
		return h.link(address)
	}
	verify := func(link string) error {
		_, err := h.VerifyEmail(t.Context(), link, password, domain.Person{FirstName: "Ägidius"}, from("home"))
		return err
	}
	h.signUp("known@example.com")
	first := signUp("ÄGIDIUS@example.com")
	if err := h.SignUp(t.Context(), email(t, "ägidius@example.com"), ""); err != nil { // nobody decided about it yet
		t.Fatal(err)
	}
	erasure := domain.Erasure{Guests: []domain.ErasedGuest{
		{Email: "ägidius@example.com", Time: h.clock()}, {Email: "known@example.com", Time: h.clock()},
	}}
	h.erase(erasure)
	if n := h.rowsWith("gidius"); n != 0 {
		t.Errorf("%d rows hold the address", n)
	}
	wants(t, "a link from before", verify(first), domain.ReasonLinkInvalid)
	if _, err := h.signIn("known@example.com", password, "home"); err != nil {
		t.Errorf("an account of the address: %v", err)
	}
	h.after(time.Second)
	later := signUp("ägidius@example.com")
	h.erase(erasure)
	if err := verify(later); err != nil {
		t.Errorf("a link that was requested later: %v", err)
	}
}
