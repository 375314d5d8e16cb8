package domain

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
)

func TestEmailsAreComparedAsBytes(t *testing.T) {
	t.Parallel()
	same := [][2]string{
		{"Ada@Example.COM", "ada@example.com"},
		{"ada@bücher.example", "ada@xn--bcher-kva.example"},
		{" ada@example.com ", "ada@example.com"},
	}
	for _, pair := range same {
		if a, b := mustEmail(t, pair[0]), mustEmail(t, pair[1]); !a.Equal(b) {
			t.Errorf("%q and %q are one address, keys %q and %q", pair[0], pair[1], a.Key, b.Key)
		}
	}
	// Each of these would be equal under Unicode's case folding or a database's collation.
	other := [][2]string{
		{"mıke@example.com", "mike@example.com"},
		{"straße@example.com", "strasse@example.com"},
		{"ÄDA@example.com", "äda@example.com"},
		{"ada@exаmple.com", "ada@example.com"}, // a Cyrillic а
	}
	for _, pair := range other {
		if a, b := mustEmail(t, pair[0]), mustEmail(t, pair[1]); a.Equal(b) {
			t.Errorf("%q and %q are two addresses, and have one key %q", pair[0], pair[1], a.Key)
		}
	}
	if (Email{}).Equal(Email{}) {
		t.Error("no address equals no address")
	}
}

func mustEmail(t *testing.T, text string) Email {
	t.Helper()
	email, err := ParseEmail(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return email
}

func TestPasswordsThatAreGuessedFirstAreRefused(t *testing.T) {
	t.Parallel()
	email := mustEmail(t, "ada.lovelace@example.com")
	for _, password := range []string{
		"", "short", "elevenchars", // too short
		"password1234", "Passw0rd2024!", "qwertyuiop123", "1q2w3e4r5t6y", "1qaz2wsx3edc", "zaq12wsxcde3", "iloveyou1234",
		"123456789012", "aaaaaaaaaaaa", "abc123abc123", "abcdefghijkl", "ManchesterUnited1", "letmein12345!", "P@$$w0rd1234",
		"michael12345", "superman2023!!", "098765432109", "passwordpassword", "football12345678",
		"ada.lovelace@example.com", "Ada.Lovelace1", // the address
	} {
		if err := CheckPassword(Customer, password, email); fault.ReasonOf(err) != ReasonPasswordWeak {
			t.Errorf("%q was not refused: %v", password, err)
		}
	}
	for _, password := range []string{
		"correct horse battery", "gq8Xw-vTz2!pLm", "tall bread under rivers", "Donaudampfschifffahrt", "密码是一个很长的句子吗是的",
		"mydogatethreehats", "x9f2kq7hz3mw",
	} {
		if err := CheckPassword(Customer, password, email); err != nil {
			t.Errorf("%q was refused: %v", password, err)
		}
	}
	if err := CheckPassword(Staff, "gq8Xw-vTz2!pLm", email); fault.ReasonOf(err) != ReasonPasswordWeak {
		t.Errorf("14 characters are too few for staff: %v", err)
	}
	long := make([]rune, MaxPassword+1)
	for i := range long {
		long[i] = rune('a' + i*7%26)
	}
	if err := CheckPassword(Customer, string(long), email); fault.ReasonOf(err) != ReasonPasswordWeak {
		t.Errorf("257 characters are too many: %v", err)
	}
}

func TestCodesAreThoseOfRFC6238(t *testing.T) {
	t.Parallel()
	secret := []byte("12345678901234567890")
	for seconds, want := range map[int64]string{ // appendix B, SHA-1
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471",
		1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := totpCode(secret, seconds/30, 8); got != want {
			t.Errorf("at %d s the code is %s, want %s", seconds, got, want)
		}
	}
}

func TestACodeIsTakenOnce(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_111_111_111, 0)
	step := now.Unix() / 30
	factor := Totp{Secret: []byte("12345678901234567890"), Confirmed: true}
	if _, ok := factor.Take("", now); ok {
		t.Error("an empty code was taken")
	}
	before := totpCode(factor.Secret, step-1, 6)
	current := totpCode(factor.Secret, step, 6)
	if _, ok := factor.Take(totpCode(factor.Secret, step-2, 6), now); ok {
		t.Error("a code from two steps before was taken")
	}
	after, ok := factor.Take(current, now)
	if !ok {
		t.Fatal("the current code was not taken")
	}
	if _, ok := after.Take(current, now); ok {
		t.Error("a code was taken twice")
	}
	if _, ok := after.Take(before, now); ok {
		t.Error("a code from before one that was taken was taken")
	}
	if _, ok := (Totp{}).Take(current, now); ok {
		t.Error("without a secret a code was taken")
	}
}

