package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/identity"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/events"
	"github.com/shopmesh/shopmesh/services/identity/internal/passwords"
)

const password = "tall bread under rivers"

// desk is the use cases on a database of their own, with a clock that the test moves.
type desk struct {
	*app.Accounts

	t      *testing.T
	pool   *pg.Pool
	hasher *passwords.Hasher
	trace  *statements

	mu        sync.Mutex
	now       time.Time
	customers map[uuid.UUID]uuid.UUID // by account
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{
		t: t, hasher: passwords.NewHasher(), trace: &statements{}, now: time.Now().UTC().Truncate(time.Microsecond),
		customers: make(map[uuid.UUID]uuid.UUID),
	}
	d.pool = testkit.Open(t, pg.Config{URL: testkit.DatabaseURL(t, identity.Migrations()), Tracer: d.trace})
	key, err := token.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	sealing, err := domain.NewSealingKey(bytes.Repeat([]byte{1}, domain.SealingKeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	d.Accounts = app.NewAccounts(app.AccountDeps{
		Pool: d.pool, Hasher: d.hasher, Sealing: sealing, RefreshSecret: []byte("refresh"), LinkSecret: []byte("link"),
		Issue:        token.NewIssuer("https://shop.example", "shopmesh", key, d.clock).Access,
		LinkCustomer: d.linkCustomer,
		Publish:      app.Publish{Changed: events.Changed, Verified: events.Verified, Link: events.Link, Notice: events.Notice},
		Wake:         func() {}, Now: d.clock, NewID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) }, Log: testkit.Log(t),
	})
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { _ = d.hasher.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	return d
}

func (d *desk) clock() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

func (d *desk) after(passed time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(passed)
}

// linkCustomer is customer as identity sees it: the same account has the same customer.
func (d *desk) linkCustomer(_ context.Context, c domain.NewCustomer) (uuid.UUID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.customers[c.AccountID] == uuid.Nil {
		d.customers[c.AccountID] = uuid.New()
	}
	return d.customers[c.AccountID], nil
}

// mails has all requests decided, and returns the mails with links that are to be sent.
func (d *desk) mails() []*identityv1.MailLinkRequested {
	d.t.Helper()
	if err := d.DecideMailRequests(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	return published[*identityv1.MailLinkRequested](d)
}

// published returns what was published of a type, in order.
func published[M proto.Message](d *desk) []M {
	d.t.Helper()
	var kind M
	rows, err := d.pool.Query(d.t.Context(), `select payload from outbox where type = $1 order by id`, string(kind.ProtoReflect().Descriptor().FullName()))
	if err != nil {
		d.t.Fatal(err)
	}
	payloads, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		d.t.Fatal(err)
	}
	list := make([]M, len(payloads))
	for i, payload := range payloads {
		list[i] = kind.ProtoReflect().New().Interface().(M)
		if err := proto.Unmarshal(payload, list[i]); err != nil {
			d.t.Fatal(err)
		}
	}
	return list
}

// link returns the token of the newest mail to an address, as notification gets it.
func (d *desk) link(address string) string {
	d.t.Helper()
	mails := d.mails()
	for i := len(mails) - 1; i >= 0; i-- {
		if mails[i].GetEmail() == address {
			text, _, err := d.MintMailLink(d.t.Context(), uuid.MustParse(mails[i].GetLinkId()))
			if err != nil {
				d.t.Fatal(err)
			}
			return text
		}
	}
	d.t.Fatalf("nothing was mailed to %s", address)
	return ""
}

func email(t *testing.T, text string) domain.Email {
	t.Helper()
	e, err := domain.ParseEmail(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func from(place string) app.Client { return app.Client{Place: place, Agent: "test"} }

// signUp makes the account of an address, and returns its first session.
func (d *desk) signUp(address string) app.Session {
	d.t.Helper()
	if err := d.SignUp(d.t.Context(), email(d.t, address)); err != nil {
		d.t.Fatal(err)
	}
	session, err := d.VerifyEmail(d.t.Context(), d.link(address), password, domain.Person{FirstName: "Ada", LastName: "Lovelace"}, from("home"))
	if err != nil {
		d.t.Fatal(err)
	}
	return session
}

func (d *desk) signIn(address, password, place string) (app.Session, error) {
	return d.SignIn(d.t.Context(), domain.Customer, email(d.t, address), password, "", from(place))
}

// as returns a context in which the account of an address calls, with its newest session.
func (d *desk) as(address string) context.Context {
	d.t.Helper()
	var account, session uuid.UUID
	err := d.pool.QueryRow(d.t.Context(), `select a.id, s.id from accounts a join sessions s on s.account_id = a.id
		where a.email = $1 order by s.create_time desc, s.id desc limit 1`, address).Scan(&account, &session)
	if err != nil {
		d.t.Fatal(err)
	}
	return authz.WithCaller(d.t.Context(), authz.Identity{Kind: authz.Customer, AccountID: account.String(), SessionID: session.String()})
}

func (d *desk) epoch(address string) (epoch int64) {
	d.t.Helper()
	if err := d.pool.QueryRow(d.t.Context(), `select epoch from accounts where email = $1`, address).Scan(&epoch); err != nil {
		d.t.Fatal(err)
	}
	return epoch
}

func wants(t *testing.T, what string, err error, reason fault.Reason) {
	t.Helper()
	if fault.ReasonOf(err) != reason {
		t.Errorf("%s: %v, want %s", what, err, reason)
	}
}

// Before an address is verified there is no account, no customer, and no sign-in.
func TestAnAccountBeginsWithItsVerification(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if err := d.SignUp(t.Context(), email(t, "ada@example.com")); err != nil {
		t.Fatal(err)
	}
	_, err := d.signIn("ada@example.com", password, "home")
	wants(t, "before the verification", err, domain.ReasonCredentialsInvalid)
	if len(d.customers) != 0 {
		t.Error("there is a customer before the verification")
	}
	link := d.link("ada@example.com")
	_, err = d.VerifyEmail(t.Context(), link, "password1234", domain.Person{FirstName: "Ada"}, from("home"))
	wants(t, "a common password", err, domain.ReasonPasswordWeak)
	session, err := d.VerifyEmail(t.Context(), link, password, domain.Person{FirstName: "Ada"}, from("home"))
	if err != nil || session.AccessToken == "" || session.RefreshToken == "" {
		t.Fatalf("the verification: %+v, %v", session, err)
	}
	_, err = d.VerifyEmail(t.Context(), link, password, domain.Person{FirstName: "Eve"}, from("home"))
	wants(t, "the second time", err, domain.ReasonLinkInvalid)
	if _, err := d.signIn("ADA@Example.com", password, "home"); err != nil {
		t.Errorf("the address in another case: %v", err)
	}
	if verified := published[*identityv1.AccountVerified](d); len(verified) != 1 || verified[0].GetEmail() != "ada@example.com" {
		t.Errorf("published %v", verified)
	}
}

// supabase/auth#368: a scanner of mails that opens each link must not use it up.
func TestScannerUsesNoLink(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if err := d.SignUp(t.Context(), email(t, "ada@example.com")); err != nil {
		t.Fatal(err)
	}
	link := d.link("ada@example.com")
	for range 3 { // notification sends again, a scanner looks: same id, same link
		if again := d.link("ada@example.com"); again != link {
			t.Fatal("the link changed")
		}
	}
	if _, err := d.VerifyEmail(t.Context(), link, password, domain.Person{FirstName: "Ada"}, from("home")); err != nil {
		t.Error(err)
	}
}

// Shopware CVE-2026-31888: what is answered must not show whether an address has an
// account. Nor may the time: the statements, their order and the hashes are compared,
// since they are what takes time.
func TestUnknownEmailAnswersAlikeOnEveryDoor(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.signUp("known@example.com")
	doors := map[string]func(address string) error{
		"SignUp":               func(a string) error { return d.SignUp(t.Context(), email(t, a)) },
		"RequestPasswordReset": func(a string) error { return d.RequestPasswordReset(t.Context(), domain.Customer, email(t, a)) },
		"SignIn":               func(a string) error { _, err := d.signIn(a, "a wrong password", "home"); return err },
		"SignIn as staff": func(a string) error {
			_, err := d.SignIn(t.Context(), domain.Staff, email(t, a), password, "", from("home"))
			return err
		},
	}
	for door, knock := range doors {
		look := func(address string) string {
			hashes := d.hasher.Hashed()
			d.trace.begin()
			err := knock(address)
			return fmt.Sprintf("%v; %d hashes; %s", err, d.hasher.Hashed()-hashes, d.trace.end())
		}
		known, unknown := look("known@example.com"), look("unknown@example.com")
		if strings.HasPrefix(door, "SignIn") && (!strings.Contains(known, "1 hashes") || !strings.Contains(known, "SignInFailureLock")) {
			t.Errorf("%s was not looked at whole: %s", door, known)
		}
		if known != unknown {
			t.Errorf("%s: a known address is answered with\n%s\nand an unknown one with\n%s", door, known, unknown)
		}
	}
	// Until the wait begins, and while it lasts.
	for i := range 8 {
		_, known := d.signIn("known@example.com", "a wrong password", "elsewhere")
		_, unknown := d.signIn("unknown@example.com", "a wrong password", "elsewhere")
		if fmt.Sprint(known) != fmt.Sprint(unknown) {
			t.Errorf("sign-in %d: %v and %v", i+1, known, unknown)
		}
	}
}

// Vendure GHSA-wr5h: signing up over an account changes nothing of it, and is told to its
// owner alone.
func TestSigningUpAgainIsMailedToTheOwner(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.signUp("ada@example.com")
	if err := d.SignUp(t.Context(), email(t, "Ada@example.com")); err != nil {
		t.Fatal(err)
	}
	link := d.link("Ada@example.com")
	mails := d.mails()
	if kind := mails[len(mails)-1].GetKind(); kind != identityv1.MailKind_MAIL_KIND_ACCOUNT_EXISTS {
		t.Errorf("the mail is of the kind %s", kind)
	}
	_, err := d.VerifyEmail(t.Context(), link, "another long password here", domain.Person{FirstName: "Eve"}, from("away"))
	wants(t, "a link that sets a password", err, domain.ReasonLinkInvalid)
	if _, err := d.signIn("ada@example.com", password, "home"); err != nil {
		t.Errorf("the owner's password: %v", err)
	}
}

// Attack 25: used, expired, another purpose and another's tokens have one answer.
func TestLinksThatAreNoLongerGood(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	session := d.signUp("ada@example.com")
	reset := func() string {
		d.after(time.Hour)
		if err := d.RequestPasswordReset(t.Context(), domain.Customer, email(t, "ada@example.com")); err != nil {
			t.Fatal(err)
		}
		return d.link("ada@example.com")
	}
	use := func(link string) error {
		return d.ResetPassword(t.Context(), link, "another long password here", from("home"))
	}
	first, second := reset(), reset()
	if err := use(second); err != nil {
		t.Fatal(err)
	}
	late := reset()
	d.after(30 * time.Minute)
	texts := map[string]bool{}
	for what, link := range map[string]string{
		"used": second, "its password was set by another link": first, "expired": late, "none": "sm_ln_x", "empty": "",
		"a refresh token": session.RefreshToken,
	} {
		err := use(link)
		wants(t, what, err, domain.ReasonLinkInvalid)
		if f, ok := fault.Of(err); ok {
			texts[f.Message()] = true
		}
	}
	if len(texts) != 1 {
		t.Errorf("there are several texts: %v", texts)
	}
}

// supabase/auth#466: two tabs that refresh at once, or a lost answer, keep the session.
func TestTwoTabsRefreshOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	first := d.signUp("ada@example.com").RefreshToken
	var tabs sync.WaitGroup
	successors := make([]string, 8)
	for i := range successors {
		tabs.Go(func() {
			session, err := d.RefreshSession(t.Context(), first)
			if err != nil {
				t.Error(err)
			}
			successors[i] = session.RefreshToken
		})
	}
	tabs.Wait()
	for _, s := range successors[1:] {
		if s != successors[0] || s == first {
			t.Fatal("two tabs got two successors")
		}
	}
	before := d.epoch("ada@example.com")
	d.after(31 * time.Second)
	_, err := d.RefreshSession(t.Context(), first)
	wants(t, "after 31 s", err, domain.ReasonTokenReused)
	_, err = d.RefreshSession(t.Context(), successors[0])
	wants(t, "the successor then", err, domain.ReasonTokenExpired)
	if d.epoch("ada@example.com") <= before {
		t.Error("access tokens go on")
	}
	notices := published[*identityv1.AccountNoticed](d)
	if len(notices) != 1 || notices[0].GetKind() != identityv1.NoticeKind_NOTICE_KIND_TOKEN_REUSED {
		t.Errorf("the owner was told %v", notices)
	}
}

// Attack 23, Authelia CVE-2026-47203: guesses in any case of the address are counted
// together, and nobody locks the owner out from elsewhere.
func TestLockoutInAnyCaseAndPath(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.signUp("ada@example.com")
	refused := 0
	for i := range 200 {
		address := []byte("ada@example.com")
		if i%2 == 0 {
			address[i%3] -= 'a' - 'A'
		}
		_, err := d.signIn(string(address), "a wrong password", "attacker")
		if fault.ReasonOf(err) == domain.ReasonRateLimited {
			refused++
			if f, _ := fault.Of(err); f.RetryDelay() <= 0 {
				t.Fatalf("refused without a delay: %v", err)
			}
		}
	}
	if refused != 195 {
		t.Errorf("%d of 200 guesses were refused, want all after the fifth", refused)
	}
	_, err := d.signIn("ada@example.com", password, "attacker")
	wants(t, "the right password where the wait lasts", err, domain.ReasonRateLimited)
	if _, err := d.signIn("ada@example.com", password, "127.0.0.2/32"); err != nil {
		t.Errorf("the owner from elsewhere: %v", err)
	}
}

// Guesses that come at once get no more tries than those that come one after the other.
func TestGuessesAtOnceAreCounted(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.signUp("ada@example.com")
	before := d.hasher.Hashed()
	var guesses sync.WaitGroup
	for range 20 {
		guesses.Go(func() { _, _ = d.signIn("ada@example.com", "a wrong password", "attacker") })
	}
	guesses.Wait()
	if tried := d.hasher.Hashed() - before; tried > 5 {
		t.Errorf("%d passwords were compared, want at most 5", tried)
	}
}

// After a hundred failures a day, only known places may sign in, and who follows a
// mailed link.
func TestAfterAHundredFailuresAMailedLinkHelps(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.signUp("ada@example.com") // from home
	for i := range 100 {
		_, err := d.signIn("ada@example.com", "a wrong password", fmt.Sprint("bot ", i))
		wants(t, "a guess", err, domain.ReasonCredentialsInvalid)
	}
	_, err := d.signIn("ada@example.com", password, "hotel")
	wants(t, "the owner from a new place", err, domain.ReasonRateLimited)
	if _, err := d.signIn("ada@example.com", password, "home"); err != nil {
		t.Errorf("the owner from a known place: %v", err)
	}
	if err := d.RequestPasswordReset(t.Context(), domain.Customer, email(t, "ada@example.com")); err != nil {
		t.Fatal(err)
	}
	if err := d.ResetPassword(t.Context(), d.link("ada@example.com"), "another long password here", from("hotel")); err != nil {
		t.Fatal(err)
	}
	if _, err := d.signIn("ada@example.com", "another long password here", "hotel"); err != nil {
		t.Errorf("the owner after a mailed link: %v", err)
	}
}

// Attack 26: what was signed in before a sign-out or another password is not any more.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.signUp("ada@example.com")
	phone, err := d.signIn("ada@example.com", password, "phone")
	if err != nil {
		t.Fatal(err)
	}
	d.after(time.Second)
	laptop, err := d.signIn("ada@example.com", password, "laptop")
	if err != nil {
		t.Fatal(err)
	}
	ada := d.as("ada@example.com")
	if sessions, _, _, err := d.ListSessions(ada); err != nil || len(sessions) != 3 {
		t.Fatalf("%d sessions, %v", len(sessions), err)
	}
	err = d.ChangePassword(ada, "a wrong password", "", "another long password here", from("laptop"))
	wants(t, "without the password", err, domain.ReasonCredentialsInvalid)
	before := d.epoch("ada@example.com")
	if err := d.ChangePassword(ada, password, "", "another long password here", from("laptop")); err != nil {
		t.Fatal(err)
	}
	if d.epoch("ada@example.com") <= before {
		t.Error("access tokens from before the change are good")
	}
	_, err = d.RefreshSession(t.Context(), phone.RefreshToken)
	wants(t, "another session after the change", err, domain.ReasonTokenExpired)
	next, err := d.RefreshSession(t.Context(), laptop.RefreshToken)
	if err != nil {
		t.Fatalf("the session that changed it: %v", err)
	}
	_, err = d.signIn("ada@example.com", password, "phone")
	wants(t, "the old password", err, domain.ReasonCredentialsInvalid)

	if err := d.SignOut(t.Context(), next.RefreshToken); err != nil {
		t.Fatal(err)
	}
	if err := d.SignOut(t.Context(), next.RefreshToken); err != nil {
		t.Errorf("signing out again: %v", err)
	}
	_, err = d.RefreshSession(t.Context(), next.RefreshToken)
	wants(t, "after signing out", err, domain.ReasonTokenExpired)
	wants(t, "another's session", d.RevokeSession(ada, uuid.New()), domain.ReasonSessionNotFound)
}

// An address is mailed three links an hour at most, and nobody is told.
func TestAnAddressIsNotFlooded(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for range 10 {
		if err := d.SignUp(t.Context(), email(t, "ada@example.com")); err != nil {
			t.Fatal(err)
		}
	}
	if mails := d.mails(); len(mails) != 3 {
		t.Errorf("%d mails were requested, want 3", len(mails))
	}
	d.after(time.Hour + time.Second)
	if err := d.SignUp(t.Context(), email(t, "ada@example.com")); err != nil {
		t.Fatal(err)
	}
	if mails := d.mails(); len(mails) != 4 {
		t.Errorf("an hour later there are %d mails, want 4", len(mails))
	}
}

// No event, and no row, holds what opens an account.
func TestNoSecretIsStored(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if err := d.SignUp(t.Context(), email(t, "ada@example.com")); err != nil {
		t.Fatal(err)
	}
	link := d.link("ada@example.com")
	session, err := d.VerifyEmail(t.Context(), link, password, domain.Person{FirstName: "Ada"}, from("home"))
	if err != nil {
		t.Fatal(err)
	}
	_, linkBytes, linkErr := token.Parse(link)
	_, refreshBytes, refreshErr := token.Parse(session.RefreshToken)
	if err := errors.Join(linkErr, refreshErr); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"outbox", "accounts", "sessions", "links", "mail_requests", "sign_in_failures"} {
		rows, err := d.pool.Query(t.Context(), `select to_jsonb(t)::text from `+table+` t`)
		if err != nil {
			t.Fatal(err)
		}
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		all := strings.Join(texts, "\n")
		// The ids are at the beginning; the 32 bytes of the MACs are what counts.
		for what, secret := range map[string]string{
			"the link": link, "the refresh token": session.RefreshToken, "the access token": session.AccessToken, "the password": password,
			"the link's MAC": fmt.Sprintf("%x", linkBytes[16:]), "the refresh token's MAC": fmt.Sprintf("%x", refreshBytes[24:]),
		} {
			if strings.Contains(all, secret) {
				t.Errorf("%s holds %s", table, what)
			}
		}
	}
}

