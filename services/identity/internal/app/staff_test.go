package app_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

const staffPassword = "seven quiet herons wait"

// operator calls with a token of the operator's socket.
func operator(ctx context.Context) context.Context {
	return authz.WithCaller(ctx, authz.Identity{Kind: authz.Owner, AccountID: "operator", Methods: []string{authz.MethodOperator}})
}

// hire makes the account of a member of staff, invited by who calls in ctx.
func (h *harness) hire(ctx context.Context, address string, owner bool, permissions ...domain.Permission) uuid.UUID {
	h.t.Helper()
	if err := h.InviteStaff(ctx, uuid.Nil, nil, app.Invitation{Email: email(h.t, address), Owner: owner, Permissions: permissions}); err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.AcceptInvite(h.t.Context(), h.link(address), domain.Email{}, staffPassword, domain.Person{FirstName: "Grace"}, from("office")); err != nil {
		h.t.Fatal(err)
	}
	return h.idOf(address)
}

func (h *harness) idOf(address string) (id uuid.UUID) {
	h.t.Helper()
	if err := h.pool.QueryRow(h.t.Context(), `select id from accounts where email = $1`, address).Scan(&id); err != nil {
		h.t.Fatal(err)
	}
	return id
}

// member returns a context in which a member of staff calls.
func (h *harness) member(id uuid.UUID, owner bool, permissions ...domain.Permission) context.Context {
	h.t.Helper()
	caller := authz.Identity{Kind: authz.Staff, ID: id.String(), AccountID: id.String()}
	if err := h.pool.QueryRow(h.t.Context(), `select epoch from accounts where id = $1`, id).Scan(&caller.Epoch); err != nil {
		h.t.Fatal(err)
	}
	if owner {
		caller.Kind = authz.Owner
	}
	for _, p := range permissions {
		caller.Permissions = append(caller.Permissions, optionsv1.Permission(p))
	}
	return authz.WithCaller(h.t.Context(), caller)
}

// A mailed invitation makes an account with a good password, once for each address.
func TestStaffIsInvitedByMail(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	if err := h.InviteStaff(operator(t.Context()), uuid.Nil, nil, app.Invitation{Email: email(t, "owner@example.com"), Owner: true}); err != nil {
		t.Fatal(err)
	}
	shown := h.link("owner@example.com")
	_, err := h.AcceptInvite(t.Context(), shown, domain.Email{}, "fourteen chars", domain.Person{FirstName: "Ada"}, from("home"))
	wants(t, "14 characters", err, domain.ReasonPasswordWeak)
	session, err := h.AcceptInvite(t.Context(), shown, domain.Email{}, staffPassword, domain.Person{FirstName: "Ada"}, from("home"))
	if err != nil || session.AccessToken == "" {
		t.Fatal(err)
	}
	owner := h.member(h.idOf("owner@example.com"), true)
	err = h.InviteStaff(owner, uuid.Nil, nil, app.Invitation{Email: email(t, "Owner@example.com")})
	wants(t, "an address that has an account", err, domain.ReasonEmailTaken)
}

