package app_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/passwords"
)

// Shopware CVE-2026-31888: what is answered must not show whether an address has an
// account. Nor may the time: the statements, their order and the hashes are compared,
// since they are what takes time.
func TestUnknownEmailAnswersAlikeOnEveryDoor(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.signUp("known@example.com")
	h.signUp("ada@example.com")
	ada := h.as("ada@example.com")
	ways := map[string]func(address string) error{
		"SignUp":               func(a string) error { return h.SignUp(t.Context(), email(t, a), "") },
		"RequestPasswordReset": func(a string) error { return h.RequestPasswordReset(t.Context(), domain.Customer, email(t, a), "") },
		"RequestEmailChange": func(a string) error {
			return h.RequestEmailChange(ada, password, "", email(t, a), "", from("home"))
		},
		"SignIn": func(a string) error { _, err := h.signIn(a, "a wrong password", "home"); return err },
		"SignIn as staff": func(a string) error {
			_, err := h.SignIn(t.Context(), domain.Staff, email(t, a), password, "", from("home"))
			return err
		},
	}
	for way, call := range ways {
		look := func(address string) string {
			hashes := h.hasher.Hashed()
			h.trace.Begin()
			err := call(address)
			return fmt.Sprintf("%v; %d hashes; %s", err, h.hasher.Hashed()-hashes, h.trace.End())
		}
		known, unknown := look("known@example.com"), look("unknown@example.com")
		if strings.HasPrefix(way, "SignIn") && (!strings.Contains(known, "1 hashes") || !strings.Contains(known, "SignInFailureLock")) {
			t.Errorf("%s was not looked at whole: %s", way, known)
		}
		if known != unknown {
			t.Errorf("%s: a known address is answered with\n%s\nand an unknown one with\n%s", way, known, unknown)
		}
	}
	// Until the wait begins, and while it lasts.
	for i := range 8 {
		_, known := h.signIn("known@example.com", "a wrong password", "elsewhere")
		_, unknown := h.signIn("unknown@example.com", "a wrong password", "elsewhere")
		if fmt.Sprint(known) != fmt.Sprint(unknown) {
			t.Errorf("sign-in %d: %v and %v", i+1, known, unknown)
		}
	}
}

// Attack 23, Authelia CVE-2026-47203: guesses in any case of the address are counted
// together, by every RPC that takes a password, and nobody locks the owner out from elsewhere.
func TestLockoutInAnyCaseAndPath(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.signUp("ada@example.com")
	ada := h.as("ada@example.com") // in a session that the attacker took over
	const wrong = "a wrong password"
	ways := []func(address string) error{
		func(address string) error { _, err := h.signIn(address, wrong, "attacker"); return err },
		func(string) error { _, err := h.Reauthenticate(ada, wrong, "", from("attacker")); return err },
		func(string) error {
			return h.ChangePassword(ada, wrong, "", "another long password here", from("attacker"))
		},
		func(string) error {
			return h.RequestEmailChange(ada, wrong, "", email(t, "eve@example.com"), "", from("attacker"))
		},
	}
	for i := range 200 {
		address := []byte("ada@example.com")
		if i%2 == 0 {
			address[i%3] -= 'a' - 'A'
		}
		err, want := ways[i%len(ways)](string(address)), fault.ReasonRateLimited
		if i < 5 {
			want = domain.ReasonCredentialsInvalid
		}
		wants(t, fmt.Sprintf("guess %d, by way %d", i+1, i%len(ways)+1), err, want)
		if f, _ := fault.Of(err); i >= 5 && f.RetryDelay() <= 0 {
			t.Fatalf("refused without a delay: %v", err)
		}
	}
	_, err := h.signIn("ada@example.com", password, "attacker")
	wants(t, "the right password where the wait lasts", err, fault.ReasonRateLimited)
	if _, err := h.signIn("ada@example.com", password, "127.0.0.2/32"); err != nil {
		t.Errorf("the owner from elsewhere: %v", err)
	}
}

// Guesses that come at once get no more tries than those that come one after the other.
func TestGuessesAtOnceAreCounted(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.signUp("ada@example.com")
	before := h.hasher.Hashed()
	var guesses sync.WaitGroup
	for range 20 {
		guesses.Go(func() { _, _ = h.signIn("ada@example.com", "a wrong password", "attacker") })
	}
	guesses.Wait()
	if tried := h.hasher.Hashed() - before; tried > 5 {
		t.Errorf("%d passwords were compared, want at most 5", tried)
	}
}

