// Package app holds the use cases of identity, one file each. A use case loads, lets the
// domain decide, and stores what was decided.
package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store"
)

// SigningKeys are the use cases about the keys that access tokens are signed with. The
// keys are kept in memory, so that tokens are issued and keys are listed without a query;
// a key is published long before it signs, so a minute-old list is good.
type SigningKeys struct {
	// Pool is the context's database.
	Pool *pg.Pool
	// Settings are what the owner set.
	Settings *settings.Live[domain.Settings]
	// Sealing encrypts private keys in the database.
	Sealing domain.SealingKey
	// Issuer and Audience are what tokens name as iss and aud.
	Issuer, Audience string
	// Contexts are the names of all contexts, which an operator may act as.
	Contexts []string
	Log      *slog.Logger
	// Now is the time, in whole microseconds as the database keeps it.
	Now func() time.Time

	mu      sync.RWMutex
	keys    domain.SigningKeys
	private map[string]*token.Key // by kid
}

// purpose binds a sealed private key to its row.
func purpose(kid string) string { return "signing key " + kid }

// errNoKey cannot come up once Rotate was called: the first key signs at once.
var errNoKey = errors.New("there is no key that signs access tokens")

// Access returns an access token with these claims, signed with the key of now.
func (s *SigningKeys) Access(claims token.AccessClaims, life time.Duration) (string, error) {
	s.mu.RLock()
	signer, ok := s.keys.At(s.Now())
	private := s.private[signer.KID]
	s.mu.RUnlock()
	if !ok || private == nil {
		return "", errNoKey
	}
	return token.NewIssuer(s.Issuer, s.Audience, private, s.Now).Access(claims, life)
}

// load takes over what the database holds. A key that can't be decrypted is an error, and
// those from before stay in use.
func (s *SigningKeys) load(ctx context.Context) error {
	keys, err := store.On(s.Pool.Hot()).SigningKeys(ctx)
	if err != nil {
		return err
	}
	private := make(map[string]*token.Key, len(keys))
	for _, k := range keys {
		opened, err := s.Sealing.Open(purpose(k.KID), k.Sealed)
		if err != nil {
			return fmt.Errorf("SHOPMESH_IDENTITY_KEY is not the key that identity's database was made with: "+
				"the signing key %s can't be read; give the former key", k.KID)
		}
		if private[k.KID], err = token.ParseKey(opened); err != nil {
			return fmt.Errorf("read the signing key %s: %w", k.KID, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys, s.private = keys, private
	return nil
}

// create returns a new key, which signs from a time on.
func (s *SigningKeys) create(now, activate time.Time) (domain.SigningKey, error) {
	key, err := token.NewKey()
	if err != nil {
		return domain.SigningKey{}, err
	}
	private, err := key.PEM()
	if err != nil {
		return domain.SigningKey{}, err
	}
	set, err := key.Public().JSON()
	if err != nil {
		return domain.SigningKey{}, err
	}
	var public struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(set, &public); err != nil {
		return domain.SigningKey{}, fmt.Errorf("read a public key: %w", err)
	}
	return domain.SigningKey{
		KID: key.ID(), PublicJWK: public.Keys[0], Sealed: s.Sealing.Seal(purpose(key.ID()), private),
		CreateTime: now, ActivateTime: activate,
	}, nil
}
