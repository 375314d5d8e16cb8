package domain

import "time"

// SigningKey is a key that access tokens are signed with.
type SigningKey struct {
	// KID names the key in a token's header (RFC 7638).
	KID string
	// PublicJWK is the public key as a JSON Web Key (RFC 7517).
	PublicJWK []byte
	// Sealed is the private key, encrypted.
	Sealed []byte
	// CreateTime is since when the key is published, ActivateTime since when it signs.
	CreateTime, ActivateTime time.Time
	// RetireTime is until when it signs, ExpireTime until when it is published: its last
	// token has expired then. Both are zero while no other key is to follow.
	RetireTime, ExpireTime time.Time
}

// PublishedAt reports whether tokens that the key signed may be in use, or are about to be.
func (k SigningKey) PublishedAt(now time.Time) bool {
	return k.ExpireTime.IsZero() || now.Before(k.ExpireTime)
}
