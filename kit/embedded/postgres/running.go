package postgres

import (
	"fmt"
	"os"
	"path/filepath"
)

// AdminURL returns the superuser's connection string to a database of the server that runs
// in dir ([datadir.Dir.Postgres]), whichever process started it: for an operator's psql,
// for measurements and for tests. It holds a password: never log it. It fails when no
// server runs there.
func AdminURL(dir, database string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("PostgreSQL's folder: %w", err)
	}
	c := cluster{dir: dir}
	secrets, err := readCredentials(c.credentialsFile())
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(c.dataDir(), "postmaster.pid")); err != nil {
		return "", fmt.Errorf("no PostgreSQL runs in %s: %w", dir, err)
	}
	c.socketDir = c.socketLink()
	if target, err := os.Readlink(c.socketLink()); err == nil {
		c.socketDir = target
	}
	return c.url(superuser, secrets.Superuser, database), nil
}
