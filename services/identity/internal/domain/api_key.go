package domain

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/etag"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
)

// MaxAPIKeyLife is how long an API key is good at most.
const MaxAPIKeyLife = 365 * 24 * time.Hour

// APIKey lets a program call in the name of the member of staff who made it.
type APIKey struct {
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

// NewAPIKey returns a key without its hash. Errors: INVALID_FIELD.
func NewAPIKey(id uuid.UUID, name string, permissions []Permission, creator uuid.UUID, now, expire time.Time) (APIKey, error) {
	var wrong []fault.Violation
	if err := grammar.RequiredLine(name, 100); err != nil {
		wrong = append(wrong, fault.Violation{Field: "display_name", Description: err.Error()})
	}
	if !expire.After(now) || expire.Sub(now) > MaxAPIKeyLife {
		wrong = append(wrong, fault.Violation{Field: "expire_time", Description: "must be in the future, within 365 days"})
	}
	if refused := fault.Fields(wrong...); refused != nil {
		return APIKey{}, refused
	}
	return APIKey{ID: id, DisplayName: name, Permissions: sorted(permissions), CreatorID: creator, CreateTime: now, ExpireTime: expire}, nil
}

// Etag names this state of the key.
func (k APIKey) Etag() string {
	if k.RevokeTime.IsZero() {
		return etag.Of(k.ID, 1)
	}
	return etag.Of(k.ID, 2)
}

// May returns what the key may do now: as far as its creator still may. It returns false
// when the key or its creator may not sign in any more.
func (k APIKey) May(creator AccountSnapshot, now time.Time) ([]Permission, bool) {
	if !k.RevokeTime.IsZero() || !now.Before(k.ExpireTime) || creator.Disabled || creator.Kind != Staff {
		return nil, false
	}
	if creator.Owner {
		return k.Permissions, true
	}
	return slices.DeleteFunc(slices.Clone(k.Permissions), func(p Permission) bool {
		return !slices.Contains(creator.Permissions, p)
	}), true
}