func TestSignInsWaitAfterFailures(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	var here Failures
	for i := range 5 {
		if wait := here.Wait(now); wait != 0 {
			t.Fatalf("after %d failures the next one waits %v", i, wait)
		}
		here = here.Add(now)
	}
	want := time.Second
	for here.Count < 20 {
		if wait := here.Wait(now); wait != want {
			t.Fatalf("after %d failures the next one waits %v, want %v", here.Count, wait, want)
		}
		if want = 2 * want; want > longestWait {
			want = longestWait
		}
		here = here.Add(now)
	}
	if wait := here.Wait(now.Add(longestWait)); wait != 0 {
		t.Errorf("the wait does not end: %v", wait)
	}
	if err := MaySignIn(here, here, false, now); fault.ReasonOf(err) != fault.ReasonRateLimited {
		t.Errorf("a sign-in was let through while it had to wait: %v", err)
	}
	if err := MaySignIn(Failures{}, here, false, now); err != nil {
		t.Errorf("failures elsewhere locked the owner out: %v", err)
	}
	if here = here.Add(now.Add(failureLife)); here.Count != 1 {
		t.Errorf("failures of yesterday count: %d", here.Count)
	}
}

func TestAHundredFailuresLeaveKnownPlaces(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	var everywhere Failures
	for range dailyFailures {
		if err := MaySignIn(Failures{}, everywhere, false, now); err != nil {
			t.Fatalf("after %d failures: %v", everywhere.Count, err)
		}
		everywhere = everywhere.Add(now)
	}
	if err := MaySignIn(Failures{}, everywhere, false, now); fault.ReasonOf(err) != fault.ReasonRateLimited {
		t.Errorf("the 101st guess was let through: %v", err)
	}
	if err := MaySignIn(Failures{}, everywhere, true, now); err != nil {
		t.Errorf("a known address prefix was refused: %v", err)
	}
	if err := MaySignIn(Failures{}, everywhere, false, now.Add(failureLife)); err != nil {
		t.Errorf("the next day it is refused: %v", err)
	}
}

func TestARefreshTokenHasOneSuccessor(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	life := SessionLife{Idle: 30 * 24 * time.Hour, Whole: 180 * 24 * time.Hour}
	first := NewSession(uuid.New(), uuid.New(), []string{MethodPassword}, "", "", now)

	second, outcome := first.Refresh(1, life, now)
	if outcome != Advanced || second.Snapshot().Number != 2 {
		t.Fatalf("the first refresh: %v, number %d", outcome, second.Snapshot().Number)
	}
	// Two tabs, or a lost answer: the same successor again, for 30 s.
	if again, outcome := second.Refresh(1, life, now.Add(30*time.Second)); outcome != Repeated || again.Snapshot().Number != 2 {
		t.Errorf("within 30 s: %v, number %d", outcome, again.Snapshot().Number)
	}
	if ended, outcome := second.Refresh(1, life, now.Add(31*time.Second)); outcome != Reused || ended.Snapshot().EndTime.IsZero() {
		t.Errorf("after 31 s: %v, ended %v", outcome, ended.Snapshot().EndTime)
	}
	// Once the successor is used, its parent is reuse at once.
	third, _ := second.Refresh(2, life, now)
	if ended, outcome := third.Refresh(1, life, now); outcome != Reused || !ended.Ended(life, now) {
		t.Errorf("a token whose successor was used: %v", outcome)
	}
	if _, outcome := third.Refresh(7, life, now); outcome != Over {
		t.Errorf("a token from after a restored backup: %v", outcome)
	}
	if _, outcome := third.Refresh(3, life, now.Add(life.Idle)); outcome != Over {
		t.Errorf("after the idle time: %v", outcome)
	}
}

func TestASessionBeginsWithItsProof(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	life := SessionLife{Idle: 30 * 24 * time.Hour, Whole: 180 * 24 * time.Hour}
	first := NewSession(uuid.New(), uuid.New(), []string{MethodPassword}, "192.0.2.0/24", "a\r\nb"+strings.Repeat("é", 300), now)
	if want := "ab" + strings.Repeat("é", 198); first.Snapshot().Agent != want {
		t.Errorf("the program is kept as %q, want %q", first.Snapshot().Agent, want)
	}
	later := now.Add(time.Minute)
	again := first.Proved([]string{MethodPassword, MethodOTP}, later)
	if s := again.Snapshot(); !s.AuthTime.Equal(later) || len(s.Methods) != 2 || !s.CreateTime.Equal(now) || !s.RefreshTime.Equal(now) {
		t.Errorf("proved again: %+v", s)
	}
	ended := again.End(later)
	if again.Ended(life, later) || !ended.Ended(life, later) || !ended.End(later.Add(time.Hour)).Snapshot().EndTime.Equal(later) {
		t.Errorf("ended: %+v, again: %+v", ended, ended.End(later.Add(time.Hour)))
	}
}

