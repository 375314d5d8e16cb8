package token

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
)

// Key is a private key that signs tokens: ES256 on the curve P-256. Printing or logging one
// shows its id alone.
type Key struct {
	private *ecdsa.PrivateKey
	id      string
}

// NewKey returns a new random key.
func NewKey() (*Key, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a signing key: %w", err)
	}
	return keyOf(private)
}

// ParseKey reads a private key out of PEM (PKCS #8 or SEC 1) or a JWK. Its errors hold
// nothing of the key.
func ParseKey(text []byte) (*Key, error) {
	private, err := readPrivate(text)
	if err != nil {
		return nil, err
	}
	if private.Curve != elliptic.P256() {
		return nil, errors.New("it is no private key on the curve P-256: make one for ES256")
	}
	return keyOf(private)
}

var errNoPrivateKey = errors.New("it is no private EC key in PEM or as a JWK")

func readPrivate(text []byte) (*ecdsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		var private ecdsa.PrivateKey
		parsed, err := jwk.ParseKey(bytes.TrimSpace(text))
		if err != nil || jwk.Export(parsed, &private) != nil {
			return nil, errNoPrivateKey
		}
		return &private, nil
	}
	if private, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return private, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if private, ok := parsed.(*ecdsa.PrivateKey); err == nil && ok {
		return private, nil
	}
	return nil, errNoPrivateKey
}

func keyOf(private *ecdsa.PrivateKey) (*Key, error) {
	id, err := thumbprint(&private.PublicKey)
	if err != nil {
		return nil, err
	}
	return &Key{private: private, id: id}, nil
}

// thumbprint names a key by itself (RFC 7638).
func thumbprint(public *ecdsa.PublicKey) (string, error) {
	imported, err := jwk.Import(public)
	if err != nil {
		return "", fmt.Errorf("import a public key: %w", err)
	}
	sum, err := imported.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", fmt.Errorf("compute a key's id: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(sum), nil
}

// ID returns the key's id (kid): the SHA-256 thumbprint of RFC 7638.
func (k *Key) ID() string { return k.id }

// Format prints the key's id, whatever the verb.
func (k *Key) Format(state fmt.State, _ rune) { _, _ = fmt.Fprint(state, "key "+k.id) }

// LogValue logs the key's id.
func (k *Key) LogValue() slog.Value { return slog.StringValue(k.id) }

// PEM returns the private key as PKCS #8 in PEM.
func (k *Key) PEM() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return nil, fmt.Errorf("write a key as PEM: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// JWK returns the private key as a JWK.
func (k *Key) JWK() ([]byte, error) {
	private, err := jwk.Import(k.private)
	if err != nil {
		return nil, fmt.Errorf("write a key as a JWK: %w", err)
	}
	if err := describe(private, k.id, ""); err != nil {
		return nil, err
	}
	return json.Marshal(private)
}

// Public returns the set of the public key alone, as identity publishes it.
func (k *Key) Public() KeySet { return k.PublicOf("") }

// PublicOf returns the set of the public key alone, as the key of a context: service tokens
// that it signs are good when they are issued by that context.
func (k *Key) PublicOf(context string) KeySet {
	return KeySet{keys: map[string]publicKey{k.id: {key: &k.private.PublicKey, context: context}}}
}

// contextMember is the member of a JWK that names the context whose key it is.
const contextMember = "context"

func describe(key jwk.Key, id, context string) error {
	members := map[string]any{jwk.KeyIDKey: id, jwk.AlgorithmKey: jwa.ES256(), jwk.KeyUsageKey: jwk.ForSignature}
	if context != "" {
		members[contextMember] = context
	}
	for name, value := range members {
		if err := key.Set(name, value); err != nil {
			return fmt.Errorf("describe a key: %w", err)
		}
	}
	return nil
}

// KeySet is a set of public keys, by their ids. The zero KeySet is empty.
type KeySet struct{ keys map[string]publicKey }

type publicKey struct {
	key     *ecdsa.PublicKey
	context string
}

// Join returns the set of all keys of some sets.
func Join(sets ...KeySet) KeySet {
	all := KeySet{keys: map[string]publicKey{}}
	for _, set := range sets {
		maps.Copy(all.keys, set.keys)
	}
	return all
}

// maxKeys is how many keys a set may hold.
const maxKeys = 100

// ParseKeySet reads a JWK set of public keys for ES256. It refuses a set with any other
// key: a private one, one of another type or curve, and one whose kid is not its thumbprint.
func ParseKeySet(text []byte) (KeySet, error) {
	parsed, err := jwk.Parse(text)
	if err != nil {
		return KeySet{}, errors.New("it is no JWK set") // a private key in it must not be shown
	}
	if parsed.Len() > maxKeys {
		return KeySet{}, fmt.Errorf("the JWK set has %d keys: it may have %d", parsed.Len(), maxKeys)
	}
	set := KeySet{keys: map[string]publicKey{}}
	for i := range parsed.Len() {
		key, _ := parsed.Key(i)
		id, public, err := readPublic(key)
		if err != nil {
			return KeySet{}, fmt.Errorf("key %d of the JWK set: %w", i+1, err)
		}
		set.keys[id] = public
	}
	return set, nil
}

func readPublic(key jwk.Key) (string, publicKey, error) {
	if _, ok := key.(jwk.ECDSAPublicKey); !ok {
		return "", publicKey{}, errors.New("it is no public EC key")
	}
	if algorithm, ok := key.Algorithm(); ok && algorithm.String() != jwa.ES256().String() {
		return "", publicKey{}, errors.New("its alg is not ES256")
	}
	public := publicKey{key: new(ecdsa.PublicKey)}
	if err := jwk.Export(key, public.key); err != nil || public.key.Curve != elliptic.P256() {
		return "", publicKey{}, errors.New("it is not on the curve P-256")
	}
	id, err := thumbprint(public.key)
	if err != nil {
		return "", publicKey{}, err
	}
	if given, ok := key.KeyID(); ok && given != id {
		return "", publicKey{}, fmt.Errorf("its kid is not its thumbprint (RFC 7638), which is %s", id)
	}
	if key.Has(contextMember) {
		if err := key.Get(contextMember, &public.context); err != nil {
			return "", publicKey{}, fmt.Errorf("its %s is no text", contextMember)
		}
	}
	return id, public, nil
}

// JSON returns the set as a JWK set (RFC 7517), the keys in the order of their ids.
func (s KeySet) JSON() ([]byte, error) {
	set := jwk.NewSet()
	for _, id := range s.IDs() {
		key, err := jwk.Import(s.keys[id].key)
		if err != nil {
			return nil, fmt.Errorf("write a key as a JWK: %w", err)
		}
		if err := describe(key, id, s.keys[id].context); err != nil {
			return nil, err
		}
		if err := set.AddKey(key); err != nil {
			return nil, fmt.Errorf("write a JWK set: %w", err)
		}
	}
	return json.Marshal(set)
}

// IDs returns the ids of the keys, sorted.
func (s KeySet) IDs() []string { return slices.Sorted(maps.Keys(s.keys)) }

// Len returns how many keys the set has.
func (s KeySet) Len() int { return len(s.keys) }
