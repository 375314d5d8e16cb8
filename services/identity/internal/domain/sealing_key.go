package domain

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// SealingKeyBytes is how long SHOPMESH_IDENTITY_KEY is.
const SealingKeyBytes = 32

// SealingKey encrypts the secrets that identity keeps in its database. Printing one shows
// nothing of it.
type SealingKey struct {
	root []byte
	aead cipher.AEAD
}

// NewSealingKey returns the key of 32 random bytes.
func NewSealingKey(root []byte) (SealingKey, error) {
	if len(root) != SealingKeyBytes {
		return SealingKey{}, fmt.Errorf("it has %d bytes, and must have %d", len(root), SealingKeyBytes)
	}
	k := SealingKey{root: root}
	own, err := k.Derive("seal")
	if err != nil {
		return SealingKey{}, err
	}
	block, err := aes.NewCipher(own)
	if err != nil {
		return SealingKey{}, err
	}
	if k.aead, err = cipher.NewGCMWithRandomNonce(block); err != nil {
		return SealingKey{}, err
	}
	return k, nil
}

// ParseSealingKey reads a key of 32 bytes in base64. Its error holds nothing of the text.
func ParseSealingKey(text string) (SealingKey, error) {
	root, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return SealingKey{}, errors.New("it is not base64")
	}
	return NewSealingKey(root)
}

// Seal encrypts a secret with AES-256-GCM. The purpose names what it is and whose; Open
// must be given the same.
func (k SealingKey) Seal(purpose string, secret []byte) []byte {
	return k.aead.Seal(nil, nil, secret, []byte(purpose))
}

// Open decrypts what Seal returned. It fails for another key, another purpose, and what was
// changed.
func (k SealingKey) Open(purpose string, sealed []byte) ([]byte, error) {
	secret, err := k.aead.Open(nil, nil, sealed, []byte(purpose))
	if err != nil {
		return nil, errors.New("it was encrypted with another key, or was changed")
	}
	return secret, nil
}

// Derive returns a key of 32 bytes for a purpose (HKDF with SHA-256, RFC 5869), such as
// that of an HMAC. The same purpose gets the same key.
func (k SealingKey) Derive(purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, k.root, nil, "shopmesh identity "+purpose, SealingKeyBytes)
}

// Format prints nothing of the key, whatever the verb.
func (k SealingKey) Format(state fmt.State, _ rune) { _, _ = state.Write([]byte("a sealing key")) }
