package identity

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"

	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// KeyVariable names the variable that holds the Key.
const KeyVariable = "SHOPMESH_IDENTITY_KEY"

// Key encrypts the secrets in identity's database: 32 random bytes. Without it they are
// lost, so it belongs into the backup, apart from the database's. Printing one shows
// nothing of it.
type Key struct{ text string }

// NewKey returns a new random key.
func NewKey() Key {
	root := make([]byte, domain.SealingKeyBytes)
	_, _ = rand.Read(root) // never fails, by its documentation
	return Key{base64.StdEncoding.EncodeToString(root)}
}

// ParseKey reads a key of 32 bytes in base64, which source names in the error.
func ParseKey(text, source string) (Key, error) {
	if _, err := domain.ParseSealingKey(text); err != nil {
		return Key{}, fmt.Errorf("%s holds no key: %w; give 32 random bytes in base64, such as openssl rand -base64 32 prints", source, err)
	}
	return Key{text}, nil
}

// KeyFromEnv reads SHOPMESH_IDENTITY_KEY, or the file that SHOPMESH_IDENTITY_KEY_FILE
// names; the zero Key when neither is set.
func KeyFromEnv() (Key, error) {
	text, err := kitapp.Credential(KeyVariable)
	if err != nil || text == "" {
		return Key{}, err
	}
	return ParseKey(text, KeyVariable)
}

// IsZero reports that there is no key.
func (k Key) IsZero() bool { return k.text == "" }

// Reveal returns the key in base64, to be kept in a file.
func (k Key) Reveal() string { return k.text }

// Format prints nothing of the key, whatever the verb.
func (k Key) Format(state fmt.State, _ rune) { _, _ = state.Write([]byte("a key of identity")) }

// LogValue logs nothing of the key.
func (k Key) LogValue() slog.Value { return slog.StringValue("a key of identity") }

func (k Key) sealing() (domain.SealingKey, error) {
	if k.IsZero() {
		return domain.SealingKey{}, errors.New(KeyVariable + " is not set: give 32 random bytes in base64, such as openssl rand -base64 32 prints, and keep them")
	}
	return domain.ParseSealingKey(k.text)
}
