package services

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/token"
)

// ServiceKeys are the keys by which contexts show each other who they are.
type ServiceKeys struct {
	// Signers sign for the contexts of this process, by their names.
	Signers map[string]*token.ServiceSigner
	// Public are the public keys of all contexts.
	Public token.KeySet
}

// NewServiceKeys makes a key for each context. It is for a process that holds all of them:
// its keys never leave it, so that no service token from elsewhere is good there.
func NewServiceKeys(contexts ...string) (ServiceKeys, error) {
	keys := ServiceKeys{Signers: make(map[string]*token.ServiceSigner, len(contexts))}
	for _, name := range contexts {
		key, err := token.NewKey()
		if err != nil {
			return ServiceKeys{}, err
		}
		keys.Signers[name] = token.NewServiceSigner(name, key, time.Now)
		keys.Public = token.Join(keys.Public, key.PublicOf(name))
	}
	return keys, nil
}

// serviceKeysFromEnv reads the key of a context that runs alone, and the public keys of all.
func serviceKeysFromEnv(name string, env app.Environment) (ServiceKeys, error) {
	path := env.ServiceKeys
	if env.ServiceKey == "" || path == "" {
		return ServiceKeys{}, fmt.Errorf("%s or %s is not set: give the private key of %s, and the file with the public keys of all services, a JWK set whose keys name their context",
			app.ServiceKeyVariable, app.ServiceKeysVariable, name)
	}
	own, err := token.ParseKey([]byte(env.ServiceKey))
	if err != nil {
		return ServiceKeys{}, fmt.Errorf("%s: %w", app.ServiceKeyVariable, err)
	}
	set, err := os.ReadFile(path)
	if err != nil {
		return ServiceKeys{}, fmt.Errorf("%s: %w", app.ServiceKeysVariable, err)
	}
	public, err := token.ParseKeySet(set)
	if err != nil {
		return ServiceKeys{}, fmt.Errorf("%s: %s: %w", app.ServiceKeysVariable, path, err)
	}
	if !slices.Contains(public.IDs(), own.ID()) {
		return ServiceKeys{}, fmt.Errorf("%s: %s does not hold the public half of %s, %s: give the file that was made with it", app.ServiceKeysVariable, path, app.ServiceKeyVariable, own.ID())
	}
	return ServiceKeys{Signers: map[string]*token.ServiceSigner{name: token.NewServiceSigner(name, own, time.Now)}, Public: public}, nil
}

// PublicKeysFile is the file of WriteServiceKeys that all services read.
const PublicKeysFile = "service-keys.json"

// PrivateKeyFile is the file of WriteServiceKeys that one context alone may read.
func PrivateKeyFile(context string) string { return context + ".key" }

// WriteServiceKeys makes a key for each of the contexts that has none in a folder, and writes
// the public halves of all of them to PublicKeysFile: the files that a service's
// SHOPMESH_SERVICE_KEY_FILE and SHOPMESH_SERVICE_KEYS name. It makes the folder where there
// is none. Private keys are readable by their owner alone.
func WriteServiceKeys(folder string, contexts ...string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	var public token.KeySet
	for _, name := range contexts {
		key, err := readOrMakeKey(filepath.Join(folder, PrivateKeyFile(name)))
		if err != nil {
			return err
		}
		public = token.Join(public, key.PublicOf(name))
	}
	set, err := public.JSON()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, PublicKeysFile), append(set, '\n'), 0o644) //nolint:gosec // public keys, for services of other users
}

func readOrMakeKey(path string) (*token.Key, error) {
	text, err := os.ReadFile(path)
	if err == nil {
		key, err := token.ParseKey(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return key, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	key, err := token.NewKey()
	if err != nil {
		return nil, err
	}
	if text, err = key.PEM(); err != nil {
		return nil, err
	}
	return key, os.WriteFile(path, text, 0o600)
}
