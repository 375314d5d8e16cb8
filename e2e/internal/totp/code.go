// Package totp is an authenticator: it makes the one-time codes of a second factor.
package totp

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what one-time codes of RFC 6238 are made of
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"time"
)

// Code is the code of a secret, as EnrollTotp returns it, at a time (RFC 6238).
func Code(secret string, now time.Time) (string, error) {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		return "", fmt.Errorf("read the secret of a second factor: %w", err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, now.Unix()/30) // a hash takes everything
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[at:])&0x7fffffff)%1_000_000), nil
}