func TestTokensAreReadByWhoMadeThem(t *testing.T) {
	t.Parallel()
	secret, id := RefreshSecret("a secret"), uuid.New()
	token := secret.Token(id, 3)
	if gotID, number, ok := secret.Read(token); !ok || gotID != id || number != 3 {
		t.Errorf("read %v, %d, %v", gotID, number, ok)
	}
	for i := range token {
		changed := append([]byte(nil), token...)
		changed[i] ^= 1
		if _, _, ok := secret.Read(changed); ok {
			t.Fatalf("a token with byte %d changed is good", i)
		}
	}
	if _, _, ok := RefreshSecret("another").Read(token); ok {
		t.Error("a token of another secret is good")
	}
	link := LinkSecret("a secret").Token(id)
	if _, ok := LinkSecret("another").Read(link); ok {
		t.Error("a link of another secret is good")
	}
	if got, ok := LinkSecret("a secret").Read(link); !ok || got != id {
		t.Error("a link can't be read")
	}
}

func TestALinkIsGoodOnceForItsPurpose(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	link := NewLink(uuid.New(), ResetPassword, Customer, mustEmail(t, "ada@example.com"), uuid.New(), now, 30*time.Minute)
	used, err := link.Use(ResetPassword, now)
	if err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"used":            second(used.Use(ResetPassword, now)),
		"another purpose": second(link.Use(VerifyEmail, now)),
		"expired":         second(link.Use(ResetPassword, now.Add(30*time.Minute))),
	} {
		if fault.ReasonOf(err) != ReasonLinkInvalid || err.Error() != ErrLinkInvalid().Error() {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestNobodyGrantsWhatTheyLack(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	reader := Account{AccountSnapshot{ID: uuid.New(), Kind: Staff, Permissions: []Permission{2, 4}, Epoch: 1, Version: 1}}
	writer := Account{AccountSnapshot{ID: uuid.New(), Kind: Staff, Permissions: []Permission{1}, Epoch: 1, Version: 1}}
	owner := Account{AccountSnapshot{ID: uuid.New(), Kind: Staff, Owner: true, Epoch: 1, Version: 1}}
	manager := Actor{AccountID: uuid.New(), Permissions: []Permission{2, 17}}

	refused := func(what string, err error, reason fault.Reason) {
		t.Helper()
		if fault.ReasonOf(err) != reason {
			t.Errorf("%s: %v, want %s", what, err, reason)
		}
	}
	changed, err := reader.SetRoles(manager, false, []Permission{2}, 1, now)
	if err != nil || changed.Snapshot().Epoch != 2 {
		t.Fatalf("a manager takes a permission: %v, epoch %d", err, changed.Snapshot().Epoch)
	}
	refused("a permission that the manager lacks", second(reader.SetRoles(manager, false, []Permission{4}, 1, now)), ReasonRoleEscalation)
	refused("making an owner", second(reader.SetRoles(manager, true, nil, 1, now)), ReasonRoleEscalation)
	refused("touching who may write", second(writer.SetRoles(manager, false, nil, 1, now)), ReasonRoleEscalation)
	refused("disabling an owner", second(owner.SetDisabled(manager, true, 2, now)), ReasonRoleEscalation)
	refused("changing oneself", second(reader.SetRoles(reader.Snapshot().Actor(), false, nil, 1, now)), ReasonRoleEscalation)
	refused("an owner disabling oneself", second(owner.SetDisabled(owner.Snapshot().Actor(), true, 2, now)), ReasonRoleEscalation)
	another := Actor{AccountID: uuid.New(), Owner: true}
	refused("the last owner", second(owner.SetDisabled(another, true, 1, now)), ReasonLastOwner)
	refused("the last owner", second(owner.SetRoles(another, false, nil, 1, now)), ReasonLastOwner)
	if _, err := owner.SetDisabled(another, true, 2, now); err != nil {
		t.Errorf("one of two owners: %v", err)
	}
}

func TestAKeyIsRevokedOnce(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	key, err := NewAPIKey(uuid.New(), []byte("hash"), "till", nil, uuid.New(), now, now.Add(time.Hour), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	revoked := key.Revoke(now).Snapshot()
	if revoked.Etag() == key.Snapshot().Etag() || !revoked.RevokeTime.Equal(now) {
		t.Errorf("revoked: %+v", revoked)
	}
	if again := key.Revoke(now).Revoke(now.Add(time.Minute)).Snapshot(); !again.RevokeTime.Equal(now) || again.Etag() != revoked.Etag() {
		t.Errorf("revoked again: %+v", again)
	}
}

func TestKeyDiesWithItsCreator(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	key := RestoreAPIKey(APIKeySnapshot{ID: uuid.New(), Permissions: []Permission{1, 2}, ExpireTime: now.Add(time.Hour)})
	creator := AccountSnapshot{Kind: Staff, Permissions: []Permission{2, 4}}
	if may, ok := key.May(creator, now); !ok || len(may) != 1 || may[0] != 2 {
		t.Errorf("the key may %v, %v: as far as its creator may", may, ok)
	}
	creator.Disabled = true
	if _, ok := key.May(creator, now); ok {
		t.Error("the key of a disabled creator is good")
	}
	if _, ok := key.May(AccountSnapshot{Kind: Staff, Owner: true}, now.Add(time.Hour)); ok {
		t.Error("an expired key is good")
	}
}
