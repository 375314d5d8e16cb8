package app_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// While a shop has no owner, one link is good: the one that is kept. It takes the address of
// who opens it, and is gone when there is an owner.
func TestTheFirstOwnersLinkIsKeptWhileThereIsNone(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	kept := ""
	start := func() *app.FirstOwner {
		first := app.NewFirstOwner(h.Accounts, func(link string) error { kept = link; return nil })
		if err := first.Update(t.Context()); err != nil {
			t.Fatal(err)
		}
		return first
	}
	accept := func(link, address, password string) error {
		var stated domain.Email
		if address != "" {
			stated = email(t, address)
		}
		_, err := h.AcceptInvite(t.Context(), tokenOf(link), stated, password, domain.Person{FirstName: "Grace"}, from("home"))
		return err
	}

	first := start()
	before := kept
	if !strings.HasPrefix(before, "/accept-invitation#sm_ln_") {
		t.Fatalf("kept is %q", before)
	}
	h.after(23 * time.Hour)
	if err := first.Update(t.Context()); err != nil || kept != before {
		t.Errorf("while it is good it became %q, %v", kept, err)
	}
	h.after(time.Hour)
	if err := first.Update(t.Context()); err != nil || kept == before {
		t.Errorf("when it is over it is %q, %v", kept, err)
	}
	over := kept
	first = start() // the shop was started again
	if kept == over {
		t.Error("another start kept the link")
	}
	for _, link := range []string{before, over} {
		wants(t, "a link of before", accept(link, "grace@example.com", staffPassword), domain.ReasonLinkInvalid)
	}
	wants(t, "without an address", accept(kept, "", staffPassword), fault.ReasonInvalidField)
	wants(t, "a password like the address", accept(kept, "grace.hopper@example.com", "grace.hopper@example.com"), domain.ReasonPasswordWeak)
	link := kept
	if err := accept(link, "grace@example.com", staffPassword); err != nil {
		t.Fatal(err)
	}
	if err := first.Update(t.Context()); err != nil || kept != "" {
		t.Errorf("with an owner %q is kept, %v", kept, err)
	}
	wants(t, "again", accept(link, "eve@example.com", staffPassword), domain.ReasonLinkInvalid)
}

// Two links of the first owner, used at once, make one owner: each transaction waits for the
// other, though there is no owner's row to lock.
func TestTwoFirstOwnersAtOnce(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	var links []string
	for range 2 {
		first := app.NewFirstOwner(h.Accounts, func(link string) error { links = append(links, link); return nil })
		if err := first.Update(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	// Both are good, as where two processes keep one; and both transactions have begun when
	// the first of them may go on.
	if _, err := h.pool.Exec(t.Context(), `update links set use_time = null`); err != nil {
		t.Fatal(err)
	}
	conn, err := h.pool.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `set local idle_in_transaction_session_timeout = 0`); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `select from links for update`); err != nil {
		t.Fatal(err)
	}
	outcomes := make(chan error, len(links))
	for i, link := range links {
		go func() {
			_, err := h.AcceptInvite(t.Context(), tokenOf(link), email(t, fmt.Sprintf("owner%d@example.com", i)), staffPassword, domain.Person{FirstName: "Grace"}, from("home"))
			outcomes <- err
		}()
	}
	testkit.Eventually(t, "both wait for a lock", func() bool { return testkit.WaitingForLocks(t, h.pool) == 2 })
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	var refused int
	for range links {
		if err := <-outcomes; err != nil {
			wants(t, "the second", err, domain.ReasonLinkInvalid)
			refused++
		}
	}
	var owners int
	if err := h.pool.QueryRow(t.Context(), `select count(*) from accounts where owner`).Scan(&owners); err != nil || owners != 1 || refused != 1 {
		t.Errorf("%d owners, %d refused, %v", owners, refused, err)
	}
}

// Whoever else becomes an owner ends the first owner's link, at once.
func TestTheFirstOwnersLinkEndsWithAnyOwner(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	kept := make(chan string, 10)
	next := func(what string) string {
		t.Helper()
		select {
		case link := <-kept:
			return link
		case <-time.After(testkit.Patience):
			t.Fatalf("waited in vain until %s", what)
			return ""
		}
	}
	first := app.NewFirstOwner(h.Accounts, func(link string) error { kept <- link; return nil })
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := first.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { stop(); running.Wait() })
	link := next("the link is kept")
	h.hire(operator(t.Context()), "owner@example.com", true)
	if removed := next("the link is removed"); removed != "" {
		t.Errorf("%q is kept", removed)
	}
	_, err := h.AcceptInvite(t.Context(), tokenOf(link), email(t, "eve@example.com"), staffPassword, domain.Person{FirstName: "Eve"}, from("elsewhere"))
	wants(t, "with an owner", err, domain.ReasonLinkInvalid)
}
