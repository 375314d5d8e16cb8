package domain

import "time"

const (
	// PublishedAhead is how long a key is published before it signs, so that whoever keeps
	// keys for a while has it in time.
	PublishedAhead = 45 * time.Minute
	// LongestToken is the life of the token that lives longest, an operator's, and of a
	// clock that is a little late.
	LongestToken = 12*time.Hour + 5*time.Minute
)

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

// SigningKeys are all keys that there are, in any order.
type SigningKeys []SigningKey

// At returns the key that signs at a time; false when there is none.
func (keys SigningKeys) At(now time.Time) (SigningKey, bool) {
	var signer SigningKey
	found := false
	for _, k := range keys {
		if !k.ActivateTime.After(now) && (!found || k.ActivateTime.After(signer.ActivateTime)) {
			signer, found = k, true
		}
	}
	return signer, found
}

// Rotation is what becomes of the keys at a time.
type Rotation struct {
	// Add reports that a new key is due; it signs from ActivateTime on.
	Add          bool
	ActivateTime time.Time
	// Retire holds the keys that the new one replaces, with their ends set.
	Retire SigningKeys
	// Remove holds the ids of keys whose last token has expired.
	Remove []string
}

// None reports that nothing changes.
func (r Rotation) None() bool { return !r.Add && len(r.Remove) == 0 }

// Rotate decides which key is added, and which are removed: another key follows each that
// has signed for period. The first of all signs at once.
func (keys SigningKeys) Rotate(now time.Time, period time.Duration) Rotation {
	var r Rotation
	for _, k := range keys {
		if k.expiredAt(now) {
			r.Remove = append(r.Remove, k.KID)
		}
	}
	last, ok := keys.last()
	if !ok || last.expiredAt(now) {
		r.Add, r.ActivateTime = true, now
		return r
	}
	if now.Before(last.followedAt(period)) {
		return r
	}
	r.Add, r.ActivateTime = true, now.Add(PublishedAhead)
	for _, k := range keys {
		if k.RetireTime.IsZero() {
			k.RetireTime, k.ExpireTime = r.ActivateTime, r.ActivateTime.Add(LongestToken)
			r.Retire = append(r.Retire, k)
		}
	}
	return r
}

// last returns the key that signs last of all.
func (keys SigningKeys) last() (SigningKey, bool) {
	var last SigningKey
	for _, k := range keys {
		if last.KID == "" || k.ActivateTime.After(last.ActivateTime) {
			last = k
		}
	}
	return last, last.KID != ""
}

// Published returns the keys whose tokens may be in use, or are about to be.
func (keys SigningKeys) Published(now time.Time) SigningKeys {
	published := make(SigningKeys, 0, len(keys))
	for _, k := range keys {
		if !k.expiredAt(now) {
			published = append(published, k)
		}
	}
	return published
}

func (k SigningKey) expiredAt(now time.Time) bool {
	return !k.ExpireTime.IsZero() && !now.Before(k.ExpireTime)
}

// followedAt is when another key is published that replaces this one.
func (k SigningKey) followedAt(period time.Duration) time.Time {
	return k.ActivateTime.Add(period - PublishedAhead)
}