// When the costs of hashes change, the stored hash follows with the next sign-in, which alone
// has the password; a wrong one changes nothing. Nobody is signed out by that.
func TestAnOutdatedHashIsReplacedBySigningIn(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	session := h.signUp("ada@example.com")
	stored := func() (hash string) {
		t.Helper()
		if err := h.pool.QueryRow(t.Context(), `select password_hash from accounts where email = 'ada@example.com'`).Scan(&hash); err != nil {
			t.Fatal(err)
		}
		return hash
	}
	const present = "$argon2id$v=19$m=19456,t=2,p=1$"
	salt := []byte("sixteen bytes of")
	outdated := fmt.Sprintf("$argon2id$v=19$m=8,t=1,p=1$%s$%s", base64.RawStdEncoding.EncodeToString(salt),
		base64.RawStdEncoding.EncodeToString(argon2.IDKey([]byte(password), salt, 1, 8, 1, 32)))
	if hash := stored(); !strings.HasPrefix(hash, present) {
		t.Fatalf("the costs are other ones than this test knows: %s", hash)
	}
	if _, err := h.pool.Exec(t.Context(), `update accounts set password_hash = $1`, outdated); err != nil {
		t.Fatal(err)
	}
	epoch := h.epoch("ada@example.com")

	_, err := h.signIn("ada@example.com", "a wrong password", "home")
	wants(t, "a wrong password", err, domain.ReasonCredentialsInvalid)
	if hash := stored(); hash != outdated {
		t.Errorf("after a wrong password the hash is %s", hash)
	}
	if _, err := h.signIn("ada@example.com", password, "home"); err != nil {
		t.Fatal(err)
	}
	replaced := stored()
	if !strings.HasPrefix(replaced, present) {
		t.Errorf("after the sign-in the hash is %s", replaced)
	}
	if verdict, err := h.compare("home", password, replaced); err != nil || !verdict.Matches || verdict.Outdated {
		t.Errorf("the replaced hash: %+v, %v", verdict, err)
	}
	if _, err := h.signIn("ada@example.com", password, "home"); err != nil {
		t.Errorf("the next sign-in: %v", err)
	}
	_, err = h.signIn("ada@example.com", "a wrong password", "home")
	wants(t, "a wrong password afterwards", err, domain.ReasonCredentialsInvalid)
	if hash := stored(); hash != replaced {
		t.Errorf("a hash of the present costs was replaced by %s", hash)
	}
	if _, err := h.RefreshSession(t.Context(), session.RefreshToken); err != nil || h.epoch("ada@example.com") != epoch {
		t.Errorf("the session from before ended: %v, epoch %d and %d", err, epoch, h.epoch("ada@example.com"))
	}
}

// A sign-in whose password was not compared leaves no row behind, so that each row costs
// whoever makes it a hash; one that finds no place in the queue doesn't even reach the
// database, so that a flood of them leaves the shop its time.
func TestOnlyComparedPasswordsAreKept(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.Hasher = passwords.NewHasher(nil, nil) // nobody runs it
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	signIn := func(n int) error {
		_, err := h.SignIn(ctx, domain.Customer, email(t, fmt.Sprintf("nobody%d@example.com", n)), password, "", from(fmt.Sprint("bot ", n)))
		return err
	}
	const waiting = 24
	answers := make(chan error, waiting+1)
	for n := range waiting + 1 {
		go func() { answers <- signIn(n) }()
	}
	rows := func() (count int) {
		t.Helper()
		if err := h.pool.QueryRow(t.Context(), `select count(*) from sign_in_failures`).Scan(&count); err != nil {
			t.Fatal(err)
		}
		return count
	}
	answer := func() error {
		t.Helper()
		select {
		case err := <-answers:
			return err
		case <-time.After(testkit.Patience):
			t.Fatal("no sign-in is answered")
			return nil
		}
	}
	// One finds no room, so all others wait.
	wants(t, "one more than may wait", answer(), fault.ReasonRateLimited)
	testkit.Eventually(t, "all wait for their hashes", func() bool { return h.Hasher.Ready() == waiting })
	if n := rows(); n != 2*waiting {
		t.Errorf("%d rows are kept while %d sign-ins wait, want two for each", n, waiting)
	}
	h.trace.Begin()
	for n := range 50 {
		wants(t, "with nobody hashing", signIn(100+n), fault.ReasonRateLimited)
	}
	if made := h.trace.End(); made != "" {
		t.Errorf("sign-ins without a place made the statements %s", made)
	}
	leave()
	for range waiting {
		if err := answer(); !errors.Is(err, context.Canceled) {
			t.Errorf("who left is answered with %v", err)
		}
	}
	if n := rows(); n != 0 {
		t.Errorf("%d rows are kept of sign-ins whose passwords were not compared", n)
	}
}

