package authz_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services"
)

// caller is who calls: somebody of a column of the table.
type caller struct {
	// column is the table's, and which names the caller in a column that has several.
	column, which string
	// show returns the token that shows the caller to a context; "" for none.
	show func(callee string) string
	// account is that of a caller who signed in; nil for others.
	account *account
	// age is how long ago they did.
	age time.Duration
	// behalf is the token of whom a service calls for; nil when it calls for itself.
	behalf func(callee string) string
}

func (c caller) String() string {
	if c.which != "" {
		return c.column + " " + c.which
	}
	return c.column
}

// header shows a caller to a context.
func (c caller) header(callee string) http.Header {
	header := http.Header{}
	if text := c.show(callee); text != "" {
		header.Set(token.Authorization, "Bearer "+text)
	}
	if c.behalf != nil {
		header.Set(token.Caller, c.behalf(callee))
	}
	return header
}

// account is somebody's who signed in with a password.
type account struct {
	email    string
	identity authz.Identity
	session  *identityv1.Session
}

// password is that of all accounts.
const password = "seven unlikely otters sing"

// newAccount makes the account of a role, "owner", "customer" or "staff:PERMISSION,…", and
// signs in.
func (s *shop) newAccount(role string) *account {
	a := &account{email: address("somebody")}
	link := s.operate("/link/create", role, a.email)
	if role == "customer" {
		a.session = must(s.accounts.VerifyEmail(s.t.Context(), &identityv1.VerifyEmailRequest{
			Token: link, Password: password, FirstName: "Ada",
		})).GetSession()
	} else {
		staff := identityv1connect.NewStaffServiceClient(testkit.Client(s.t, s.API))
		a.session = must(staff.AcceptInvite(s.t.Context(), &identityv1.AcceptInviteRequest{
			Token: link, Password: password, FirstName: "Grace",
		})).GetSession()
	}
	a.identity = identityIn(a.session.GetAccessToken())
	if got := a.identity; got.Kind == authz.Staff && roleOf(got.Permissions) != role {
		panic(unprepared{fmt.Errorf("identity's token of %s states %s", role, roleOf(got.Permissions))})
	}
	return a
}

// identityIn is whom an access token of identity names.
func identityIn(access string) authz.Identity {
	text := must(base64.RawURLEncoding.DecodeString(strings.Split(access, ".")[1]))
	var claims struct {
		Account     string   `json:"sub"`
		Session     string   `json:"sid"`
		Customer    string   `json:"customer_id"`
		Kind        string   `json:"kind"`
		Permissions []string `json:"permissions"`
		Epoch       int64    `json:"epoch"`
	}
	if err := json.Unmarshal(text, &claims); err != nil {
		panic(unprepared{err})
	}
	identity := authz.Identity{ID: claims.Account, AccountID: claims.Account, SessionID: claims.Session, Epoch: claims.Epoch, Methods: []string{"pwd"}}
	for _, name := range claims.Permissions {
		identity.Permissions = append(identity.Permissions, permissionNamed(name))
	}
	slices.Sort(identity.Permissions)
	switch claims.Kind {
	case "customer":
		identity.Kind, identity.ID = authz.Customer, claims.Customer
	case "owner":
		identity.Kind = authz.Owner
	default:
		identity.Kind = authz.Staff
	}
	return identity
}

// tokenUse is how long a token is shown before another is made: less than the shortest life.
const tokenUse = 20 * time.Second

// shows returns a caller's show: tokens of an identity who signed in so long ago, as identity
// and services sign them.
func shows(identity authz.Identity, age time.Duration) func(callee string) string {
	type made struct {
		text  string
		until time.Time
	}
	var mu sync.Mutex
	tokens := make(map[string]made)
	return func(callee string) string {
		if identity.Kind != authz.Service {
			callee = ""
		}
		mu.Lock()
		defer mu.Unlock()
		known := tokens[callee]
		if now := time.Now(); now.After(known.until) {
			identity.AuthTime = now.Add(-age)
			known = made{must(testkit.Token(identity, callee)), now.Add(tokenUse)}
			tokens[callee] = known
		}
		return known.text
	}
}

