// Package session keeps what a visitor's browser has opened. The browser holds a random
// secret in a cookie; the database holds the content, sealed so that only the secret opens
// it (docs/decisions/0064).
package session

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"reflect"
	"slices"
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
	// maxOrders is how many orders a session opens: those that came last.
	maxOrders = 50
	// attempts is how often a change is tried that others were quicker with: more often than
	// one visitor's requests at once can be.
	attempts = 30
)

// errChanged means that others changed the session again and again meanwhile.
var errChanged = errors.New("the session was changed by others meanwhile, several times")

// Content is what a session holds.
type Content struct {
	// Account is the one that the visitor signed in to; nil for a guest.
	Account *Account `json:"account,omitempty"`
	// Factor is the second factor that the account is about to get; nil for none.
	Factor *Factor `json:"factor,omitempty"`
	// Cart is the token of a guest's cart; empty for none. Beside an account it waits to be
	// merged into the cart of that.
	Cart string `json:"cart,omitempty"`
	// Things is how many things are in the cart, as it was last seen, and Etag names what is
	// in it.
	Things int    `json:"things,omitempty"`
	Etag   string `json:"etag,omitempty"`
	// Salt makes the requests that add to the cart this session's own.
	Salt string `json:"salt,omitempty"`
	// Orders are those of a guest that it opens, the last one first.
	Orders []Order `json:"orders,omitempty"`
	// Shown is the cart as its page showed it last; nil where it showed none.
	Shown *Shown `json:"shown,omitempty"`
	// Left are the names of what could not be put into the cart when an order was ordered again.
	Left []string `json:"left,omitempty"`
	// Next is the page that whoever signs up comes back to once they followed the mailed link.
	Next string `json:"next,omitempty"`
	// Forms are what was typed into forms that were refused, by the form's name.
	Forms map[string]Form `json:"forms,omitempty"`
}

// Account is a customer's account, and what proves that the visitor has signed in to it. One
// that is kept is never changed, but replaced.
type Account struct {
	// Customer is the customer's id.
	Customer string `json:"customer"`
	// Access is shown in calls, and Refresh is exchanged for the next of both once Access is
	// over. Each Refresh is used once.
	Access  string `json:"access"`
	Refresh string `json:"refresh"`
}

// Factor is a second factor that is set up. One that is kept is never changed, but replaced.
type Factor struct {
	// Secret is for an authenticator, and URI the same as a link. Both are empty once a code was
	// shown.
	Secret string `json:"secret,omitempty"`
	URI    string `json:"uri,omitempty"`
	// Codes are the recovery codes that the account has then.
	Codes []string `json:"codes,omitempty"`
	// Until is when nobody is shown any of this any more.
	Until time.Time `json:"until"`
}

// Order is an order of a guest.
type Order struct {
	ID     string `json:"id"`
	Number string `json:"number"`
	Token  string `json:"token"`
}

// Shown is what the cart's page showed and what may change meanwhile. One that is kept is never
// changed, but replaced.
type Shown struct {
	// Checkout is the cart's checkout_id: after another order, another cart is shown.
	Checkout string `json:"checkout"`
	// Lines are as forms carry them, and Short the codes of those of which there was not enough.
	Lines []string `json:"lines,omitempty"`
	Short []string `json:"short,omitempty"`
	// Total is what they cost; empty where the visitor changed them since.
	Total string `json:"total,omitempty"`
}

// Form is what was typed into a form, so that nothing is lost where it is refused.
type Form struct {
	Values map[string]string `json:"values,omitempty"`
	// Problems are the ids of the texts about what is wrong with fields, by the field. That
	// of "" is about the form as a whole.
	Problems map[string]string `json:"problems,omitempty"`
	// Seen is what the form showed that may have changed meanwhile.
	Seen []string `json:"seen,omitempty"`
}

// Open has the session open an order, too.
func (c *Content) Open(order Order) {
	c.Orders = slices.DeleteFunc(c.Orders, func(known Order) bool { return known.ID == order.ID })
	c.Orders = append([]Order{order}, c.Orders...)
	c.Orders = c.Orders[:min(len(c.Orders), maxOrders)]
}

// Forget has the session not open an order any more.
func (c *Content) Forget(id string) {
	c.Orders = slices.DeleteFunc(slices.Clone(c.Orders), func(known Order) bool { return known.ID == id })
}

// Order returns the order of a number; false where the session opens none.
func (c *Content) Order(number string) (Order, bool) {
	for _, order := range c.Orders {
		if order.Number == number {
			return order, true
		}
	}
	return Order{}, false
}

// Keep keeps a form that was refused.
func (c *Content) Keep(name string, form Form) {
	if c.Forms == nil {
		c.Forms = make(map[string]Form)
	}
	c.Forms[name] = form
}

func (c *Content) clone() Content {
	copied := *c
	copied.Orders, copied.Forms = slices.Clone(c.Orders), maps.Clone(c.Forms)
	return copied
}

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
