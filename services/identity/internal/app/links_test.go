package app_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// A mail that is sent again holds the same link, which is not used up by that.
func TestAMailSentAgainHasTheSameLink(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	if err := h.SignUp(t.Context(), email(t, "ada@example.com"), ""); err != nil {
		t.Fatal(err)
	}
	link := h.link("ada@example.com")
	for range 3 {
		if again := h.link("ada@example.com"); again != link {
			t.Fatal("the link changed")
		}
	}
	if _, err := h.VerifyEmail(t.Context(), link, password, domain.Person{FirstName: "Ada"}, from("home")); err != nil {
		t.Error(err)
	}
}

// links returns a link of each purpose, of accounts and addresses that nothing else is about.
func (h *harness) links(whose string) map[domain.Purpose]string {
	h.t.Helper()
	ctx := h.t.Context()
	address := func(name string) string { return name + "." + whose + "@example.com" }
	h.signUp(address("forgetful"))
	h.signUp(address("moving"))
	for what, err := range map[string]error{
		"sign up":      h.SignUp(ctx, email(h.t, address("new")), ""),
		"reset":        h.RequestPasswordReset(ctx, domain.Customer, email(h.t, address("forgetful")), ""),
		"invite":       h.InviteStaff(operator(ctx), uuid.Nil, nil, app.Invitation{Email: email(h.t, address("clerk"))}),
		"change email": h.RequestEmailChange(h.as(address("moving")), password, "", email(h.t, address("moved")), "", from("home")),
	} {
		if err != nil {
			h.t.Fatalf("%s: %v", what, err)
		}
	}
	return map[domain.Purpose]string{
		domain.VerifyEmail: h.link(address("new")), domain.ResetPassword: h.link(address("forgetful")),
		domain.Invitation: h.link(address("clerk")), domain.ConfirmEmail: h.link(address("moved")),
	}
}

// use uses a link for a purpose.
func (h *harness) use(purpose domain.Purpose, link string) error {
	ctx, person := h.t.Context(), domain.Person{FirstName: "Ada"}
	switch purpose {
	case domain.VerifyEmail:
		_, err := h.VerifyEmail(ctx, link, password, person, from("home"))
		return err
	case domain.ResetPassword:
		return h.ResetPassword(ctx, link, "another long password here", from("home"))
	case domain.Invitation:
		_, err := h.AcceptInvite(ctx, link, domain.Email{}, staffPassword, person, from("home"))
		return err
	default:
		return h.ConfirmEmailChange(ctx, link)
	}
}

// Attack 25: used, expired, another purpose and another's tokens have one answer, wherever a
// link is shown, and leave the link that is good as it is.
func TestLinksThatAreNoLongerGood(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	late := h.links("late")
	h.after(8 * 24 * time.Hour)
	session := h.signUp("ada@example.com")
	reset := func() string {
		h.after(time.Hour)
		if err := h.RequestPasswordReset(t.Context(), domain.Customer, email(t, "ada@example.com"), ""); err != nil {
			t.Fatal(err)
		}
		return h.link("ada@example.com")
	}
	first, second := reset(), reset()
	if err := h.use(domain.ResetPassword, second); err != nil {
		t.Fatal(err)
	}
	good, anothers := h.links("good"), h.links("another")
	texts := map[string]bool{}
	refused := func(purpose domain.Purpose, what, link string) {
		t.Helper()
		err := h.use(purpose, link)
		wants(t, purpose.Path()+": "+what, err, domain.ReasonLinkInvalid)
		if f, ok := fault.Of(err); ok {
			texts[f.Message()] = true
		}
	}
	for wanted := range good {
		for other, link := range good {
			if other != wanted {
				refused(wanted, "a link to "+other.Path(), link)
			}
		}
		for what, link := range map[string]string{
			"expired": late[wanted], "used": second, "its password was set by another link": first, "none": "sm_ln_x", "empty": "",
			"a refresh token": session.RefreshToken, "of another account, with the MAC of this one's": spliced(t, anothers[wanted], good[wanted]),
			"of another account, made without our key": token.Format(token.Link, domain.LinkSecret("no key of ours").Token(idOfLink(t, anothers[wanted]))),
		} {
			refused(wanted, what, link)
		}
	}
	// Another's link opens another's account, and does nothing to ours.
	for _, links := range []map[domain.Purpose]string{anothers, good} {
		for purpose, link := range links {
			if err := h.use(purpose, link); err != nil {
				t.Errorf("%s: the link that is good: %v", purpose.Path(), err)
			}
			refused(purpose, "used just now", link)
		}
		if _, err := h.signIn("forgetful.good@example.com", password, "home"); (err == nil) != (links[domain.ResetPassword] == anothers[domain.ResetPassword]) {
			t.Errorf("the password from before: %v", err)
		}
	}
	if len(texts) != 1 {
		t.Errorf("there are several texts: %v", texts)
	}
}

