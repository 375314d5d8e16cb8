package domain

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

const (
	recoveryCodes = 10
	// recoveryBytes makes 16 letters, too many to be guessed.
	recoveryBytes = 10
)

// NewRecoveryCodes returns ten codes of random bytes. Each stands once for a code of the
// authenticator that was lost.
func NewRecoveryCodes(random func([]byte)) []string {
	codes := make([]string, recoveryCodes)
	for i := range codes {
		bytes := make([]byte, recoveryBytes)
		random(bytes)
		text := base32.StdEncoding.EncodeToString(bytes)
		codes[i] = strings.ToLower(text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:])
	}
	return codes
}

// RecoveryHash returns what is kept of a recovery code, however it is typed, and false for
// what is none.
func RecoveryHash(code string) ([]byte, bool) {
	plain := strings.ToUpper(strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, code))
	if len(plain) != 2*recoveryBytes*8/10 {
		return nil, false
	}
	sum := sha256.Sum256([]byte(plain))
	return sum[:], true
}
