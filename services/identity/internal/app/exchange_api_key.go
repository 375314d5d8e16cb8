package app

import (
	"bytes"
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

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
	stored := key.Snapshot()
	// Hashes of 256 random bits: comparing them needs no constant time.
	if hash := token.Hash(text); !bytes.Equal(hash[:], stored.Hash) {
		return "", refused
	}
	creator, err := a.on(a.Pool).Account(ctx, stored.CreatorID)
	if err != nil {
		return "", err
	}
	permissions, ok := key.May(creator.Snapshot(), a.Now())
	if !ok {
		return "", refused
	}
	if err := a.on(a.Pool).UsedAPIKey(ctx, stored.ID, a.Now()); err != nil {
		return "", err
	}
	return a.Issue(token.AccessClaims{
		Account: creator.Snapshot().ID.String(), Epoch: creator.Snapshot().Epoch, Kind: authz.Staff,
		Permissions: permissionsOf(permissions), APIKey: stored.ID.String(),
	}, token.APIKeyLife)
}
