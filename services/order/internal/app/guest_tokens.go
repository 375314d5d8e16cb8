package app

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// GuestTokens derives what guests show from a key in order's database, which is made when
// it is first needed. So an answer that is given again needs no stored secret.
type GuestTokens struct {
	pool *pg.Pool
	// publicURL is where links lead. Nothing of a request is in them.
	publicURL string
	// client names the network that a call comes from; empty when that is not known.
	client func(ctx context.Context) string
	key    atomic.Pointer[[]byte]
}

// NewGuestTokens returns the tokens of a database, and links below the public URL; client
// names the network that a call comes from.
func NewGuestTokens(pool *pg.Pool, publicURL string, client func(ctx context.Context) string) *GuestTokens {
	return &GuestTokens{pool: pool, publicURL: publicURL, client: client}
}

// load returns the key. A use case calls it before its transaction: within one it would
// take a second connection.
func (g *GuestTokens) load(ctx context.Context) ([]byte, error) {
	if key := g.key.Load(); key != nil {
		return *key, nil
	}
	made := make([]byte, sha256.Size)
	_, _ = rand.Read(made) // never fails: where the system has no randomness, the program ends
	key, err := store.On(g.pool).GuestKey(ctx, made)
	if err != nil {
		return nil, err
	}
	g.key.Store(&key)
	return key, nil
}

// mac returns the HMAC-SHA256 of a purpose and what belongs to it.
func (g *GuestTokens) mac(ctx context.Context, purpose string, parts ...[]byte) (sum [sha256.Size]byte, err error) {
	key, err := g.load(ctx)
	if err != nil {
		return sum, err
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte(purpose + "\x00"))
	for _, part := range parts {
		h.Write(part)
	}
	h.Sum(sum[:0])
	return sum, nil
}

// cart returns the token of a guest's cart.
func (g *GuestTokens) cart(ctx context.Context, id uuid.UUID) (string, error) {
	mac, err := g.mac(ctx, "cart", id[:])
	return token.ForCart(mac), err
}

// order returns the token of a guest's order in a version of it.
func (g *GuestTokens) order(ctx context.Context, id uuid.UUID, version int64) (string, error) {
	mac, err := g.orderMAC(ctx, id, version)
	return token.ForGuestOrder(id, mac), err
}

func (g *GuestTokens) orderMAC(ctx context.Context, id uuid.UUID, version int64) ([sha256.Size]byte, error) {
	return g.mac(ctx, "order", id[:], binary.BigEndian.AppendUint64(nil, uint64(version))) //nolint:gosec // it counts from 1
}

// ofOrder returns the token of a guest's order; empty when none opens it.
func (g *GuestTokens) ofOrder(ctx context.Context, o *domain.Order, now time.Time) (string, error) {
	version, open := o.GuestToken(now)
	if !open {
		return "", nil
	}
	return g.order(ctx, o.ID(), version)
}

// link returns the link by which a guest opens an order; empty when no token opens it. The
// token stands in the path, so that a browser without JavaScript sends it: storefront answers
// with a cookie and leads on to an address that is no secret (docs/decisions/0065).
func (g *GuestTokens) link(ctx context.Context, o *domain.Order, now time.Time) (string, error) {
	text, err := g.ofOrder(ctx, o, now)
	if err != nil || text == "" {
		return "", err
	}
	return g.publicURL + "/o/" + text, nil
}

// open reports whether what a guest shows opens an order.
func (g *GuestTokens) open(ctx context.Context, shown authz.GuestOrder, o *domain.Order, now time.Time) (bool, error) {
	version, open := o.GuestToken(now)
	if !open || shown.OrderID != o.ID() {
		return false, nil
	}
	want, err := g.orderMAC(ctx, o.ID(), version)
	return err == nil && hmac.Equal(shown.MAC, want[:]), err
}

// guestPrefix begins the keys of guests, in idempotency records and orders.
const guestPrefix = "guest/"

// callerKey names the caller in idempotency records and in the count of unpaid orders. Guests
// are distinguished by the cart that they order, else by the network that they call from, of
// which only a keyed digest is kept. A cart that is shown and not ordered counts for nothing:
// nobody looks it up, and a token that somebody made would be a guest of its own.
func (g *GuestTokens) callerKey(ctx context.Context, cart store.CartRef) (string, error) {
	if caller := authz.Caller(ctx); caller.Kind != authz.Anonymous && caller.Kind != authz.Guest {
		return caller.Key(), nil
	}
	if hash, ok := cart.Token(); ok {
		return guestPrefix + hex.EncodeToString(hash[:]), nil
	}
	mac, err := g.mac(ctx, "client", []byte(g.client(ctx)))
	return guestPrefix + "net-" + hex.EncodeToString(mac[:16]), err
}

// hidden is what stands for a cart's token in a stored request.
func hidden(cart store.CartRef) string {
	hash, _ := cart.Token()
	return "sha256:" + hex.EncodeToString(hash[:])
}
