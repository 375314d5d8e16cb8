package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/shopmesh/shopmesh/kit/embedded/datadir"
)

// cluster is one initialised PostgreSQL on disk:
//
//	credentials.json  the passwords, ours alone
//	cluster/          PostgreSQL's data folder, its user's alone
//	run/              the socket, its user's alone (a link into the temporary directory when the
//	                  path is too long)
type cluster struct {
	dir       string
	home      string // the folder with bin/
	socketDir string
	account   Account
}

// DataDir returns PostgreSQL's data folder within dir ([datadir.Dir.Postgres]).
func DataDir(dir string) string { return filepath.Join(dir, "cluster") }

// CredentialsFile returns the file of the roles' passwords within dir.
func CredentialsFile(dir string) string { return filepath.Join(dir, "credentials.json") }

func (c cluster) dataDir() string         { return DataDir(c.dir) }
func (c cluster) newDataDir() string      { return filepath.Join(c.dir, "cluster.new") }
func (c cluster) passwordFile() string    { return filepath.Join(c.dir, "initial-password") }
func (c cluster) credentialsFile() string { return CredentialsFile(c.dir) }
func (c cluster) socketLink() string      { return filepath.Join(c.dir, "run") }
func (c cluster) program(name string) string {
	return filepath.Join(c.home, "bin", name)
}

// locateCluster decides which user runs the database, makes its folders and gets its programs.
func locateCluster(ctx context.Context, config Config, logger *slog.Logger) (cluster, error) {
	dir, err := filepath.Abs(config.Dir)
	if err != nil {
		return cluster{}, fmt.Errorf("PostgreSQL's folder: %w", err)
	}
	c := cluster{dir: dir}
	if c.account, err = AccountFor(c.dataDir()); err != nil {
		return cluster{}, err
	}
	if err := c.makeDir(); err != nil {
		return cluster{}, err
	}
	if c.home, err = c.findPrograms(ctx, config.CacheDir, logger); err != nil {
		return cluster{}, err
	}
	if c.socketDir, err = c.makeSocketDir(); err != nil {
		return cluster{}, err
	}
	return c, nil
}

func (c cluster) makeDir() error {
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return fmt.Errorf("create PostgreSQL's folder: %w", err)
	}
	return c.account.admit(filepath.Dir(c.dir), c.dir)
}

// findPrograms returns PostgreSQL's home in the first cache folder that its user can reach.
func (c cluster) findPrograms(ctx context.Context, named string, logger *slog.Logger) (string, error) {
	var refused error
	for _, folder := range cacheFolders(named) {
		folder, err := filepath.Abs(folder)
		if err != nil {
			return "", fmt.Errorf("the cache for PostgreSQL: %w", err)
		}
		if err := c.account.reaches(nearestFolder(folder)); err != nil {
			refused = errors.Join(refused, err)
			continue
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			refused = errors.Join(refused, fmt.Errorf("create the cache for PostgreSQL: %w", err))
			continue
		}
		if err := c.account.open(folder); err != nil {
			return "", err
		}
		if err := c.account.reaches(folder); err != nil {
			return "", err
		}
		return postgresBinaries(ctx, folder, logger)
	}
	return "", noCache(refused)
}

// noCache explains that no folder can keep the programs: each was refused, or there is none
// to try.
func noCache(refused error) error {
	if refused == nil {
		return fmt.Errorf("no folder to keep PostgreSQL's programs in, because HOME is not set: set it, or name a folder in %s", CacheVariable)
	}
	return fmt.Errorf("no folder to keep PostgreSQL's programs in: name one in %s: %w", CacheVariable, refused)
}

// nearestFolder returns the nearest folder above path that exists.
func nearestFolder(path string) string {
	for path = filepath.Dir(path); path != filepath.Dir(path); path = filepath.Dir(path) {
		if _, err := os.Stat(path); err == nil {
			break
		}
	}
	return path
}

// longestSocketDir leaves room for the socket's own name within macOS's 104 bytes, the
// smallest bound of the systems that we run on.
const longestSocketDir = 103 - len("/.s.PGSQL.") - len(socketPort)

const socketDirPrefix = "shopmesh-pg-"

func (c cluster) makeSocketDir() (string, error) {
	if err := c.removeSocketDir(); err != nil {
		return "", err
	}
	if len(c.socketLink()) <= longestSocketDir {
		return c.socketLink(), c.account.MakeFolder(c.socketLink())
	}
	target, err := os.MkdirTemp("", socketDirPrefix)
	if err != nil {
		return "", fmt.Errorf("create a folder for the database's socket: %w", err)
	}
	if err := errors.Join(c.account.MakeFolder(target), os.Symlink(target, c.socketLink())); err != nil {
		return "", errors.Join(fmt.Errorf("a folder for the database's socket: %w", err), os.Remove(target))
	}
	return target, nil
}

