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

const (
	catalogWrite  = domain.Permission(optionsv1.Permission_PERMISSION_CATALOG_WRITE)
	stockRead     = domain.Permission(optionsv1.Permission_PERMISSION_STOCK_READ)
	ordersRead    = domain.Permission(optionsv1.Permission_PERMISSION_ORDERS_READ)
	accountsWrite = domain.Permission(optionsv1.Permission_PERMISSION_ACCOUNTS_WRITE)
)

// operator calls with a token of the operator's socket.
func operator(ctx context.Context) context.Context {
	return authz.WithCaller(ctx, authz.Identity{Kind: authz.Owner, AccountID: "operator", Methods: []string{authz.MethodOperator}})
}

// hire makes the account of a member of staff, invited by who calls in ctx.
func (d *desk) hire(ctx context.Context, address string, owner bool, permissions ...domain.Permission) uuid.UUID {
	d.t.Helper()
	if _, err := d.InviteStaff(ctx, app.Invitation{Email: email(d.t, address), Owner: owner, Permissions: permissions}); err != nil {
		d.t.Fatal(err)
	}
	if _, err := d.AcceptInvite(d.t.Context(), d.link(address), staffPassword, domain.Person{FirstName: "Grace"}, from("office")); err != nil {
		d.t.Fatal(err)
	}
	return d.idOf(address)
}

func (d *desk) idOf(address string) (id uuid.UUID) {
	d.t.Helper()
	if err := d.pool.QueryRow(d.t.Context(), `select id from accounts where email = $1`, address).Scan(&id); err != nil {
		d.t.Fatal(err)
	}
	return id
}

// member returns a context in which a member of staff calls.
func (d *desk) member(id uuid.UUID, owner bool, permissions ...domain.Permission) context.Context {
	caller := authz.Identity{Kind: authz.Staff, ID: id.String(), AccountID: id.String()}
	if owner {
		caller.Kind = authz.Owner
	}
	for _, p := range permissions {
		caller.Permissions = append(caller.Permissions, optionsv1.Permission(p))
	}
	return authz.WithCaller(d.t.Context(), caller)
}

// The operator of the machine makes the first owner, by a link that is shown to them and
// to nobody else.
func TestTheFirstOwnerComesFromTheOperator(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	shown, err := d.InviteStaff(operator(t.Context()), app.Invitation{Email: email(t, "owner@example.com"), Owner: true})
	if err != nil || !strings.HasPrefix(shown, "sm_ln_") {
		t.Fatalf("the operator got %q, %v", shown, err)
	}
	if shown != d.link("owner@example.com") {
		t.Error("the mail has another link")
	}
	_, err = d.AcceptInvite(t.Context(), shown, "fourteen chars", domain.Person{FirstName: "Ada"}, from("home"))
	wants(t, "14 characters", err, domain.ReasonPasswordWeak)
	session, err := d.AcceptInvite(t.Context(), shown, staffPassword, domain.Person{FirstName: "Ada"}, from("home"))
	if err != nil || session.AccessToken == "" {
		t.Fatal(err)
	}
	owner := d.member(d.idOf("owner@example.com"), true)
	shown, err = d.InviteStaff(owner, app.Invitation{Email: email(t, "new@example.com"), Permissions: []domain.Permission{stockRead}})
	if err != nil || shown != "" {
		t.Errorf("somebody else got %q, %v", shown, err)
	}
	_, err = d.InviteStaff(owner, app.Invitation{Email: email(t, "Owner@example.com")})
	wants(t, "an address that has an account", err, domain.ReasonEmailTaken)
}

// Vendure GHSA-v85r: nobody gives themselves, or others, what they lack.
func TestRolesAreGivenByThoseWhoHoldThem(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	owner := d.member(d.hire(operator(t.Context()), "owner@example.com", true), true)
	managerID := d.hire(owner, "manager@example.com", false, accountsWrite, stockRead)
	manager := d.member(managerID, false, accountsWrite, stockRead)
	clerk := d.hire(manager, "clerk@example.com", false, stockRead)

	refused := func(what string, err error) { t.Helper(); wants(t, what, err, domain.ReasonRoleEscalation) }
	invite := func(ctx context.Context, i app.Invitation) error {
		i.Email = email(t, "x@example.com")
		_, err := d.InviteStaff(ctx, i)
		return err
	}
	set := func(ctx context.Context, id uuid.UUID, owner bool, permissions ...domain.Permission) error {
		_, err := d.SetRoles(ctx, id, "", owner, permissions)
		return err
	}
	refused("inviting an owner", invite(manager, app.Invitation{Owner: true}))
	refused("inviting to what one lacks", invite(manager, app.Invitation{Permissions: []domain.Permission{ordersRead}}))
	refused("giving what one lacks", set(manager, clerk, false, ordersRead))
	refused("making an owner", set(manager, clerk, true))
	refused("giving oneself more", set(manager, managerID, false, accountsWrite, stockRead, ordersRead))
	refused("taking an owner's role", set(manager, d.idOf("owner@example.com"), false))

	before := d.epoch("clerk@example.com")
	if err := set(owner, clerk, false, catalogWrite); err != nil {
		t.Fatal(err)
	}
	if d.epoch("clerk@example.com") <= before {
		t.Error("the access tokens of before are good")
	}
	refused("touching who may write", set(manager, clerk, false))
	_, err := d.SetDisabled(manager, clerk, "", true)
	refused("disabling who may write", err)
	_, err = d.SetRoles(owner, clerk, `"stale"`, false, nil)
	wants(t, "a stale etag", err, fault.ReasonEtagMismatch)
}

