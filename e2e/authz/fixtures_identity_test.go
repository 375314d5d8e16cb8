package authz_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/shopmesh/shopmesh/e2e/internal/totp"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

const another = "eight unlikely otters sing"

// somebody is a customer with an account that all share, and whose tokens nobody shows.
func (s *shop) somebody() *account {
	return once(s, "somebody", func() *account { return s.newAccount("customer") })
}

// newOwn is an account that was made for the cell. Its owner calls, where they sign in.
func (c *cell) newOwn() *account {
	if c.as.account == nil {
		return c.somebody()
	}
	role := roleOf(allPermissions(""))
	switch c.as.column {
	case ada, other:
		role = "customer"
	case owner, ownerStale:
		role = owner
	}
	own := c.newAccount(role)
	own.identity.Permissions = c.as.account.identity.Permissions
	c.as = c.as.like(own.identity)
	c.as.account = own
	return own
}

// asAccount are the calls of somebody about their own account.
func (s *shop) asAccount(a *account) identityv1connect.AccountServiceClient {
	identity := a.identity
	identity.AuthTime = time.Now()
	return identityv1connect.NewAccountServiceClient(testkit.Client(s.t, s.API, testkit.As(s.t, identity)))
}

// mine is a customer's account that the cells of one RPC and one caller share.
func (c *cell) mine() *account {
	return once(c.shop, "account of "+c.row.rpc+" "+c.as.String(), func() *account { return c.newAccount("customer") })
}

// opaque is a token of a kind that identity did not make.
func opaque(kind token.Kind) string {
	random := make([]byte, 48)
	_, _ = rand.Read(random)
	return token.Format(kind, random)
}

// link is a token of a link that the operator's socket gives for a new address, and of none
// in a row about what is missing.
func (c *cell) link(role string) string {
	if c.missing() {
		return opaque(token.Link)
	}
	return c.operate("/link/create", role, address("somebody"))
}

// session is a refresh token.
func (c *cell) session() string {
	if c.missing() {
		return opaque(token.Refresh)
	}
	return c.newAccount("customer").session.GetRefreshToken()
}

func (c *cell) resetLink() string {
	if c.missing() {
		return opaque(token.Link)
	}
	return c.operate("/link/renew", "customer", c.mine().email)
}

func (c *cell) emailLink() string {
	if c.missing() {
		return opaque(token.Link)
	}
	to := address("another")
	must(c.asAccount(c.newAccount("customer")).RequestEmailChange(c.t.Context(), &identityv1.RequestEmailChangeRequest{Password: password, Email: to}))
	minted := must(c.links.MintMailLink(c.t.Context(), &identityv1.MintMailLinkRequest{LinkId: c.mailedTo(to)})).GetLink()
	_, text, _ := strings.Cut(minted, "#")
	return text
}

// mailedTo is the id of the link that is mailed to an address.
func (s *shop) mailedTo(email string) string {
	var id string
	s.events.Wait(1, func(e consumer.Event) bool {
		var link identityv1.MailLinkRequested
		if e.Type != string(link.ProtoReflect().Descriptor().FullName()) || consumer.Decode(e, &link) != nil || link.GetEmail() != email {
			return false
		}
		id = link.GetLinkId()
		return true
	})
	return id
}