// removeSocketDir removes a socket folder outside our own, which an earlier run may have left.
func (c cluster) removeSocketDir() error {
	target, err := os.Readlink(c.socketLink())
	if err != nil {
		return nil //nolint:nilerr // no link: nothing lies outside
	}
	if strings.HasPrefix(filepath.Base(target), socketDirPrefix) {
		err = os.RemoveAll(target)
	}
	if err := errors.Join(err, os.Remove(c.socketLink())); err != nil {
		return fmt.Errorf("remove the database's socket folder: %w", err)
	}
	return nil
}

// prepare initialises the cluster unless it is there, and returns its passwords.
func (c cluster) prepare(ctx context.Context) (credentials, error) {
	version, err := os.ReadFile(filepath.Join(c.dataDir(), "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return c.initialise(ctx)
	}
	if err != nil {
		return credentials{}, fmt.Errorf("read the database's version: %w", err)
	}
	if found := strings.TrimSpace(string(version)); found != Major {
		return credentials{}, fmt.Errorf("%s holds data of PostgreSQL %s, this program runs PostgreSQL %s: use the version of shopmesh that wrote it",
			c.dataDir(), found, Major)
	}
	secrets, err := readCredentials(c.credentialsFile())
	if errors.Is(err, fs.ErrNotExist) {
		return credentials{}, fmt.Errorf("the database's passwords are missing: bring %s back from a backup", c.credentialsFile())
	}
	return secrets, err
}

// initialise runs initdb in a folder that gets its real name when it is complete, so that a
// kill leaves no half cluster.
func (c cluster) initialise(ctx context.Context) (credentials, error) {
	secrets, err := readCredentials(c.credentialsFile())
	if errors.Is(err, fs.ErrNotExist) {
		secrets = newCredentials()
		err = secrets.write(c.credentialsFile())
	}
	if err != nil {
		return credentials{}, err
	}
	if err := os.RemoveAll(c.newDataDir()); err != nil {
		return credentials{}, fmt.Errorf("remove a database that was half initialised: %w", err)
	}
	if err := c.account.MakeFolder(c.newDataDir()); err != nil {
		return credentials{}, err
	}
	if err := c.runInitdb(ctx, secrets.Superuser); err != nil {
		return credentials{}, err
	}
	if err := c.writeHostRules(); err != nil {
		return credentials{}, err
	}
	if err := os.Rename(c.newDataDir(), c.dataDir()); err != nil {
		return credentials{}, fmt.Errorf("initialise the database: %w", err)
	}
	return secrets, datadir.Sync(c.dir)
}

func (c cluster) runInitdb(ctx context.Context, password string) error {
	if err := os.WriteFile(c.passwordFile(), []byte(password), 0o600); err != nil {
		return fmt.Errorf("initialise the database: %w", err)
	}
	defer os.Remove(c.passwordFile())
	if err := c.account.Give(c.passwordFile()); err != nil {
		return err
	}
	var files handover
	defer files.close()
	data, dataErr := files.path(c.account, c.newDataDir())
	passwordFile, passwordErr := files.path(c.account, c.passwordFile())
	if err := errors.Join(dataErr, passwordErr); err != nil {
		return err
	}
	cmd := c.account.command(c.newDataDir(), c.program("initdb"),
		"--pgdata="+data, "--username="+superuser, "--pwfile="+passwordFile, "--auth=scram-sha-256",
		"--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums")
	files.to(cmd)
	output, err := runBounded(ctx, cmd)
	switch {
	case err == nil:
		return nil
	case ctx.Err() == nil && reportsFull(output):
		return fmt.Errorf("the disk of %s is full: a new database takes some 50 MB; make room, or name a directory on another disk", c.dir)
	default:
		return fmt.Errorf("initialise the database in %s: %w\n%s", c.newDataDir(), err, output)
	}
}

// writeHostRules admits every role with its password through the socket, and nothing else.
func (c cluster) writeHostRules() error {
	path := filepath.Join(c.newDataDir(), "pg_hba.conf")
	if err := datadir.WriteFile(path, []byte("local all all scram-sha-256\n"), 0o600); err != nil {
		return err
	}
	return c.account.Give(path)
}