// Attack 28, Saleor CVE-2026-39851: another address needs the password, shows nothing about
// who has it, and is told to the address before.
func TestEmailChangeIsNoOracle(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.signUp("ada@example.com")
	d.signUp("taken@example.com")
	ada := d.as("ada@example.com")
	err := d.RequestEmailChange(ada, "a wrong password", "", email(t, "new@example.com"), from("home"))
	wants(t, "without the password", err, domain.ReasonCredentialsInvalid)
	before := len(d.mails())
	for _, address := range []string{"taken@example.com", "new@example.com"} {
		if err := d.RequestEmailChange(ada, password, "", email(t, address), from("home")); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	if mails := d.mails()[before:]; len(mails) != 1 || mails[0].GetEmail() != "new@example.com" {
		t.Fatalf("mailed %v, want one to the address that is free", mails)
	}
	link := d.link("new@example.com")
	if err := d.ConfirmEmailChange(t.Context(), link); err != nil {
		t.Fatal(err)
	}
	wants(t, "again", d.ConfirmEmailChange(t.Context(), link), domain.ReasonLinkInvalid)
	_, err = d.signIn("ada@example.com", password, "home")
	wants(t, "the address before", err, domain.ReasonCredentialsInvalid)
	if _, err := d.signIn("new@example.com", password, "home"); err != nil {
		t.Error(err)
	}
	notices := published[*identityv1.AccountNoticed](d)
	last := notices[len(notices)-1]
	if last.GetEmail() != "ada@example.com" || last.GetKind() != identityv1.NoticeKind_NOTICE_KIND_EMAIL_CHANGED {
		t.Errorf("told %v", last)
	}
}

// With a second factor a password is not enough, a reset of the password removes nothing
// of it, and a code or recovery code is taken once.
func TestASecondFactorIsNeededAndStays(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.signUp("ada@example.com")
	ada := d.as("ada@example.com")
	secret, uri, err := d.EnrollTotp(ada)
	if err != nil || !strings.HasPrefix(uri, "otpauth://totp/") {
		t.Fatalf("%s, %v", uri, err)
	}
	_, err = d.ConfirmTotp(ada, secret, "000000")
	wants(t, "a wrong code", err, domain.ReasonCredentialsInvalid)
	recovery, err := d.ConfirmTotp(ada, secret, domain.TotpCode(secret, d.clock()))
	if err != nil {
		t.Fatal(err)
	}
	signIn := func(password, code string) error {
		_, err := d.SignIn(t.Context(), domain.Customer, email(t, "ada@example.com"), password, code, from("home"))
		return err
	}
	wants(t, "without a code", signIn(password, ""), domain.ReasonCredentialsInvalid)
	wants(t, "the code that was confirmed", signIn(password, domain.TotpCode(secret, d.clock())), domain.ReasonCredentialsInvalid)
	d.after(time.Minute)
	if err := signIn(password, domain.TotpCode(secret, d.clock())); err != nil {
		t.Errorf("the next code: %v", err)
	}
	wants(t, "the same code again", signIn(password, domain.TotpCode(secret, d.clock())), domain.ReasonCredentialsInvalid)
	if err := signIn(password, strings.ToUpper(recovery[3])); err != nil {
		t.Errorf("a recovery code: %v", err)
	}
	wants(t, "the same recovery code", signIn(password, recovery[3]), domain.ReasonCredentialsInvalid)

	d.after(time.Hour)
	if err := d.RequestPasswordReset(t.Context(), domain.Customer, email(t, "ada@example.com")); err != nil {
		t.Fatal(err)
	}
	if err := d.ResetPassword(t.Context(), d.link("ada@example.com"), "another long password here", from("home")); err != nil {
		t.Fatal(err)
	}
	wants(t, "the new password alone", signIn("another long password here", ""), domain.ReasonCredentialsInvalid)
	if err := signIn("another long password here", domain.TotpCode(secret, d.clock())); err != nil {
		t.Errorf("with a code: %v", err)
	}
}

// After a restore, what was ended since the backup is not good again.
func TestARestoredShopHasNoSessions(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	session := d.signUp("ada@example.com")
	if err := d.RequestPasswordReset(t.Context(), domain.Customer, email(t, "ada@example.com")); err != nil {
		t.Fatal(err)
	}
	link, before := d.link("ada@example.com"), d.epoch("ada@example.com")
	if err := app.Renew(t.Context(), d.pool); err != nil {
		t.Fatal(err)
	}
	_, err := d.RefreshSession(t.Context(), session.RefreshToken)
	wants(t, "a session", err, domain.ReasonTokenExpired)
	wants(t, "a link", d.ResetPassword(t.Context(), link, "another long password here", from("home")), domain.ReasonLinkInvalid)
	if d.epoch("ada@example.com") <= before {
		t.Error("access tokens are good")
	}
	if _, err := d.signIn("ada@example.com", password, "home"); err != nil {
		t.Errorf("signing in: %v", err)
	}
}

// statements records the names of the statements that reach the database.
type statements struct {
	mu    sync.Mutex
	names []string
	on    bool
}

func (s *statements) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on, s.names = true, nil
}

func (s *statements) end() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on = false
	return strings.Join(s.names, ", ")
}

func (s *statements) add(sql string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.on {
		line, _, _ := strings.Cut(strings.TrimSpace(sql), "\n")
		s.names = append(s.names, line)
	}
}

func (s *statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	s.add(data.SQL)
	return ctx
}
func (s *statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
func (s *statements) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}
func (s *statements) TraceBatchQuery(_ context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	s.add(data.SQL)
}
func (s *statements) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}