func accountFixtures() map[string]fixture {
	const customers = identityv1.AccountKind_ACCOUNT_KIND_CUSTOMER
	return map[string]fixture{
		"AccountService/SignUp": {request: func(*cell) proto.Message { return &identityv1.SignUpRequest{Email: address("new")} }},
		"AccountService/VerifyEmail": {dear: true, request: func(c *cell) proto.Message {
			return &identityv1.VerifyEmailRequest{Token: c.link("customer"), Password: password, FirstName: "Ada"}
		}},
		"AccountService/SignIn": {dear: true, request: func(c *cell) proto.Message {
			to := address("nobody")
			if !c.missing() {
				to = c.mine().email // of one who signs in several times at once, some would have to wait
			}
			return &identityv1.SignInRequest{Kind: customers, Email: to, Password: password}
		}},
		"AccountService/RefreshSession": {dear: true, request: func(c *cell) proto.Message {
			return &identityv1.RefreshSessionRequest{RefreshToken: c.session()}
		}},
		"AccountService/SignOut": {dear: true, request: func(c *cell) proto.Message {
			return &identityv1.SignOutRequest{RefreshToken: c.session()}
		}},
		"AccountService/GetSelf": {request: func(*cell) proto.Message { return &identityv1.GetSelfRequest{} }},
		"AccountService/Reauthenticate": {dear: true, request: func(*cell) proto.Message {
			return &identityv1.ReauthenticateRequest{Password: password}
		}},
		"AccountService/RequestPasswordReset": {request: func(c *cell) proto.Message {
			to := address("nobody")
			if !c.missing() {
				to = c.somebody().email
			}
			return &identityv1.RequestPasswordResetRequest{Kind: customers, Email: to}
		}},
		"AccountService/ResetPassword": {dear: true, request: func(c *cell) proto.Message {
			return &identityv1.ResetPasswordRequest{Token: c.resetLink(), Password: another}
		}},
		"AccountService/ChangePassword": {dear: true, request: func(c *cell) proto.Message {
			c.newOwn()
			return &identityv1.ChangePasswordRequest{Password: password, NewPassword: another}
		}},
		"AccountService/RequestEmailChange": {dear: true, request: func(*cell) proto.Message {
			return &identityv1.RequestEmailChangeRequest{Password: password, Email: address("another")}
		}},
		"AccountService/ConfirmEmailChange": {dear: true, request: func(c *cell) proto.Message {
			return &identityv1.ConfirmEmailChangeRequest{Token: c.emailLink()}
		}},
		"AccountService/EnrollTotp": {request: func(*cell) proto.Message { return &identityv1.EnrollTotpRequest{} }},
		"AccountService/ConfirmTotp": {dear: true, request: func(c *cell) proto.Message {
			secret := must(c.asAccount(c.newOwn()).EnrollTotp(c.t.Context(), &identityv1.EnrollTotpRequest{})).GetSecret()
			return &identityv1.ConfirmTotpRequest{Secret: secret, TotpCode: must(totp.Code(secret, time.Now()))}
		}},
		"AccountService/RemoveTotp": {request: func(*cell) proto.Message { return &identityv1.RemoveTotpRequest{} }},
		"AccountService/ListSessions": {request: func(c *cell) proto.Message {
			others := c.somebody().identity.SessionID
			c.answer = func(answer proto.Message) error {
				listed, _ := answer.(*identityv1.ListSessionsResponse)
				own := c.as.account.identity.SessionID
				if text := listed.String(); !strings.Contains(text, own) || strings.Contains(text, others) {
					return fmt.Errorf("it lacks the session %s, or holds %s: %s", own, others, text)
				}
				return nil
			}
			return &identityv1.ListSessionsRequest{}
		}},
		"AccountService/ExportAccount": {request: func(c *cell) proto.Message {
			return &identityv1.ExportAccountRequest{CustomerId: c.id(c.adasID)}
		}},
		"AccountService/RevokeSession": {dear: true, read: readSession, request: func(c *cell) proto.Message {
			switch c.row.about {
			case "own":
				return &identityv1.RevokeSessionRequest{Id: c.newOwn().identity.SessionID}
			case missing:
				return &identityv1.RevokeSessionRequest{Id: uuid.NewString()}
			default:
				return &identityv1.RevokeSessionRequest{Id: c.somebody().identity.SessionID}
			}
		}},
		"ActivityService/ListActivity": {request: func(*cell) proto.Message { return &identityv1.ListActivityRequest{PageSize: 5} }},
	}
}

// target is the account that a row about staff is about: of somebody who may change nothing,
// of somebody who may change something, of a customer, or the caller's own. Those that are
// changed are made for the cell. One that is to be enabled is disabled.
func (c *cell) target() string {
	role := "staff:STOCK_READ"
	switch c.row.about {
	case "writer's":
		role = "staff:CATALOG_WRITE"
	case "customer's":
		role = "customer"
	case "own":
		if c.as.account != nil {
			return c.as.account.identity.AccountID
		}
		return c.theOwner().account.identity.AccountID
	case missing:
		return uuid.NewString()
	}
	create := func() string {
		id := c.newAccount(role).identity.AccountID
		if c.row.rpc == "StaffService/EnableAccount" {
			must(c.staff.DisableAccount(c.t.Context(), &identityv1.DisableAccountRequest{Id: id}))
		}
		return id
	}
	if c.row.cells[c.as.column] == ok {
		return create()
	}
	return once(c.shop, "target of "+c.row.String(), create)
}

// more is what callers who may not change the catalog grant in a row about more than they
// hold.
func (c *cell) more() []optionsv1.Permission {
	if c.row.about != "more than own" {
		return nil
	}
	return []optionsv1.Permission{optionsv1.Permission_PERMISSION_CATALOG_WRITE}
}

// key is the API key that a row is about: the caller's own, or that of somebody who may change
// something, or nothing. Who may make none any more made theirs while they might.
func (c *cell) key() string {
	by := c.as.account
	switch c.row.about {
	case missing:
		return uuid.NewString()
	case "writer's":
		by = once(c.shop, "writer with keys", func() *account { return c.newAccount("staff:CATALOG_WRITE") })
	case "reader's":
		by = once(c.shop, "reader with keys", func() *account { return c.newAccount("staff:STOCK_READ") })
	}
	creator := c.theOwner()
	if by != nil {
		identity := by.identity
		identity.Permissions = []optionsv1.Permission{optionsv1.Permission_PERMISSION_ACCOUNTS_WRITE}
		creator = caller{show: shows(identity, 0)}
	}
	return c.newKey(creator).GetApiKey().GetId()
}

