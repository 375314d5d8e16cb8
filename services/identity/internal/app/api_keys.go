package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

const (
	keyIDBytes     = len(uuid.UUID{})
	keySecretBytes = 32
)

// CreateAPIKey makes a key of the caller's, and returns it, which is the only time that it
// is shown. Errors: ACCOUNT_NOT_FOUND, INVALID_FIELD, ROLE_ESCALATION, TOKEN_EXPIRED.
func (a *Accounts) CreateAPIKey(ctx context.Context, name string, permissions []domain.Permission, expire time.Time) (domain.APIKey, string, error) {
	id, _, err := caller(ctx)
	if err != nil {
		return domain.APIKey{}, "", err
	}
	key, err := domain.NewAPIKey(a.NewID(), name, permissions, id, a.Now(), expire)
	if err != nil {
		return domain.APIKey{}, "", err
	}
	payload := make([]byte, keyIDBytes+keySecretBytes)
	copy(payload, key.ID[:])
	_, _ = rand.Read(payload[keyIDBytes:]) // it never fails
	secret := token.Format(token.APIKey, payload)
	hash := token.Hash(secret)
	key.Hash = hash[:]
	err = a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		creator, err := a.on(tx).LockAccount(ctx, id)
		if err != nil {
			return err
		}
		if err := domain.MayGrant(creator.Snapshot().Actor(), false, permissions); err != nil {
			return err
		}
		return a.on(tx).InsertAPIKey(ctx, key)
	})
	return key, secret, err
}

// ListAPIKeys returns a page of keys and the token of the next one. Errors:
// FILTER_INVALID, PAGE_TOKEN_INVALID, INVALID_FIELD.
func (a *Accounts) ListAPIKeys(ctx context.Context, req page.Request) ([]domain.APIKey, string, error) {
	return a.on(a.Pool).ListAPIKeys(ctx, req)
}

// RevokeAPIKey ends a key. Errors: API_KEY_NOT_FOUND, ROLE_ESCALATION.
func (a *Accounts) RevokeAPIKey(ctx context.Context, id uuid.UUID) (domain.APIKey, error) {
	var key domain.APIKey
	err := a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		st := a.on(tx)
		found, err := st.APIKey(ctx, id)
		if err != nil {
			return err
		}
		creator, err := st.LockAccount(ctx, found.CreatorID)
		if err != nil {
			return err
		}
		if by := actor(ctx); by.AccountID != found.CreatorID {
			if err := creator.MayTouch(by); err != nil {
				return err
			}
		}
		if key, err = st.LockAPIKey(ctx, id); err != nil || !key.RevokeTime.IsZero() {
			return err
		}
		key.RevokeTime = a.Now()
		return st.RevokeAPIKey(ctx, id, key.RevokeTime)
	})
	return key, err
}

// ExchangeAPIKey returns an access token for a key, good for a minute. A key that is not
// good is UNAUTHENTICATED, whatever is wrong with it.
func (a *Accounts) ExchangeAPIKey(ctx context.Context, text string) (string, error) {
	refused := fault.New(fault.Unauthenticated, fault.ReasonUnauthenticated, "the API key is not good: it expired, was revoked, or its creator may not sign in")
	kind, payload, err := token.Parse(text)
	if err != nil || kind != token.APIKey || len(payload) != keyIDBytes+keySecretBytes {
		return "", refused
	}
	key, err := a.on(a.Pool).APIKey(ctx, uuid.UUID(payload[:keyIDBytes]))
	if fault.ReasonOf(err) == domain.ReasonAPIKeyNotFound {
		return "", refused
	}
	if err != nil {
		return "", err
	}
	// Hashes of 256 random bits: comparing them needs no constant time.
	if hash := token.Hash(text); !bytes.Equal(hash[:], key.Hash) {
		return "", refused
	}
	creator, err := a.on(a.Pool).Account(ctx, key.CreatorID)
	if err != nil {
		return "", err
	}
	permissions, ok := key.May(creator.Snapshot(), a.Now())
	if !ok {
		return "", refused
	}
	if err := a.on(a.Pool).UsedAPIKey(ctx, key.ID, a.Now()); err != nil {
		return "", err
	}
	return a.Issue(token.AccessClaims{
		Account: creator.Snapshot().ID.String(), Epoch: creator.Snapshot().Epoch, Kind: authz.Staff,
		Permissions: permissionsOf(permissions), APIKey: key.ID.String(),
	}, token.APIKeyLife)
}
