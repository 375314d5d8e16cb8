package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	activityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/activity/v1"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/passwords"
	"github.com/shopmesh/shopmesh/services/identity/internal/protoconv"
	"github.com/shopmesh/shopmesh/services/identity/internal/store"
)

// source names this context in its events (CloudEvents ce_source).
const source = "/shopmesh/identity"

// Publish are the events of accounts.
type Publish struct {
	Changed  func(domain.AccountSnapshot) outbox.Event
	Verified func(domain.AccountSnapshot) outbox.Event
	Link     func(domain.MailedLink) outbox.Event
	Notice   func(domain.Notice) outbox.Event
}

// AccountDeps are what the use cases about accounts take from outside.
type AccountDeps struct {
	Pool   *pg.Pool
	Hasher *passwords.Hasher
	// Sealing encrypts secrets of second factors; RefreshSecret and LinkSecret make tokens.
	Sealing       domain.SealingKey
	RefreshSecret domain.RefreshSecret
	LinkSecret    domain.LinkSecret
	// PublicURL is where links lead. Nothing of a request is in them.
	PublicURL string
	// Issue signs an access token.
	Issue func(claims token.AccessClaims, life time.Duration) (string, error)
	// Settings returns the settings as they are: each call reads them once.
	Settings func() domain.Settings
	// LinkCustomer makes the customer of an account, or returns the one that has the address
	// already. It calls another context, and again returns the same.
	LinkCustomer func(context.Context, domain.NewCustomer) (uuid.UUID, error)
	Publish      Publish
	// Wake makes the relay read the outbox at once.
	Wake func()
	// Now is the time, in whole microseconds as the database keeps it.
	Now func() time.Time
	// NewID returns a UUIDv7.
	NewID func() uuid.UUID
	Log   *slog.Logger
}

// Accounts are the use cases about accounts and their sessions.
type Accounts struct {
	AccountDeps

	requested chan struct{} // size 1: a wake-up that waits stands for all
	ownerMade chan struct{} // size 1: somebody became an owner
}

// NewAccounts returns the use cases.
func NewAccounts(deps AccountDeps) *Accounts {
	return &Accounts{AccountDeps: deps, requested: make(chan struct{}, 1), ownerMade: make(chan struct{}, 1)}
}

// Client is who calls, as far as it shows itself.
type Client struct {
	// AddressPrefix is from where, see rpc.ClientPrefix. Agent is the program, as it calls
	// itself.
	AddressPrefix, Agent string
}

// Session is what a sign-in gives.
type Session struct {
	AccessToken  string
	ExpireTime   time.Time
	RefreshToken string
	// RefreshExpireTime is when the refresh token is over.
	RefreshExpireTime time.Time
}

func (a *Accounts) on(dbtx pg.DBTX) store.Store { return store.On(dbtx).Sealing(a.Sealing) }

// save stores a changed account and publishes what others have to know of it.
func (a *Accounts) save(ctx context.Context, tx *pg.Tx, account domain.Account) error {
	if err := a.on(tx).UpdateAccount(ctx, account); err != nil {
		return err
	}
	return a.publish(ctx, tx, a.Publish.Changed(account.Snapshot()))
}

// record notes for the activity log what becomes of an account, whose before is the zero one
// when it is new. Where only what belongs to it changes, such as its sessions, before and
// after are the same.
func record(ctx context.Context, before, after domain.AccountSnapshot) {
	if !activity.Recording(ctx) {
		return
	}
	var was proto.Message
	if before.ID != uuid.Nil {
		was = protoconv.Account(before)
	}
	activity.Changed(ctx, "accounts/"+after.ID.String(), was, protoconv.Account(after))
}

// recordLink notes for the activity log that somebody was invited, or was given a link that
// sets the password of an account.
func recordLink(ctx context.Context, link domain.LinkSnapshot) {
	if link.Purpose == domain.ResetPassword {
		activity.Changed(ctx, "accounts/"+link.AccountID.String(), nil, &activityv1.OperatorLink{ResetTotp: link.ResetTotp})
		return
	}
	activity.Changed(ctx, "invitations/"+link.ID.String(), nil, &identityv1.Account{
		Kind: identityv1.AccountKind(link.Kind), Owner: link.Owner, Permissions: protoconv.Permissions(link.Permissions),
	})
}

func (a *Accounts) publish(ctx context.Context, tx *pg.Tx, events ...outbox.Event) error {
	tx.OnCommit(a.Wake)
	return outbox.Write(ctx, tx, source, events...)
}

// notify has a notice mailed to the account's address.
func (a *Accounts) notify(ctx context.Context, tx *pg.Tx, kind domain.NoticeKind, account domain.AccountSnapshot) error {
	notice := domain.Notice{ID: a.NewID(), Kind: kind, Account: account, Email: account.Email, Time: a.Now()}
	if err := a.on(tx).InsertNotice(ctx, notice); err != nil {
		return err
	}
	return a.publish(ctx, tx, a.Publish.Notice(notice))
}

// mailLink stores a new link and has it mailed.
func (a *Accounts) mailLink(ctx context.Context, tx *pg.Tx, mail domain.MailedLink) error {
	if err := a.on(tx).InsertMailedLink(ctx, mail); err != nil {
		return err
	}
	return a.publish(ctx, tx, a.Publish.Link(mail))
}

// orGone is err, or gone where the account of a person was deleted since it was read: their
// data was erased meanwhile.
func orGone(err error, gone *fault.Error) error {
	if fault.ReasonOf(err) == domain.ReasonAccountNotFound {
		return gone.Because(err)
	}
	return err
}

// begin returns a new session of an account.
func (a *Accounts) begin(account domain.AccountSnapshot, methods []string, client Client) domain.Session {
	return domain.NewSession(a.NewID(), account.ID, methods, client.AddressPrefix, client.Agent, a.Now())
}

// issue returns the tokens of a session, after its transaction.
func (a *Accounts) issue(account domain.AccountSnapshot, begun domain.Session, set domain.Settings) (Session, error) {
	session := begun.Snapshot()
	expire := a.Now().Add(set.AccessTokenLife)
	access, err := a.Issue(claimsOf(account, session, set), set.AccessTokenLife)
	if err != nil {
		return Session{}, err
	}
	return Session{
		AccessToken: access, ExpireTime: expire,
		RefreshToken:      token.Format(token.Refresh, a.RefreshSecret.Token(session.ID, session.Number)),
		RefreshExpireTime: session.ExpireTime(set.SessionLife(account.Kind)),
	}, nil
}