// readSession reads whether a session of somebody lasts.
func readSession(s *shop, request proto.Message) proto.Message {
	named, _ := request.(*identityv1.RevokeSessionRequest)
	lasts := strings.Contains(must(s.asAccount(s.somebody()).ListSessions(s.t.Context(), &identityv1.ListSessionsRequest{})).String(), named.GetId())
	return wrapperspb.Bool(lasts)
}

// readKeys reads the keys that a request names or that are called as it states.
func readKeys(s *shop, request proto.Message) proto.Message {
	found := &identityv1.ListApiKeysResponse{}
	for page := ""; ; {
		listed := must(s.staff.ListApiKeys(s.t.Context(), &identityv1.ListApiKeysRequest{PageSize: 1000, PageToken: page}))
		for _, key := range listed.GetApiKeys() {
			revoke, _ := request.(*identityv1.RevokeApiKeyRequest)
			create, _ := request.(*identityv1.CreateApiKeyRequest)
			if key.GetId() == revoke.GetId() || key.GetDisplayName() == create.GetDisplayName() {
				found.ApiKeys = append(found.ApiKeys, key)
			}
		}
		if page = listed.GetNextPageToken(); page == "" {
			return found
		}
	}
}

// readInvitations reads how many invitations an address has. No RPC lists them.
func readInvitations(s *shop, request proto.Message) proto.Message {
	named, _ := request.(*identityv1.InviteStaffRequest)
	var count int64
	err := s.accountsOf.QueryRow(s.t.Context(), `select count(*) from links where email = $1`, named.GetEmail()).Scan(&count)
	return wrapperspb.Int64(must(count, err))
}

func staffFixtures() map[string]fixture {
	readAccount := func(s *shop, request proto.Message) proto.Message {
		named, _ := request.(interface{ GetId() string })
		for page := ""; ; {
			listed := must(s.staff.ListAccounts(s.t.Context(), &identityv1.ListAccountsRequest{PageSize: 1000, PageToken: page}))
			for _, a := range listed.GetAccounts() {
				if a.GetId() == named.GetId() {
					return a
				}
			}
			if page = listed.GetNextPageToken(); page == "" {
				panic(unprepared{fmt.Errorf("there is no account %s", named.GetId())})
			}
		}
	}
	return map[string]fixture{
		"StaffService/InviteStaff": {read: readInvitations, request: func(c *cell) proto.Message {
			return &identityv1.InviteStaffRequest{Email: address("invited"), Permissions: c.more(), Owner: c.row.about == "makes an owner"}
		}},
		"StaffService/AcceptInvite": {dear: true, request: func(c *cell) proto.Message {
			return &identityv1.AcceptInviteRequest{Token: c.link("staff:STOCK_READ"), Password: password, FirstName: "Grace"}
		}},
		"StaffService/ListAccounts": {request: func(*cell) proto.Message { return &identityv1.ListAccountsRequest{PageSize: 5} }},
		"StaffService/SetRoles": {dear: true, read: readAccount, request: func(c *cell) proto.Message {
			return &identityv1.SetRolesRequest{Id: c.target(), Permissions: c.more(), Owner: c.row.about == "makes an owner"}
		}},
		"StaffService/DisableAccount": {dear: true, read: readAccount, request: func(c *cell) proto.Message {
			return &identityv1.DisableAccountRequest{Id: c.target()}
		}},
		"StaffService/EnableAccount": {dear: true, read: readAccount, request: func(c *cell) proto.Message {
			return &identityv1.EnableAccountRequest{Id: c.target()}
		}},
		"StaffService/CreateApiKey": {read: readKeys, request: func(c *cell) proto.Message {
			return &identityv1.CreateApiKeyRequest{DisplayName: unique("key"), Permissions: c.more(), ExpireTime: timestamppb.New(time.Now().Add(time.Hour))}
		}},
		"StaffService/ListApiKeys": {request: func(*cell) proto.Message { return &identityv1.ListApiKeysRequest{PageSize: 5} }},
		"StaffService/RevokeApiKey": {read: readKeys, request: func(c *cell) proto.Message {
			return &identityv1.RevokeApiKeyRequest{Id: c.key()}
		}},
		"TokenService/ListSigningKeys": {request: func(*cell) proto.Message { return &identityv1.ListSigningKeysRequest{} }},
		"TokenService/MintMailLink": {request: func(c *cell) proto.Message {
			return &identityv1.MintMailLinkRequest{LinkId: c.id(func() string {
				return once(c.shop, "mailed link", func() string {
					to := address("invited")
					must(c.staff.InviteStaff(c.t.Context(), &identityv1.InviteStaffRequest{Email: to}))
					return c.mailedTo(to)
				})
			})}
		}},
		"TokenService/ExchangeApiKey": {request: func(c *cell) proto.Message {
			if c.missing() {
				return &identityv1.ExchangeApiKeyRequest{ApiKey: opaque(token.APIKey)}
			}
			return &identityv1.ExchangeApiKeyRequest{ApiKey: once(c.shop, "key", func() string { return c.newKey(c.theOwner()).GetSecret() })}
		}},
	}
}
