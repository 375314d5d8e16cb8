package token

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jws"
	"golang.org/x/sync/singleflight"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
)

const (
	// Authorization is the header that shows who calls: "Bearer " and a token.
	Authorization = "Authorization"
	// Caller is the header in which a service hands on the token of the caller that it calls
	// for, without "Bearer ".
	Caller = "Shopmesh-Caller"
	// Visitor is the header by which a service calls as somebody who visits its pages: it
	// holds the visitor's address, and is empty for one without. The call is the visitor's
	// then, by the token in Caller if there is one, and not the service's.
	Visitor = "Shopmesh-Visitor"

	// maxTokenBytes bounds a token, before anything of it is read.
	maxTokenBytes = 8 << 10
)

// Epochs are the epochs of accounts: a token with an earlier one is revoked.
type Epochs interface {
	// Current returns an account's epoch; false when none is known, which revokes nothing.
	Current(account string) (int64, bool)
}

// Config is what a Verifier compares tokens with.
type Config struct {
	// Issuer and Audience are the iss and aud of access tokens.
	Issuer, Audience string
	// Keys fetches the issuer's public keys. It is called when a token names a key that is
	// not known, at most once in 10 seconds, or once a second after it failed.
	Keys func(context.Context) (KeySet, error)
	// Epochs revoke access tokens; nil revokes none.
	Epochs Epochs
	// Self are the contexts that this process holds: a service token must be for one of them.
	Self []string
	// Services are the public keys of the contexts; empty when no context calls this one.
	Services KeySet
	// ServicePermissions are the permissions of each context, by its name.
	ServicePermissions map[string][]optionsv1.Permission
	// ExchangeAPIKey returns the access token that an API key stands for. A fault of the kind
	// Unauthenticated means that the key is not good, any other error that identity is away.
	// Nil refuses API keys.
	ExchangeAPIKey func(ctx context.Context, key string) (string, error)
	// Clock is the time; time.Now by default.
	Clock func() time.Time
}

// Verifier finds out who calls by the token that the request shows. It implements
// authz.Authenticator. It is safe for concurrent use.
type Verifier struct {
	cfg      Config
	keys     *remoteKeys
	cache    *cache
	exchange singleflight.Group
}

// NewVerifier returns a Verifier. It fetches nothing before the first token.
func NewVerifier(cfg Config) *Verifier {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	return &Verifier{cfg: cfg, cache: newCache(), keys: &remoteKeys{fetch: cfg.Keys, clock: cfg.Clock}}
}

// Authenticate returns who shows the token in Authorization, and an anonymous caller when
// there is no such header. A service's identity holds in OnBehalfOf whose token is in
// Shopmesh-Caller; with Shopmesh-Visitor it is that caller alone. A token that is not good is
// an Unauthenticated fault with the reason TOKEN_EXPIRED, where it was good once, or
// UNAUTHENTICATED. A token that can't be judged while identity is away is an Unavailable fault.
func (v *Verifier) Authenticate(ctx context.Context, header authz.Header) (authz.Identity, error) {
	shown, handedOn := header.Values(Authorization), header.Values(Caller)
	visits := len(header.Values(Visitor)) > 0
	if len(shown) == 0 {
		if len(handedOn) > 0 || visits {
			return authz.Identity{}, errNoService
		}
		return authz.Identity{}, nil
	}
	if len(shown) > 1 {
		return authz.Identity{}, unauthenticated("there are two Authorization headers: send one")
	}
	text, err := bearer(shown[0])
	if err != nil {
		return authz.Identity{}, err
	}
	found, err := v.verify(ctx, text)
	if err != nil {
		return authz.Identity{}, err
	}
	if len(handedOn) == 0 && !visits {
		return found.caller, nil
	}
	if !found.service {
		return authz.Identity{}, errNoService
	}
	if len(handedOn) == 0 {
		return authz.Identity{}, nil // a visitor who shows nothing
	}
	service, err := v.onBehalf(ctx, found.caller, handedOn)
	if err == nil && visits {
		return *service.OnBehalfOf, nil
	}
	return service, err
}

func (v *Verifier) onBehalf(ctx context.Context, service authz.Identity, handedOn []string) (authz.Identity, error) {
	if len(handedOn) > 1 || len(handedOn[0]) > maxTokenBytes {
		return authz.Identity{}, errNotGood
	}
	kind, _, err := Parse(handedOn[0])
	if err == nil && kind != GuestOrder && kind != Cart {
		return authz.Identity{}, errNotGood // a service exchanges an API key before it hands it on
	}
	found, err := v.verify(ctx, handedOn[0])
	if err != nil {
		return authz.Identity{}, err
	}
	if found.caller.Kind == authz.Service {
		return authz.Identity{}, errNotGood
	}
	service.OnBehalfOf = &found.caller
	return service, nil
}

var (
	errNotGood   = unauthenticated("the token is not good: sign in")
	errNoService = unauthenticated("only services of the shop hand on a caller")
	errExpired   = fault.New(fault.Unauthenticated, fault.ReasonTokenExpired, "the token has expired or its session has ended: refresh the session, or sign in")
)

