package session

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// secretBytes is how many random bytes a cookie holds.
const secretBytes = 32

func newSecret() []byte {
	secret := make([]byte, secretBytes)
	_, _ = rand.Read(secret) // it never fails: where the system has no randomness, the program ends
	return secret
}

// cookieName is the cookie's name. Browsers take one that begins with __Host- over TLS alone,
// for this host alone, so that no other site of the same domain can set it.
func (s *Sessions) cookieName() string {
	if s.secure {
		return "__Host-shop"
	}
	return "shop"
}

// secretOf returns the secret that a request shows; nil where it shows none that could be ours.
func (s *Sessions) secretOf(r *http.Request) []byte {
	cookie, err := r.Cookie(s.cookieName())
	if err != nil {
		return nil
	}
	secret, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil || len(secret) != secretBytes {
		return nil
	}
	return secret
}

func (s *Sessions) setCookie(w http.ResponseWriter, secret []byte) {
	s.sendCookie(w, base64.RawURLEncoding.EncodeToString(secret), int(Life/time.Second))
}

// dropCookie has the browser delete the cookie.
func (s *Sessions) dropCookie(w http.ResponseWriter) { s.sendCookie(w, "", -1) }

func (s *Sessions) sendCookie(w http.ResponseWriter, value string, maxAge int) {
	cookie := &http.Cookie{
		Name: s.cookieName(), Value: value, Path: "/", MaxAge: maxAge, Secure: s.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	// A request that changes its session twice sets one cookie.
	w.Header().Set("Set-Cookie", cookie.String())
}

// keys are what a secret stands for: under which id its session is found, and what seals it.
type keys struct {
	id   []byte
	aead cipher.AEAD
}

func deriveKeys(secret []byte) (keys, error) {
	id, err := hkdf.Key(sha256.New, secret, nil, "shopmesh session id", sha256.Size)
	if err != nil {
		return keys{}, err
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "shopmesh session content", sha256.Size)
	if err != nil {
		return keys{}, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return keys{}, err
	}
	aead, err := cipher.NewGCM(block)
	return keys{id, aead}, err
}

func (k keys) seal(text []byte) []byte {
	nonce := make([]byte, k.aead.NonceSize())
	_, _ = rand.Read(nonce) // it never fails
	return k.aead.Seal(nonce, nonce, text, k.id)
}

func (k keys) open(sealed []byte) ([]byte, error) {
	size := k.aead.NonceSize()
	if len(sealed) < size {
		return nil, errors.New("a session is shorter than its nonce")
	}
	text, err := k.aead.Open(nil, sealed[:size], sealed[size:], k.id)
	if err != nil {
		return nil, fmt.Errorf("open a session: %w", err)
	}
	return text, nil
}
