package app

import (
	"crypto/rand"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/token"
)

// An API key's token holds its id and then random bytes.
const (
	keyIDBytes     = len(uuid.UUID{})
	keySecretBytes = 32
)

// newSecret returns a new token of a key, and the hash that is stored of it.
func newSecret(keyID uuid.UUID) (secret string, hash []byte) {
	payload := make([]byte, keyIDBytes+keySecretBytes)
	copy(payload, keyID[:])
	_, _ = rand.Read(payload[keyIDBytes:]) // it never fails
	secret = token.Format(token.APIKey, payload)
	sum := token.Hash(secret)
	return secret, sum[:]
}