// A sign-in that is refused before its password is compared gives its place in the queue back.
func TestARefusedSignInGivesItsPlaceBack(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.signUp("ada@example.com")
	const places = 24
	for i := range 5 + 2*places {
		_, err := h.signIn("ada@example.com", "a wrong password", "attacker")
		if i >= 5 {
			wants(t, "a guess that has to wait", err, fault.ReasonRateLimited)
			if errors.Is(err, passwords.ErrBusy) {
				t.Fatalf("guess %d found no place: those before did not give theirs back", i+1)
			}
		}
	}
	if _, err := h.signIn("ada@example.com", password, "home"); err != nil {
		t.Errorf("the right password from elsewhere: %v", err)
	}
}

// While passwords can't be hashed, no password is reported as wrong, and no failure counts.
func TestWithoutHashesNoSignInFails(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.signUp("ada@example.com")
	h.Hasher = passwords.NewHasher([]string{"/there/is/no/such/program"}, testkit.Log(t))
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = h.Hasher.Run(ctx) })
	defer running.Wait()
	defer stop()
	for range 2 {
		_, err := h.signIn("ada@example.com", password, "home")
		if f, ok := fault.Of(err); !ok || f.Kind() != fault.Unavailable || f.RetryDelay() <= 0 {
			t.Errorf("the answer is %v", err)
		}
	}
	var rows int
	if err := h.pool.QueryRow(t.Context(), `select count(*) from sign_in_failures`).Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d failures are kept (%v)", rows, err)
	}
}

// After a hundred failures a day, only known address prefixes may sign in, and who follows a
// mailed link.
func TestAfterAHundredFailuresAMailedLinkHelps(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.signUp("ada@example.com") // from home
	for i := range 100 {
		_, err := h.signIn("ada@example.com", "a wrong password", fmt.Sprint("bot ", i))
		wants(t, "a guess", err, domain.ReasonCredentialsInvalid)
	}
	_, err := h.signIn("ada@example.com", password, "hotel")
	wants(t, "the owner from a new address prefix", err, fault.ReasonRateLimited)
	if _, err := h.signIn("ada@example.com", password, "home"); err != nil {
		t.Errorf("the owner from a known address prefix: %v", err)
	}
	if err := h.RequestPasswordReset(t.Context(), domain.Customer, email(t, "ada@example.com"), ""); err != nil {
		t.Fatal(err)
	}
	if err := h.ResetPassword(t.Context(), h.link("ada@example.com"), "another long password here", from("hotel")); err != nil {
		t.Fatal(err)
	}
	if _, err := h.signIn("ada@example.com", "another long password here", "hotel"); err != nil {
		t.Errorf("the owner after a mailed link: %v", err)
	}
}

// With a second factor a password is not enough, a reset of the password removes nothing
// of it, and a code or recovery code is taken once.
func TestASecondFactorIsNeededAndStays(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.signUp("ada@example.com")
	ada := h.as("ada@example.com")
	secret, uri, err := h.EnrollTotp(ada)
	if err != nil || !strings.HasPrefix(uri, "otpauth://totp/") {
		t.Fatalf("%s, %v", uri, err)
	}
	_, err = h.ConfirmTotp(ada, secret, "000000")
	wants(t, "a wrong code", err, domain.ReasonCredentialsInvalid)
	recovery, err := h.ConfirmTotp(ada, secret, domain.TotpCode(secret, h.clock()))
	if err != nil {
		t.Fatal(err)
	}
	signIn := func(password, code string) error {
		_, err := h.SignIn(t.Context(), domain.Customer, email(t, "ada@example.com"), password, code, from("home"))
		return err
	}
	wants(t, "without a code", signIn(password, ""), domain.ReasonCredentialsInvalid)
	wants(t, "the code that was confirmed", signIn(password, domain.TotpCode(secret, h.clock())), domain.ReasonCredentialsInvalid)
	h.after(time.Minute)
	if err := signIn(password, domain.TotpCode(secret, h.clock())); err != nil {
		t.Errorf("the next code: %v", err)
	}
	wants(t, "the same code again", signIn(password, domain.TotpCode(secret, h.clock())), domain.ReasonCredentialsInvalid)
	if err := signIn(password, strings.ToUpper(recovery[3])); err != nil {
		t.Errorf("a recovery code: %v", err)
	}
	wants(t, "the same recovery code", signIn(password, recovery[3]), domain.ReasonCredentialsInvalid)

	h.after(time.Hour)
	if err := h.RequestPasswordReset(t.Context(), domain.Customer, email(t, "ada@example.com"), ""); err != nil {
		t.Fatal(err)
	}
	if err := h.ResetPassword(t.Context(), h.link("ada@example.com"), "another long password here", from("home")); err != nil {
		t.Fatal(err)
	}
	wants(t, "the new password alone", signIn("another long password here", ""), domain.ReasonCredentialsInvalid)
	if err := signIn("another long password here", domain.TotpCode(secret, h.clock())); err != nil {
		t.Errorf("with a code: %v", err)
	}
}