// spliced returns the token of a link's id and of another's MAC.
func spliced(t *testing.T, id, mac string) string {
	t.Helper()
	_, of, idErr := token.Parse(id)
	_, by, macErr := token.Parse(mac)
	if err := errors.Join(idErr, macErr); err != nil {
		t.Fatal(err)
	}
	return token.Format(token.Link, append(of[:16:16], by[16:]...))
}

func idOfLink(t *testing.T, link string) uuid.UUID {
	t.Helper()
	_, payload, err := token.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	return uuid.UUID(payload[:16])
}

// No event, and no row, holds what opens an account: each table of the database is read.
func TestNoSecretIsStored(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	if err := h.SignUp(t.Context(), email(t, "ada@example.com"), ""); err != nil {
		t.Fatal(err)
	}
	link := h.link("ada@example.com")
	session, err := h.VerifyEmail(t.Context(), link, password, domain.Person{FirstName: "Ada"}, from("home"))
	if err != nil {
		t.Fatal(err)
	}
	staff := h.member(h.hire(operator(t.Context()), "staff@example.com", false, domain.StockRead), false, domain.StockRead)
	_, key, keyErr := h.CreateAPIKey(staff, uuid.Nil, nil, "warehouse", []domain.Permission{domain.StockRead}, h.clock().Add(time.Hour))
	ada := h.as("ada@example.com")
	totp, _, totpErr := h.EnrollTotp(ada)
	recovery, recoveryErr := h.ConfirmTotp(ada, totp, domain.TotpCode(totp, h.clock()))
	_, linkBytes, linkErr := token.Parse(link)
	_, refreshBytes, refreshErr := token.Parse(session.RefreshToken)
	_, keyBytes, parseErr := token.Parse(key)
	if err := errors.Join(totpErr, recoveryErr, keyErr, linkErr, refreshErr, parseErr); err != nil || len(recovery) == 0 {
		t.Fatalf("%v, %q", err, recovery)
	}
	// The ids are at the beginning of tokens; the 32 bytes behind them are what counts.
	secrets := map[string]string{
		"the link": link, "the refresh token": session.RefreshToken, "the access token": session.AccessToken, "the password": password,
		"the link's MAC": fmt.Sprintf("%x", linkBytes[16:]), "the refresh token's MAC": fmt.Sprintf("%x", refreshBytes[24:]),
		"the API key": key, "the API key's random bytes": fmt.Sprintf("%x", keyBytes[16:]),
		"the second factor": fmt.Sprintf("%x", totp), "the second factor as it is typed": domain.TotpText(totp),
	}
	for i, code := range recovery {
		secrets[fmt.Sprint("recovery code ", i+1)] = code
		secrets[fmt.Sprintf("recovery code %d without its hyphens", i+1)] = strings.ToUpper(strings.ReplaceAll(code, "-", ""))
	}
	for _, table := range h.tables() {
		rows, err := h.pool.Query(t.Context(), `select to_jsonb(t)::text from `+pgx.Identifier{table}.Sanitize()+` t`)
		if err != nil {
			t.Fatal(err)
		}
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		if wanted := []string{"outbox", "accounts", "sessions", "links", "mails", "api_keys", "recovery_codes"}; slices.Contains(wanted, table) && len(texts) == 0 {
			t.Errorf("%s has no rows", table)
		}
		all := strings.Join(texts, "\n")
		for what, secret := range secrets {
			if strings.Contains(all, secret) || strings.Contains(all, fmt.Sprintf("%x", secret)) { // bytes are written so
				t.Errorf("%s holds %s", table, what)
			}
		}
	}
}

// tables are those of identity's database.
func (h *harness) tables() []string {
	h.t.Helper()
	rows, err := h.pool.Query(h.t.Context(), `select tablename::text from pg_tables where schemaname = 'public'`)
	if err != nil {
		h.t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 12 {
		h.t.Fatalf("the tables are %q (%v)", tables, err)
	}
	return tables
}