func showsText(text string) func(string) string { return func(string) string { return text } }

// permissionNamed is one of the table's.
func permissionNamed(name string) optionsv1.Permission {
	return optionsv1.Permission(optionsv1.Permission_value["PERMISSION_"+name])
}

// allPermissions are all that there are, without one.
func allPermissions(without string) []optionsv1.Permission {
	var all []optionsv1.Permission
	for number := range optionsv1.Permission_name {
		if p := optionsv1.Permission(number); p != optionsv1.Permission_PERMISSION_UNSPECIFIED && p != permissionNamed(without) {
			all = append(all, p)
		}
	}
	slices.Sort(all)
	return all
}

// roleOf is the role of a member of staff who holds permissions.
func roleOf(permissions []optionsv1.Permission) string {
	var names []string
	for _, p := range permissions {
		names = append(names, strings.TrimPrefix(p.String(), "PERMISSION_"))
	}
	return "staff:" + strings.Join(names, ",")
}

// The columns of callers, as the table names them. dead is an API key whose creator is
// disabled, and nobody is for whom the requests are that all make who are refused: they stand
// in no column.
const (
	anonymous, ada, other, guest, otherGuest, withCart = "anonymous", "customer", "other", "guest", "other_guest", "cart"
	staff, staffWith, staffWithout                     = "staff", "staff_with", "staff_without"
	owner, ownerStale                                  = "owner", "owner_stale"
	service, otherService                              = "service", "other_service"
	keyWith, keyWithout, dead                          = "key_with", "key_without", "dead key"
	nobody                                             = "nobody"
)

// callersOf are those of a column, for a row of the table.
func (s *shop) callersOf(column string, r row) []caller {
	switch column {
	case service, otherService:
		var all []caller
		for _, context := range services.Contexts() {
			if (r.services == "all" || slices.Contains(strings.Split(r.services, ","), context)) == (column == service) {
				c := once(s, "service "+context, func() caller {
					return caller{which: context, show: shows(testkit.ServiceCaller(context), 0)}
				})
				c.column = column
				all = append(all, c)
			}
		}
		if column == otherService && len(all) > 0 { // whom a service calls for opens nothing to it
			c := all[0]
			c.which += " for the owner"
			c.behalf = s.theOwner().show
			all = append(all, c)
		}
		return all
	case ownerStale:
		return s.stale(r)
	case staffWith, staffWithout, keyWith, keyWithout:
		return []caller{once(s, column+" "+r.permission, func() caller { return s.callerWith(column, r.permission) })}
	default:
		return []caller{once(s, column, func() caller { return s.caller(column) })}
	}
}

// stale is the owner who signed in long ago, and, where that does not do, also who holds exactly
// the permission and the customer whom the row lets in.
func (s *shop) stale(r row) []caller {
	all := []caller{once(s, ownerStale, func() caller { return s.caller(ownerStale) })}
	if r.cells[ownerStale] != "step_up" {
		return all
	}
	for _, column := range []string{staffWith, ada} {
		if r.cells[column] == none || column == ada && r.cells[column] != ok {
			continue
		}
		fresh := s.callersOf(column, r)[0]
		all = append(all, caller{
			column: ownerStale, which: "(" + column + ")", account: fresh.account, age: time.Hour, show: shows(fresh.account.identity, time.Hour),
		})
	}
	return all
}

func (s *shop) callerWith(column, permission string) caller {
	permissions := allPermissions(permission)
	if column == staffWith || column == keyWith {
		permissions = []optionsv1.Permission{permissionNamed(permission)}
	}
	if column == keyWith || column == keyWithout {
		return caller{column: column, show: showsText(s.newKey(s.theOwner(), permissions...).GetSecret())}
	}
	// What somebody may do stands in their token; only what they may grant is compared with the
	// account itself.
	var own account
	if permission == "ACCOUNTS_WRITE" {
		own = *s.newAccount(roleOf(permissions))
	} else {
		own = *once(s, "account of "+column, func() *account { return s.newAccount(roleOf(allPermissions(""))) })
	}
	own.identity.Permissions = permissions
	return caller{column: column, account: &own, show: shows(own.identity, 0)}
}