func unauthenticated(message string) *fault.Error {
	return fault.New(fault.Unauthenticated, fault.ReasonUnauthenticated, "%s", message)
}

// bearer returns the token of an Authorization header (RFC 6750).
func bearer(value string) (string, error) {
	scheme, text, _ := strings.Cut(value, " ")
	switch {
	case !strings.EqualFold(scheme, "Bearer"):
		return "", unauthenticated("the Authorization header has another scheme: send \"Bearer\" and a token")
	case len(text) > maxTokenBytes:
		return "", errNotGood
	}
	return text, nil
}

// plausible reports whether a text has the letters of a token, and any.
func plausible(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return text != ""
}

// verify judges a token, by what is known of it where it was judged before.
func (v *Verifier) verify(ctx context.Context, text string) (verified, error) {
	hash := Hash(text)
	found, known := v.cache.get(hash)
	renew := known && v.endsWithin(found.caller, APIKeyLife/2)
	switch {
	case renew && !v.endsWithin(found.caller, APIKeyLife/6):
		v.exchangeOnce(ctx, text, hash) // beside the call
	case renew, !known:
		judged, err := v.judge(ctx, text, hash)
		switch {
		case err == nil:
			found, known = judged, false
		case !renew || v.current(found.caller) != nil || !isUnavailable(err):
			return verified{}, err
		}
	}
	if err := v.current(found.caller); err != nil {
		v.cache.drop(hash)
		if found.service {
			return verified{}, errNotGood // TOKEN_EXPIRED is about the caller's token alone
		}
		return verified{}, err
	}
	if !known && !found.caller.Expire.IsZero() {
		v.cache.put(hash, found)
	}
	return found, nil
}

// endsWithin reports whether the token that an API key was exchanged for ends within a time,
// or has ended. A call that outlasts it is refused by others to whom the token is handed on,
// though the key is good.
func (v *Verifier) endsWithin(caller authz.Identity, soon time.Duration) bool {
	return caller.APIKey != "" && (v.current(caller) != nil || caller.Expire.Sub(v.cfg.Clock()) < soon)
}

func isUnavailable(err error) bool {
	refused, ok := fault.Of(err)
	return ok && refused.Kind() == fault.Unavailable
}

// current compares a verified caller with the clock and with the account's epoch.
func (v *Verifier) current(caller authz.Identity) error {
	if !caller.Expire.IsZero() && !v.cfg.Clock().Before(caller.Expire) {
		return errExpired
	}
	if v.cfg.Epochs == nil || caller.AccountID == "" {
		return nil
	}
	if epoch, known := v.cfg.Epochs.Current(caller.AccountID); known && caller.Epoch < epoch {
		return errExpired
	}
	return nil
}

// Revoked returns a fault TOKEN_EXPIRED when a caller whom Authenticate returned would be
// refused for the clock or the account's epoch now, for calls that last. The token of a
// service itself does not end its calls, because the next one has another token; that of
// whom it calls for does.
func (v *Verifier) Revoked(caller authz.Identity) error {
	if caller.OnBehalfOf != nil {
		return v.Revoked(*caller.OnBehalfOf)
	}
	if caller.Kind == authz.Service && caller.Token() == "" {
		return nil
	}
	return v.current(caller)
}

func (v *Verifier) judge(ctx context.Context, text string, hash [sha256.Size]byte) (verified, error) {
	if !plausible(text) {
		return verified{}, errNotGood
	}
	if !IsOpaque(text) {
		return v.judgeJWT(ctx, text)
	}
	kind, _, err := Parse(text)
	if err != nil {
		return verified{}, errNotGood
	}
	switch kind {
	case GuestOrder:
		order, err := ReadGuestOrder(text)
		if err != nil {
			return verified{}, errNotGood
		}
		return verified{caller: authz.GuestOfOrder(order).WithToken(text)}, nil
	case Cart:
		cart, err := ReadCart(text)
		if err != nil {
			return verified{}, errNotGood
		}
		return verified{caller: authz.GuestOfCart(cart).WithToken(text)}, nil
	case APIKey:
		return v.judgeAPIKey(ctx, text, hash)
	default:
		return verified{}, unauthenticated("a " + kind.String() + " shows no caller: send an access token")
	}
}

func (v *Verifier) judgeAPIKey(ctx context.Context, key string, hash [sha256.Size]byte) (verified, error) {
	if v.cfg.ExchangeAPIKey == nil {
		return verified{}, errNotGood
	}
	select {
	case answer := <-v.exchangeOnce(ctx, key, hash):
		found, _ := answer.Val.(verified)
		return found, answer.Err
	case <-ctx.Done():
		return verified{}, context.Cause(ctx)
	}
}

