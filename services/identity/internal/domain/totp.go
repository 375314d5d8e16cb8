package domain

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238's HMAC-SHA-1, the only one that all authenticators know
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"time"
)

const (
	// TotpSecretBytes is the length of a secret (RFC 4226, 4: 160 bits).
	TotpSecretBytes = 20
	totpStep        = 30 * time.Second
	totpDigits      = 6
	// totpDrift is by how many steps a clock may be wrong.
	totpDrift = 1
)

// Totp is the second factor of an account (RFC 6238).
type Totp struct {
	// Secret is shared with the authenticator; empty when there is none.
	Secret []byte
	// Confirmed reports that a code was shown: before, no proof needs the factor.
	Confirmed bool
	// LastStep is the step of the last code that was taken. A code is taken once.
	LastStep int64
}

// Take checks a code and returns the factor that has taken it; false when the code is
// wrong, or of a step that was taken before.
func (t Totp) Take(code string, now time.Time) (Totp, bool) {
	if len(t.Secret) == 0 || len(code) != totpDigits {
		return t, false
	}
	current := now.Unix() / int64(totpStep/time.Second)
	taken, found := t, false
	for step := current - totpDrift; step <= current+totpDrift; step++ {
		// Each step is compared, so that the time shows nothing.
		if subtle.ConstantTimeCompare([]byte(totpCode(t.Secret, step, totpDigits)), []byte(code)) == 1 && step > t.LastStep && !found {
			taken.LastStep, found = step, true
		}
	}
	return taken, found
}

// TotpCode returns the code that an authenticator with the secret shows at a time.
func TotpCode(secret []byte, now time.Time) string {
	return totpCode(secret, now.Unix()/int64(totpStep/time.Second), totpDigits)
}

// totpCode is RFC 4226's HOTP of a step.
func totpCode(secret []byte, step int64, digits int) string {
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, step) // a hash takes everything
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	number := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	modulus := uint32(1)
	for range digits {
		modulus *= 10
	}
	return fmt.Sprintf("%0*d", digits, number%modulus)
}

// TotpURI returns what an authenticator reads as a QR code (otpauth).
func TotpURI(issuer, account string, secret []byte) string {
	query := url.Values{"secret": {TotpText(secret)}, "issuer": {issuer}}
	return (&url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + account, RawQuery: query.Encode()}).String()
}

// TotpText returns a secret as people type it into an authenticator.
func TotpText(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}