func (s *shop) caller(column string) caller {
	c := caller{column: column}
	switch column {
	case anonymous:
		c.show = showsText("")
	case guest:
		c.show = showsText(s.guestsOrder().token)
	case otherGuest:
		c.show = showsText(s.place("", 1).token)
	case withCart:
		c.show = showsText(s.newCart())
	case dead:
		c.show = showsText(s.deadKey())
	case ownerStale:
		c.account, c.age = s.theOwner().account, time.Hour
		c.show = shows(c.account.identity, c.age)
	case staff:
		c.account = s.withoutPermissions()
		c.show = shows(c.account.identity, 0)
	default:
		role := "customer"
		if column == owner {
			role = owner
		}
		c.account = s.newAccount(role)
		c.show = shows(c.account.identity, 0)
	}
	return c
}

// withoutPermissions is a member of staff from whom the last permission was taken.
func (s *shop) withoutPermissions() *account {
	a := s.newAccount("staff:STOCK_READ")
	must(s.staff.SetRoles(s.t.Context(), &identityv1.SetRolesRequest{Id: a.identity.AccountID}))
	a.session = s.signIn(a)
	if a.identity = identityIn(a.session.GetAccessToken()); len(a.identity.Permissions) > 0 {
		panic(unprepared{fmt.Errorf("identity's token of who has no permission states %s", roleOf(a.identity.Permissions))})
	}
	return a
}

func (s *shop) signIn(a *account) *identityv1.Session {
	kind := identityv1.AccountKind_ACCOUNT_KIND_STAFF
	if a.identity.Kind == authz.Customer {
		kind = identityv1.AccountKind_ACCOUNT_KIND_CUSTOMER
	}
	return must(s.accounts.SignIn(s.t.Context(), &identityv1.SignInRequest{Kind: kind, Email: a.email, Password: password})).GetSession()
}

func (s *shop) theOwner() caller { return once(s, owner, func() caller { return s.caller(owner) }) }

// adasID is the customer whom what is a customer's belongs to.
func (s *shop) adasID() string {
	return once(s, ada, func() caller { return s.caller(ada) }).account.identity.ID
}

// newKey makes an API key of a caller.
func (s *shop) newKey(creator caller, permissions ...optionsv1.Permission) *identityv1.CreateApiKeyResponse {
	client := identityv1connect.NewStaffServiceClient(testkit.Client(s.t, s.API, token.Show(creator.show("identity"))))
	return must(client.CreateApiKey(s.t.Context(), &identityv1.CreateApiKeyRequest{
		DisplayName: unique("key"), Permissions: permissions, ExpireTime: timestamppb.New(time.Now().Add(24 * time.Hour)),
	}))
}

// deadKey is a key with all permissions of somebody who had them, and was disabled.
func (s *shop) deadKey() string {
	permissions := allPermissions("")
	creator := s.newAccount(roleOf(permissions)).identity
	creator.Permissions = permissions
	key := s.newKey(caller{show: shows(creator, 0)}, permissions...)
	must(s.staff.DisableAccount(s.t.Context(), &identityv1.DisableAccountRequest{Id: creator.AccountID}))
	return key.GetSecret()
}

// newCart makes a guest's cart, and returns its token.
func (s *shop) newCart() string { return s.newCartOf(1) }

func (s *shop) newCartOf(quantity int32) string {
	return must(s.carts.SetCartItem(s.t.Context(), &orderv1.SetCartItemRequest{
		ProductCode: s.product().GetCode(), Quantity: &quantity, RequestId: uuid.NewString(),
	})).GetCartToken()
}

// like is a caller of the same column who is somebody else.
func (c caller) like(identity authz.Identity) caller {
	return caller{column: c.column, show: shows(identity, c.age), age: c.age}
}

// showing is a caller of the same column with another token.
func (c caller) showing(text string) caller {
	return caller{column: c.column, show: showsText(text)}
}
