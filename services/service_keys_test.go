package services_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services"
)

// Keys that are there stay, those that are missing are made, and the set has all of them.
func TestServiceKeysAreMadeOnce(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "keys")
	if err := services.WriteServiceKeys(folder, "order"); err != nil {
		t.Fatal(err)
	}
	order := keyIn(t, folder, "order")
	if err := services.WriteServiceKeys(folder, "catalog", "order"); err != nil {
		t.Fatal(err)
	}
	if keyIn(t, folder, "order").ID() != order.ID() {
		t.Error("a key that was there was made again")
	}
	text, err := os.ReadFile(filepath.Join(folder, services.PublicKeysFile))
	if err != nil {
		t.Fatal(err)
	}
	set, err := token.ParseKeySet(text)
	if err != nil || set.Len() != 2 {
		t.Errorf("the public keys are %v (%v)", set.IDs(), err)
	}
	if err := os.WriteFile(filepath.Join(folder, services.PrivateKeyFile("order")), []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := services.WriteServiceKeys(folder, "order"); err == nil {
		t.Error("a file that holds no key was taken")
	}
}

func keyIn(t *testing.T, folder, context string) *token.Key {
	t.Helper()
	path := filepath.Join(folder, services.PrivateKeyFile(context))
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("%s has the mode %v", path, info.Mode())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	key, err := token.ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
