package domain

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/etag"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
)

// APIKey lets a program call in the name of the member of staff who made it.
type APIKey struct{ state APIKeySnapshot }

// APIKeySnapshot is a key as it is stored.
type APIKeySnapshot struct {
	ID          uuid.UUID
	DisplayName string
	// Hash is the SHA-256 of the key, which is shown once and kept nowhere.
	Hash        []byte
	Permissions []Permission
	CreatorID   uuid.UUID
	CreateTime  time.Time
	ExpireTime  time.Time
	// LastUseTime is when it was last exchanged for an access token, to the minute; zero
	// before.
	LastUseTime time.Time
	// RevokeTime is when it was revoked; zero before.
	RevokeTime time.Time
}

// NewAPIKey returns the key of a hash, which is good until expire, for the longest life at
// most. Errors: INVALID_FIELD.
func NewAPIKey(id uuid.UUID, hash []byte, name string, permissions []Permission, creator uuid.UUID, now, expire time.Time, longest time.Duration) (APIKey, error) {
	var wrong []fault.Violation
	if err := grammar.RequiredLine(name, 100); err != nil {
		wrong = append(wrong, fault.Breaks("display_name", err))
	}
	if !expire.After(now) || expire.Sub(now) > longest {
		wrong = append(wrong, fault.Violation{
			Field: "expire_time", Rule: fault.RuleOutOfRange, Description: "must be in the future, and not after " + now.Add(longest).UTC().Format(time.RFC3339) + ", by the setting maxApiKeyLife of identity",
		})
	}
	if refused := fault.Fields(wrong...); refused != nil {
		return APIKey{}, refused
	}
	return APIKey{APIKeySnapshot{
		ID: id, DisplayName: name, Hash: hash, Permissions: sorted(permissions), CreatorID: creator, CreateTime: now, ExpireTime: expire,
	}}, nil
}

// RestoreAPIKey returns a key that was stored.
func RestoreAPIKey(stored APIKeySnapshot) APIKey { return APIKey{stored} }

// Snapshot returns the key as it is stored.
func (k APIKey) Snapshot() APIKeySnapshot { return k.state }

// Etag names this state of the key.
func (s APIKeySnapshot) Etag() string {
	if s.RevokeTime.IsZero() {
		return etag.Of(s.ID, 1)
	}
	return etag.Of(s.ID, 2)
}

// Revoke ends the key. One that was revoked stays as it is.
func (k APIKey) Revoke(now time.Time) APIKey {
	if k.state.RevokeTime.IsZero() {
		k.state.RevokeTime = now
	}
	return k
}

// Reissue gives the key another secret, of which this is the hash: it is no longer good under the
// one before. It returns false for a key that was used or revoked: somebody has its secret, or
// wants none.
func (k APIKey) Reissue(hash []byte) (APIKey, bool) {
	if !k.state.LastUseTime.IsZero() || !k.state.RevokeTime.IsZero() {
		return k, false
	}
	k.state.Hash = hash
	return k, true
}

// May returns what the key may do now: as far as its creator still may. It returns false
// when the key or its creator may not sign in any more.
func (k APIKey) May(creator AccountSnapshot, now time.Time) ([]Permission, bool) {
	if !k.state.RevokeTime.IsZero() || !now.Before(k.state.ExpireTime) || creator.Disabled || creator.Kind != Staff {
		return nil, false
	}
	if creator.Owner {
		return k.state.Permissions, true
	}
	return slices.DeleteFunc(slices.Clone(k.state.Permissions), func(p Permission) bool {
		return !slices.Contains(creator.Permissions, p)
	}), true
}