// An invitation is worth what who invited may still grant.
func TestAnInvitationEndsWithWhoInvited(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	owner := d.member(d.hire(operator(t.Context()), "owner@example.com", true), true)
	managerID := d.hire(owner, "manager@example.com", false, accountsWrite, stockRead)
	if _, err := d.InviteStaff(d.member(managerID, false, accountsWrite, stockRead), app.Invitation{
		Email: email(t, "friend@example.com"), Permissions: []domain.Permission{stockRead},
	}); err != nil {
		t.Fatal(err)
	}
	link := d.link("friend@example.com")
	if _, err := d.SetDisabled(owner, managerID, "", true); err != nil {
		t.Fatal(err)
	}
	_, err := d.AcceptInvite(t.Context(), link, staffPassword, domain.Person{FirstName: "Eve"}, from("home"))
	wants(t, "the invitation of who was disabled", err, domain.ReasonLinkInvalid)
}

// Two owners who remove each other at once leave one.
func TestTheLastOwnerStays(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	first := d.hire(operator(t.Context()), "first@example.com", true)
	second := d.hire(operator(t.Context()), "second@example.com", true)
	var both sync.WaitGroup
	errs := make([]error, 2)
	both.Go(func() { _, errs[0] = d.SetDisabled(d.member(first, true), second, "", true) })
	both.Go(func() { _, errs[1] = d.SetRoles(d.member(second, true), first, "", false, nil) })
	both.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Fatalf("both were answered %v and %v", errs[0], errs[1])
	}
	for _, err := range errs {
		if err != nil {
			wants(t, "the second", err, domain.ReasonLastOwner)
		}
	}
	accounts, _, err := d.ListAccounts(t.Context(), page.Request{Filter: `owner = true AND disabled = false`})
	if err != nil || len(accounts) != 1 {
		t.Errorf("%d owners, %v", len(accounts), err)
	}
}

// A disabled member of staff is out: password, sessions and keys.
func TestADisabledAccountIsOut(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	owner := d.member(d.hire(operator(t.Context()), "owner@example.com", true), true)
	clerk := d.hire(owner, "clerk@example.com", false, stockRead, catalogWrite)
	signIn := func() (app.Session, error) {
		return d.SignIn(t.Context(), domain.Staff, email(t, "clerk@example.com"), staffPassword, "", from("office"))
	}
	session, err := signIn()
	if err != nil {
		t.Fatal(err)
	}
	key, secret, err := d.CreateAPIKey(d.member(clerk, false, stockRead, catalogWrite), "import", []domain.Permission{catalogWrite}, d.clock().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.ExchangeAPIKey(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	if _, err := d.SetDisabled(owner, clerk, "", true); err != nil {
		t.Fatal(err)
	}
	_, err = signIn()
	wants(t, "the password", err, domain.ReasonCredentialsInvalid)
	_, err = d.RefreshSession(t.Context(), session.RefreshToken)
	wants(t, "the session", err, domain.ReasonTokenExpired)
	_, err = d.ExchangeAPIKey(t.Context(), secret)
	wants(t, "the key", err, fault.ReasonUnauthenticated)
	if _, err := d.SetDisabled(owner, clerk, "", false); err != nil {
		t.Fatal(err)
	}
	if _, err := d.ExchangeAPIKey(t.Context(), secret); err != nil {
		t.Errorf("the key after the account was enabled: %v", err)
	}
	if _, err := d.RevokeAPIKey(owner, key.ID); err != nil {
		t.Fatal(err)
	}
	_, err = d.ExchangeAPIKey(t.Context(), secret)
	wants(t, "a revoked key", err, fault.ReasonUnauthenticated)
	changes := published[*identityv1.AccountChanged](d)
	if last := changes[len(changes)-2]; !last.GetDisabled() {
		t.Errorf("others were told %v", last)
	}
}

// A key may do what its creator may, no more, and is stored nowhere.
func TestAKeyMayDoWhatItsCreatorMay(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	owner := d.member(d.hire(operator(t.Context()), "owner@example.com", true), true)
	clerk := d.hire(owner, "clerk@example.com", false, stockRead)
	as := d.member(clerk, false, stockRead)
	_, _, err := d.CreateAPIKey(as, "import", []domain.Permission{catalogWrite}, d.clock().Add(time.Hour))
	wants(t, "what its creator lacks", err, domain.ReasonRoleEscalation)
	_, _, err = d.CreateAPIKey(as, "import", []domain.Permission{stockRead}, d.clock().Add(366*24*time.Hour))
	wants(t, "a life of 366 days", err, fault.ReasonInvalidField)
	_, secret, err := d.CreateAPIKey(as, "import", []domain.Permission{stockRead}, d.clock().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	keys, _, err := d.ListAPIKeys(t.Context(), page.Request{Filter: `creator = "` + clerk.String() + `"`})
	if err != nil || len(keys) != 1 || !keys[0].LastUseTime.IsZero() {
		t.Fatalf("%v, %v", keys, err)
	}
	for _, wrong := range []string{"", "sm_ak_x", secret[:len(secret)-1], secret + "0"} {
		_, err := d.ExchangeAPIKey(t.Context(), wrong)
		wants(t, "a key that is none", err, fault.ReasonUnauthenticated)
	}
	if _, err := d.ExchangeAPIKey(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	if keys, _, _ := d.ListAPIKeys(t.Context(), page.Request{}); len(keys) != 1 || keys[0].LastUseTime.IsZero() {
		t.Error("its last use is not known")
	}
	d.after(time.Hour)
	_, err = d.ExchangeAPIKey(t.Context(), secret)
	wants(t, "an expired key", err, fault.ReasonUnauthenticated)
}