// Vendure GHSA-v85r: nobody gives themselves, or others, what they lack.
func TestRolesAreGivenByThoseWhoHoldThem(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	owner := h.member(h.hire(operator(t.Context()), "owner@example.com", true), true)
	managerID := h.hire(owner, "manager@example.com", false, domain.AccountsWrite, domain.StockRead)
	manager := h.member(managerID, false, domain.AccountsWrite, domain.StockRead)
	clerk := h.hire(manager, "clerk@example.com", false, domain.StockRead)

	refused := func(what string, err error) { t.Helper(); wants(t, what, err, domain.ReasonRoleEscalation) }
	invite := func(ctx context.Context, i app.Invitation) error {
		i.Email = email(t, "x@example.com")
		return h.InviteStaff(ctx, uuid.Nil, nil, i)
	}
	set := func(ctx context.Context, id uuid.UUID, owner bool, permissions ...domain.Permission) error {
		_, err := h.SetRoles(ctx, id, "", owner, permissions)
		return err
	}
	refused("inviting an owner", invite(manager, app.Invitation{Owner: true}))
	refused("inviting to what one lacks", invite(manager, app.Invitation{Permissions: []domain.Permission{domain.OrdersRead}}))
	refused("giving what one lacks", set(manager, clerk, false, domain.OrdersRead))
	refused("making an owner", set(manager, clerk, true))
	refused("giving oneself more", set(manager, managerID, false, domain.AccountsWrite, domain.StockRead, domain.OrdersRead))
	refused("taking an owner's role", set(manager, h.idOf("owner@example.com"), false))

	_, err := h.SetDisabled(manager, clerk, "", true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.SetDisabled(manager, clerk, "", false); err != nil {
		t.Errorf("enabling who holds no more than oneself: %v", err)
	}
	reader := h.hire(owner, "reader@example.com", false, domain.OrdersRead)
	if _, err := h.SetDisabled(owner, reader, "", true); err != nil {
		t.Fatal(err)
	}
	_, err = h.SetDisabled(manager, reader, "", false)
	refused("enabling who holds what one lacks", err)

	before := h.epoch("clerk@example.com")
	if err := set(owner, clerk, false, domain.CatalogWrite); err != nil {
		t.Fatal(err)
	}
	if h.epoch("clerk@example.com") <= before {
		t.Error("the access tokens of before are good")
	}
	refused("touching who may write", set(manager, clerk, false))
	_, err = h.SetDisabled(manager, clerk, "", true)
	refused("disabling who may write", err)
	_, err = h.SetRoles(owner, clerk, `"stale"`, false, nil)
	wants(t, "a stale etag", err, fault.ReasonEtagMismatch)
}

// A change that was done and whose answer was lost is not refused for its etag when it is sent
// again; somebody else's change is still not overwritten.
func TestAChangeOfAnAccountSentAgainWithItsEtagIsDone(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	owner := h.member(h.hire(operator(t.Context()), "owner@example.com", true), true)
	clerk := h.hire(owner, "clerk@example.com", false, domain.StockRead)
	disabled, err := h.SetDisabled(owner, clerk, "", true)
	if err != nil {
		t.Fatal(err)
	}
	seen := disabled.Etag()
	enable := func() (domain.AccountSnapshot, error) { return h.SetDisabled(owner, clerk, seen, false) }
	enabled, err := enable()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := enable(); err != nil || again.Etag() != enabled.Etag() {
		t.Errorf("enabling once more: version %d, %v, first %d", again.Version, err, enabled.Version)
	}
	give := func() (domain.AccountSnapshot, error) {
		return h.SetRoles(owner, clerk, enabled.Etag(), false, []domain.Permission{domain.OrdersRead})
	}
	given, err := give()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := give(); err != nil || again.Etag() != given.Etag() {
		t.Errorf("giving once more: version %d, %v, first %d", again.Version, err, given.Version)
	}
	_, err = h.SetRoles(owner, clerk, enabled.Etag(), false, []domain.Permission{domain.CatalogWrite})
	wants(t, "something else with the etag of before", err, fault.ReasonEtagMismatch)
}

// An invitation is worth what who invited may still grant.
func TestAnInvitationEndsWithWhoInvited(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	owner := h.member(h.hire(operator(t.Context()), "owner@example.com", true), true)
	managerID := h.hire(owner, "manager@example.com", false, domain.AccountsWrite, domain.StockRead)
	if err := h.InviteStaff(h.member(managerID, false, domain.AccountsWrite, domain.StockRead), uuid.Nil, nil, app.Invitation{
		Email: email(t, "friend@example.com"), Permissions: []domain.Permission{domain.StockRead},
	}); err != nil {
		t.Fatal(err)
	}
	link := h.link("friend@example.com")
	refused := func(what string) {
		t.Helper()
		_, err := h.AcceptInvite(t.Context(), link, domain.Email{}, staffPassword, domain.Person{FirstName: "Eve"}, from("home"))
		wants(t, what, err, domain.ReasonLinkInvalid)
	}
	if _, err := h.SetRoles(owner, managerID, "", false, []domain.Permission{domain.StockRead}); err != nil {
		t.Fatal(err)
	}
	refused("the invitation of who may invite nobody any more")
	if _, err := h.SetRoles(owner, managerID, "", false, []domain.Permission{domain.AccountsWrite}); err != nil {
		t.Fatal(err)
	}
	refused("the invitation to what its inviter lacks")
	if _, err := h.SetRoles(owner, managerID, "", false, []domain.Permission{domain.AccountsWrite, domain.StockRead}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.SetDisabled(owner, managerID, "", true); err != nil {
		t.Fatal(err)
	}
	refused("the invitation of who was disabled")
}

// Two owners who are removed at once leave one.
func TestTheLastOwnerStays(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	first := h.hire(operator(t.Context()), "first@example.com", true)
	second := h.hire(operator(t.Context()), "second@example.com", true)
	var both sync.WaitGroup
	errs := make([]error, 2)
	both.Go(func() { _, errs[0] = h.SetDisabled(operator(t.Context()), second, "", true) })
	both.Go(func() { _, errs[1] = h.SetRoles(operator(t.Context()), first, "", false, nil) })
	both.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Fatalf("both were answered %v and %v", errs[0], errs[1])
	}
	for _, err := range errs {
		if err != nil {
			wants(t, "the second", err, domain.ReasonLastOwner)
		}
	}
	accounts, err := h.ListAccounts(t.Context(), page.Request{Filter: `owner = true AND disabled = false`})
	if err != nil || len(accounts.Items) != 1 {
		t.Errorf("%d owners, %v", len(accounts.Items), err)
	}
}

// A disabled member of staff is out: password, sessions and keys.
func TestADisabledAccountIsOut(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	owner := h.member(h.hire(operator(t.Context()), "owner@example.com", true), true)
	clerk := h.hire(owner, "clerk@example.com", false, domain.StockRead, domain.CatalogWrite)
	signIn := func() (app.Session, error) {
		return h.SignIn(t.Context(), domain.Staff, email(t, "clerk@example.com"), staffPassword, "", from("office"))
	}
	session, err := signIn()
	if err != nil {
		t.Fatal(err)
	}
	key, secret, err := h.CreateAPIKey(h.member(clerk, false, domain.StockRead, domain.CatalogWrite), uuid.Nil, nil, "import", []domain.Permission{domain.CatalogWrite}, h.clock().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.ExchangeAPIKey(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	if _, err := h.SetDisabled(owner, clerk, "", true); err != nil {
		t.Fatal(err)
	}
	_, err = signIn()
	wants(t, "the password", err, domain.ReasonCredentialsInvalid)
	_, err = h.RefreshSession(t.Context(), session.RefreshToken)
	wants(t, "the session", err, fault.ReasonTokenExpired)
	_, err = h.ExchangeAPIKey(t.Context(), secret)
	wants(t, "the key", err, fault.ReasonUnauthenticated)
	if _, err := h.SetDisabled(owner, clerk, "", false); err != nil {
		t.Fatal(err)
	}
	if _, err := h.ExchangeAPIKey(t.Context(), secret); err != nil {
		t.Errorf("the key after the account was enabled: %v", err)
	}
	if _, err := h.RevokeAPIKey(owner, key.ID); err != nil {
		t.Fatal(err)
	}
	_, err = h.ExchangeAPIKey(t.Context(), secret)
	wants(t, "a revoked key", err, fault.ReasonUnauthenticated)
	changes := published[*identityv1.AccountChanged](h)
	if last := changes[len(changes)-2]; !last.GetDisabled() {
		t.Errorf("the disabling was published as %v", last)
	}
}

// A key may do what its creator may, no more, and is stored nowhere.
func TestAKeyMayDoWhatItsCreatorMay(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	owner := h.member(h.hire(operator(t.Context()), "owner@example.com", true), true)
	clerk := h.hire(owner, "clerk@example.com", false, domain.StockRead)
	as := h.member(clerk, false, domain.StockRead)
	_, _, err := h.CreateAPIKey(as, uuid.Nil, nil, "import", []domain.Permission{domain.CatalogWrite}, h.clock().Add(time.Hour))
	wants(t, "what its creator lacks", err, domain.ReasonRoleEscalation)
	_, _, err = h.CreateAPIKey(as, uuid.Nil, nil, "import", []domain.Permission{domain.StockRead}, h.clock().Add(366*24*time.Hour))
	wants(t, "a life of 366 days", err, fault.ReasonInvalidField)
	_, secret, err := h.CreateAPIKey(as, uuid.Nil, nil, "import", []domain.Permission{domain.StockRead}, h.clock().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := h.ListAPIKeys(t.Context(), page.Request{Filter: `creator = "` + clerk.String() + `"`})
	if err != nil || len(keys.Items) != 1 || !keys.Items[0].LastUseTime.IsZero() {
		t.Fatalf("%v, %v", keys, err)
	}
	for _, wrong := range []string{"", "sm_ak_x", secret[:len(secret)-1], secret + "0"} {
		_, err := h.ExchangeAPIKey(t.Context(), wrong)
		wants(t, "a key that is none", err, fault.ReasonUnauthenticated)
	}
	if _, err := h.ExchangeAPIKey(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	if keys, _ := h.ListAPIKeys(t.Context(), page.Request{}); len(keys.Items) != 1 || keys.Items[0].LastUseTime.IsZero() {
		t.Error("its last use is not known")
	}
	h.after(time.Hour)
	_, err = h.ExchangeAPIKey(t.Context(), secret)
	wants(t, "an expired key", err, fault.ReasonUnauthenticated)
}

// Everybody ends their own keys, whatever they may do else; who may write no accounts gets the
// same answer about another's as about none.
func TestEverybodyEndsTheirOwnKeys(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	owner := h.member(h.hire(operator(t.Context()), "owner@example.com", true), true)
	clerk := h.hire(owner, "clerk@example.com", false, domain.StockRead)
	another := h.hire(owner, "another@example.com", false, domain.StockRead)
	newKey := func() domain.APIKeySnapshot {
		t.Helper()
		key, _, err := h.CreateAPIKey(h.member(clerk, false, domain.StockRead), uuid.Nil, nil, "import", nil, h.clock().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	key, none := newKey(), uuid.New()
	unenrolled := authz.WithCaller(t.Context(), authz.Identity{Kind: authz.Owner, AccountID: uuid.NewString(), MustEnroll: true})
	for who, as := range map[string]context.Context{
		"staff without permissions":        h.member(another, false),
		"staff that reads accounts":        h.member(another, false, domain.AccountsRead),
		"a customer":                       authz.WithCaller(t.Context(), authz.Identity{Kind: authz.Customer, ID: "c", AccountID: uuid.NewString()}),
		"an owner without a second factor": unenrolled,
	} {
		_, ofAnother := h.RevokeAPIKey(as, key.ID)
		wants(t, who, ofAnother, domain.ReasonAPIKeyNotFound)
		_, ofNobody := h.RevokeAPIKey(as, none)
		wants(t, who, ofNobody, domain.ReasonAPIKeyNotFound)
		if ofAnother == nil || ofNobody == nil {
			continue
		}
		if got, want := strings.ReplaceAll(ofAnother.Error(), key.ID.String(), "ID"), strings.ReplaceAll(ofNobody.Error(), none.String(), "ID"); got != want {
			t.Errorf("%s: another's: %q, none: %q", who, got, want)
		}
	}
	if ended, err := h.RevokeAPIKey(h.member(clerk, false), key.ID); err != nil || ended.RevokeTime.IsZero() {
		t.Errorf("their own: %v, %v", ended, err)
	}
	if ended, err := h.RevokeAPIKey(h.member(another, false, domain.AccountsWrite), newKey().ID); err != nil || ended.RevokeTime.IsZero() {
		t.Errorf("by who may write accounts: %v, %v", ended, err)
	}
}

// A token of the operator's socket stands for no account: what is about the caller's own is
// refused for that, and not as if the token were no longer good.
func TestTheOperatorHasNoAccount(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	as := operator(t.Context())
	_, _, key := h.CreateAPIKey(as, uuid.Nil, nil, "import", nil, h.clock().Add(time.Hour))
	_, self := h.GetSelf(as)
	_, _, enroll := h.EnrollTotp(as)
	for what, err := range map[string]error{"making a key": key, "the own account": self, "setting a second factor up": enroll} {
		wants(t, what, err, fault.ReasonPermissionDenied)
		if err != nil && !strings.Contains(err.Error(), "sign in") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Who was demoted or disabled a moment ago grants nothing any more, though other services
// may not know that yet.
func TestWhoLostARightGrantsNothing(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	boss := h.hire(operator(t.Context()), "boss@example.com", true)
	manager := h.hire(operator(t.Context()), "manager@example.com", false, domain.AccountsWrite, domain.StockRead)
	accomplice := h.hire(operator(t.Context()), "accomplice@example.com", false)
	before := h.member(manager, false, domain.AccountsWrite, domain.StockRead)
	if _, err := h.SetRoles(h.member(boss, true), manager, "", false, []domain.Permission{domain.StockRead}); err != nil {
		t.Fatal(err)
	}
	grants := func(as context.Context) {
		t.Helper()
		_, err := h.SetRoles(as, accomplice, "", false, []domain.Permission{domain.StockRead})
		wants(t, "SetRoles", err, fault.ReasonTokenExpired)
		_, err = h.SetDisabled(as, accomplice, "", true)
		wants(t, "SetDisabled", err, fault.ReasonTokenExpired)
		err = h.InviteStaff(as, uuid.Nil, nil, app.Invitation{Email: email(t, "another@example.com"), Permissions: []domain.Permission{domain.StockRead}})
		wants(t, "InviteStaff", err, fault.ReasonTokenExpired)
	}
	grants(before)
	since := h.member(manager, false, domain.StockRead)
	if _, err := h.SetDisabled(h.member(boss, true), manager, "", true); err != nil {
		t.Fatal(err)
	}
	grants(since)
}
