package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/passwords"
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
	// Issue signs an access token.
	Issue func(claims token.AccessClaims, life time.Duration) (string, error)
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
}

// NewAccounts returns the use cases.
func NewAccounts(deps AccountDeps) *Accounts {
	return &Accounts{AccountDeps: deps, requested: make(chan struct{}, 1)}
}

// Client is who calls, as far as it shows itself.
type Client struct {
	// Place is from where: the prefix of its address, see rpc.ClientPrefix. Agent is the
	// program, as it calls itself.
	Place, Agent string
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

func (a *Accounts) publish(ctx context.Context, tx *pg.Tx, events ...outbox.Event) error {
	tx.OnCommit(a.Wake)
	return outbox.Write(ctx, tx, source, events...)
}

// notify has a notice mailed to the account's address.
func (a *Accounts) notify(ctx context.Context, tx *pg.Tx, kind domain.NoticeKind, account domain.AccountSnapshot) error {
	return a.publish(ctx, tx, a.Publish.Notice(domain.Notice{
		ID: a.NewID(), Kind: kind, Account: account, Email: account.Email, Time: a.Now(),
	}))
}

// begin returns a new session of an account.
func (a *Accounts) begin(account domain.AccountSnapshot, methods []string, client Client) domain.Session {
	now := a.Now()
	return domain.Session{
		ID: a.NewID(), AccountID: account.ID, Number: 1, RefreshTime: now, CreateTime: now, AuthTime: now,
		Methods: methods, Place: client.Place, Agent: cut(client.Agent, maxAgent),
	}
}

// maxAgent bounds what is kept of a program's name for itself.
const maxAgent = 200

func cut(text string, characters int) string {
	clean := make([]rune, 0, characters)
	for _, r := range text {
		if len(clean) == characters {
			break
		}
		if r >= ' ' && r != 0x7f {
			clean = append(clean, r)
		}
	}
	return string(clean)
}

// issue returns the tokens of a session, after its transaction.
func (a *Accounts) issue(account domain.AccountSnapshot, session domain.Session) (Session, error) {
	expire := a.Now().Add(token.AccessLife)
	access, err := a.Issue(claimsOf(account, session), token.AccessLife)
	if err != nil {
		return Session{}, err
	}
	return Session{
		AccessToken: access, ExpireTime: expire,
		RefreshToken:      token.Format(token.Refresh, a.RefreshSecret.Token(session.ID, session.Number)),
		RefreshExpireTime: session.ExpireTime(domain.SessionLifeOf(account.Kind)),
	}, nil
}

// caller returns the account and session of a caller who signed in.
func caller(ctx context.Context) (account, session uuid.UUID, err error) {
	identity := authz.Caller(ctx)
	if account, err = uuid.Parse(identity.AccountID); err != nil {
		return uuid.Nil, uuid.Nil, domain.ErrTokenExpired()
	}
	// The operator's socket hands out tokens without a session.
	session, _ = uuid.Parse(identity.SessionID)
	return account, session, nil
}
