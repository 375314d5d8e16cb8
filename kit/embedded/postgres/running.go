package postgres

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
	status, err := os.ReadFile(filepath.Join(c.dataDir(), "postmaster.pid"))
	if err != nil {
		return "", fmt.Errorf("no PostgreSQL runs in %s: %w", dir, err)
	}
	// The fifth line names the folder of the socket (PostgreSQL's miscadmin.h, LOCK_FILE_LINE_SOCKET_DIR).
	lines := strings.Split(string(status), "\n")
	if len(lines) < 5 || lines[4] == "" {
		return "", fmt.Errorf("the PostgreSQL in %s has no socket yet", dir)
	}
	c.socketDir = lines[4]
	return c.url(superuser, secrets.Superuser, database), nil
}