// exchangeOnce exchanges a key, once for all calls that show it meanwhile. What identity
// answers counts from then on.
func (v *Verifier) exchangeOnce(ctx context.Context, key string, hash [sha256.Size]byte) <-chan singleflight.Result {
	return v.exchange.DoChan(hex.EncodeToString(hash[:]), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
		defer cancel()
		found, err := v.exchangeAPIKey(ctx, key)
		switch {
		case err == nil:
			v.cache.put(hash, found)
		case !isUnavailable(err):
			v.cache.drop(hash)
		}
		return found, err
	})
}

func (v *Verifier) exchangeAPIKey(ctx context.Context, key string) (verified, error) {
	text, err := v.cfg.ExchangeAPIKey(ctx, key)
	if refused, ok := fault.Of(err); ok && refused.Kind() == fault.Unauthenticated {
		return verified{}, unauthenticated("the API key is unknown, revoked or expired")
	}
	if err != nil {
		return verified{}, unavailable("API keys can't be verified by identity now").Because(err)
	}
	found, err := v.judgeJWT(ctx, text)
	switch {
	case err != nil:
		return verified{}, err
	case found.caller.APIKey == "":
		return verified{}, errors.New("identity exchanged an API key for a token of no API key")
	}
	if longest := v.cfg.Clock().Add(APIKeyLife); found.caller.Expire.After(longest) {
		found.caller.Expire = longest
	}
	return found, nil
}

// judgeJWT verifies a JWT. Its type decides which keys count, its key decides the
// algorithm (RFC 8725, 3.1), and no header but these three is taken: not one that names or
// holds a key, and none that is critical.
func (v *Verifier) judgeJWT(ctx context.Context, text string) (verified, error) {
	message, err := jws.Parse([]byte(text), jws.WithCompact())
	if err != nil || len(message.Signatures()) != 1 {
		return verified{}, errNotGood
	}
	headers := message.Signatures()[0].ProtectedHeaders()
	algorithm, _ := headers.Algorithm()
	id, _ := headers.KeyID()
	if !slices.Equal(slices.Sorted(slices.Values(headers.Keys())), []string{jws.AlgorithmKey, jws.KeyIDKey, jws.TypeKey}) ||
		algorithm.String() != jwa.ES256().String() || id == "" {
		return verified{}, errNotGood
	}
	switch kind, _ := headers.Type(); kind {
	case accessType:
		return v.judgeAccess(ctx, text, id)
	case serviceType:
		return v.judgeService(text, id)
	default:
		return verified{}, errNotGood
	}
}

func (v *Verifier) judgeAccess(ctx context.Context, text, id string) (verified, error) {
	key, known, err := v.keys.key(ctx, id)
	switch {
	case err != nil:
		return verified{}, err
	case !known:
		return verified{}, errNotGood
	}
	content, err := open(text, key)
	if err != nil || content.Issuer != v.cfg.Issuer || content.Audience != v.cfg.Audience {
		return verified{}, errNotGood
	}
	access, err := content.access()
	if err != nil {
		return verified{}, errNotGood
	}
	if err := v.life(content, access.life()); err != nil {
		return verified{}, err
	}
	caller := access.identity()
	if caller.Kind == authz.Service {
		caller.Permissions = v.cfg.ServicePermissions[caller.ID]
	}
	caller.Expire = time.Unix(*content.Expires, 0)
	return verified{caller: caller.WithToken(text)}, nil
}

func (v *Verifier) judgeService(text, id string) (verified, error) {
	key, known := v.cfg.Services.keys[id]
	if !known {
		return verified{}, errNotGood
	}
	content, err := open(text, key)
	if err != nil || content.Issuer == "" || content.Issuer != key.context || !slices.Contains(v.cfg.Self, content.Audience) {
		return verified{}, errNotGood
	}
	if v.life(content, ServiceLife) != nil {
		return verified{}, errNotGood
	}
	return verified{service: true, caller: authz.Identity{
		Kind: authz.Service, ID: content.Issuer, Permissions: v.cfg.ServicePermissions[content.Issuer], Expire: time.Unix(*content.Expires, 0),
	}}, nil
}

func (v *Verifier) life(content claims, longest time.Duration) error {
	expired, err := content.checkLife(v.cfg.Clock(), longest)
	switch {
	case err != nil:
		return errNotGood
	case expired:
		return errExpired
	default:
		return nil
	}
}

// open verifies the signature and returns the claims.
func open(text string, key publicKey) (claims, error) {
	payload, err := jws.Verify([]byte(text), jws.WithCompact(), jws.WithKey(jwa.ES256(), key.key))
	if err != nil {
		return claims{}, err
	}
	var content claims
	return content, json.Unmarshal(payload, &content)
}

func (c AccessClaims) identity() authz.Identity {
	caller := authz.Identity{
		Kind: c.Kind, ID: c.Account, AccountID: c.Account, SessionID: c.Session, Permissions: c.Permissions,
		AuthTime: c.AuthTime, StepUpAge: c.StepUpAge, Methods: c.Methods, HasOTP: c.HasOTP, MustEnroll: c.MustEnroll, APIKey: c.APIKey, Epoch: c.Epoch,
	}
	if c.Kind == authz.Customer {
		caller.ID = c.Customer
	}
	return caller
}
