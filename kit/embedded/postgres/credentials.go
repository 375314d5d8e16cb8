package postgres

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"

	"github.com/shopmesh/shopmesh/kit/embedded/datadir"
)

// credentials are the generated passwords of one cluster.
type credentials struct {
	Superuser string            `json:"superuser"`
	Databases map[string]string `json:"databases"` // by the name of the database and its role
}

func newCredentials() credentials {
	return credentials{Superuser: newPassword(), Databases: map[string]string{}}
}

// newPassword returns 192 random bits in hexadecimal, which needs no quoting anywhere.
func newPassword() string {
	secret := make([]byte, 24)
	rand.Read(secret) // never fails, by its documentation
	return hex.EncodeToString(secret)
}

func readCredentials(path string) (credentials, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return credentials{}, fmt.Errorf("read the database's passwords: %w", err)
	}
	var c credentials
	if err := json.Unmarshal(text, &c); err != nil {
		return credentials{}, fmt.Errorf("read the database's passwords in %s: %w", path, err)
	}
	if c.Databases == nil {
		c.Databases = map[string]string{}
	}
	return c, nil
}

func (c credentials) write(path string) error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("write the database's passwords: %w", err)
	}
	return datadir.WriteFile(path, text, 0o600)
}

// withDatabase returns a copy that has a password for the database, and whether that is new.
func (c credentials) withDatabase(name string) (credentials, bool) {
	if _, ok := c.Databases[name]; ok {
		return c, false
	}
	databases := maps.Clone(c.Databases)
	databases[name] = newPassword()
	return credentials{Superuser: c.Superuser, Databases: databases}, true
}
