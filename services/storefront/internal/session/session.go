// Package session keeps what a visitor's browser has opened. The browser holds a random
// secret in a cookie; the database holds the content, sealed so that only the secret opens
// it (docs/decisions/0064).
package session

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"time"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/storefront/internal/store"
)

const (
	// Life is how long a session lasts that nothing is written to: as long as a cart that
	// nobody uses.
	Life = 30 * 24 * time.Hour
	// renewal is how much of its life may pass before a session that is read begins it anew.
	renewal = 24 * time.Hour
	// attempts is how often a change is tried that others were quicker with: more often than
	// one visitor's requests at once can be.
	attempts = 30
)

// errChanged means that others changed the session again and again meanwhile.
var errChanged = errors.New("the session was changed by others meanwhile, several times")

// Session is a visitor's.
type Session struct {
	Content

	secret  []byte // nil until it is written for the first time
	version int64
	expires time.Time
}

// Sessions are those of all visitors.
type Sessions struct {
	pool   *pg.Pool
	now    func() time.Time
	secure bool
}

// New returns the sessions in a database. secure is whether browsers reach the shop by TLS
// alone.
func New(pool *pg.Pool, now func() time.Time, secure bool) *Sessions {
	return &Sessions{pool: pool, now: now, secure: secure}
}

// Open returns the session of a request; an empty one where it has none that is good.
func (s *Sessions) Open(ctx context.Context, r *http.Request) (*Session, error) {
	secret := s.secretOf(r)
	if secret == nil {
		return &Session{}, nil
	}
	return s.read(ctx, secret)
}

// Current reads a session anew.
func (s *Sessions) Current(ctx context.Context, session *Session) (*Session, error) {
	if session.secret == nil {
		return &Session{}, nil
	}
	return s.read(ctx, session.secret)
}

func (s *Sessions) read(ctx context.Context, secret []byte) (*Session, error) {
	keys, err := deriveKeys(secret)
	if err != nil {
		return nil, err
	}
	sealed, err := store.On(s.pool).Session(ctx, keys.id, s.now())
	if err != nil || sealed.Version == 0 {
		return &Session{}, err
	}
	text, err := keys.open(sealed.Content)
	if err != nil {
		return nil, err
	}
	opened := &Session{secret: secret, version: sealed.Version, expires: sealed.ExpireTime}
	return opened, json.Unmarshal(text, &opened.Content)
}

// Stale reports whether a session has to be renewed so that it lasts as long as it is used.
func (s *Sessions) Stale(session *Session) bool {
	return session.secret != nil && session.expires.Sub(s.now()) < Life-renewal
}

// Change changes a session and gives the browser its cookie. Where another request changed it
// meanwhile, change is made on what that one left. Nothing is written for a change of nothing.
func (s *Sessions) Change(ctx context.Context, w http.ResponseWriter, session *Session, change func(*Content)) error {
	for range attempts {
		content := session.Content.clone()
		change(&content)
		if reflect.DeepEqual(content, session.Content) && !s.Stale(session) {
			return nil
		}
		won, err := s.write(ctx, session, content)
		if err != nil {
			return err
		}
		if won {
			s.setCookie(w, session.secret)
			return nil
		}
		current, err := s.read(ctx, session.secret)
		if err != nil {
			return err
		}
		*session = *current
	}
	return errChanged
}

// Renew changes a session as Change does, and moves it to another secret, so that whoever knew
// the one before opens nothing: what is changed is who the visitor is.
func (s *Sessions) Renew(ctx context.Context, w http.ResponseWriter, session *Session, change func(*Content)) error {
	before := session.secret
	content := session.Content.clone()
	change(&content)
	next := &Session{}
	if _, err := s.write(ctx, next, content); err != nil {
		return err
	}
	*session = *next
	s.setCookie(w, session.secret)
	return s.remove(ctx, before)
}

// End forgets a session and all that it holds.
func (s *Sessions) End(ctx context.Context, w http.ResponseWriter, session *Session) error {
	if err := s.remove(ctx, session.secret); err != nil {
		return err
	}
	*session = Session{}
	s.dropCookie(w)
	return nil
}

func (s *Sessions) remove(ctx context.Context, secret []byte) error {
	if secret == nil {
		return nil
	}
	keys, err := deriveKeys(secret)
	if err != nil {
		return err
	}
	return store.On(s.pool).DeleteSession(ctx, keys.id)
}

// write writes the content of a session that nobody else changed meanwhile.
func (s *Sessions) write(ctx context.Context, session *Session, content Content) (bool, error) {
	if session.secret == nil {
		session.secret = newSecret()
	}
	keys, err := deriveKeys(session.secret)
	if err != nil {
		return false, err
	}
	text, err := json.Marshal(content)
	if err != nil {
		return false, err
	}
	expires := s.now().Add(Life)
	won, err := store.On(s.pool).PutSession(ctx, keys.id, store.Sealed{Content: keys.seal(text), Version: session.version, ExpireTime: expires})
	if err != nil || !won {
		return false, err
	}
	session.Content, session.expires = content, expires
	session.version++
	return true, nil
}

// purgePause is how often expired sessions are removed.
const purgePause = time.Hour

// RunPurge removes expired sessions until ctx ends.
func (s *Sessions) RunPurge(ctx context.Context) error {
	ticker := time.NewTicker(purgePause)
	defer ticker.Stop()
	for {
		for n := int64(1); n > 0; {
			var err error
			if n, err = store.On(s.pool).DeleteExpiredSessions(ctx, s.now()); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}
