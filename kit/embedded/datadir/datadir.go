// Package datadir opens the directory that holds everything a shop keeps, and what
// its parts share: the lock that admits one process, the stamp of its format, durable
// file writes, and the free space of its disk.
//
//	DIR/format    the layout's version
//	DIR/lock      the process that holds it
//	DIR/postgres  PostgreSQL (kit/embedded/postgres)
//	DIR/broker    the broker (kit/embedded/broker)
//	DIR/inbox     the mails (kit/embedded/inbox)
//	DIR/operator.sock  the operator's socket (kit/operator)
//	DIR/NAME.key  a key that a context encrypts its secrets with
//	DIR/demo.json   the passwords of the demo's people
//	DIR/owner-link  the link of the first owner, while the shop has none
//	DIR/inbox-link  the link that opens the inbox in a browser, while the shop runs
//	DIR/addresses.json  where the shop listens, while it runs
package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Format is the layout that this program reads and writes. It rises when a newer
// program would write what an older one can't read.
const Format = 1

const formatFileName = "format"

// Dir is a data directory that this process holds until Close or its own end.
type Dir struct {
	path string
	lock *Held
}

// Open opens the data directory at path, and creates it when it is missing. It refuses
// one that another process holds (the error wraps [ErrInUse]), one that a newer
// program wrote, and one with files that are not a shop's.
func Open(path string) (*Dir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("data directory %s: %w", path, err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("create the data directory: %w", err)
	}
	if err := refuseForeignFiles(path); err != nil {
		return nil, err
	}
	lock, err := Lock(path)
	if err != nil {
		return nil, err
	}
	d := &Dir{path: path, lock: lock}
	if err := d.prepare(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// HoldsShop reports whether a directory is one that Open or a restore finished.
func HoldsShop(path string) bool {
	_, err := os.Stat(filepath.Join(path, formatFileName))
	return err == nil
}

// Path returns the directory's absolute path.
func (d *Dir) Path() string { return d.path }

// Postgres returns the folder of the embedded PostgreSQL.
func (d *Dir) Postgres() string { return Postgres(d.path) }

// Broker returns the folder of the embedded broker.
func (d *Dir) Broker() string { return filepath.Join(d.path, "broker") }

// Inbox returns the folder of the built-in inbox.
func (d *Dir) Inbox() string { return Inbox(d.path) }

// Postgres returns PostgreSQL's folder in a data directory, whoever holds it.
func Postgres(path string) string { return filepath.Join(path, "postgres") }

// Inbox returns the inbox's folder in a data directory, whoever holds it.
func Inbox(path string) string { return filepath.Join(path, "inbox") }

// OperatorSocket returns where the operator's socket belongs.
func (d *Dir) OperatorSocket() string { return filepath.Join(d.path, "operator.sock") }

// OwnerLink returns the file that the link of the shop's first owner is kept in.
func (d *Dir) OwnerLink() string { return filepath.Join(d.path, "owner-link") }

// InboxLink returns the file that the link to the inbox is kept in.
func (d *Dir) InboxLink() string { return filepath.Join(d.path, "inbox-link") }

// Demo returns the file that the passwords of the demo's people are noted in.
func (d *Dir) Demo() string { return filepath.Join(d.path, "demo.json") }

// KeyFile returns the file that a context keeps its key in.
func (d *Dir) KeyFile(context string) string { return filepath.Join(d.path, context+keySuffix) }

const keySuffix = ".key"

// KeyFiles returns the names of the contexts' key files in a data directory, whoever
// holds it.
func KeyFiles(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("look for keys in the data directory: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if IsKeyFile(entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// IsKeyFile reports whether a file of this name, in a data directory, holds a context's key.
func IsKeyFile(name string) bool {
	context, ok := strings.CutSuffix(name, keySuffix)
	return ok && context != "" && strings.Trim(context, "abcdefghijklmnopqrstuvwxyz") == ""
}

// Close releases the directory. Whatever works in it must have ended.
func (d *Dir) Close() error {
	if err := d.lock.Close(); err != nil {
		return fmt.Errorf("release the data directory %s: %w", d.path, err)
	}
	return nil
}

func (d *Dir) prepare() error {
	if err := d.stamp(); err != nil {
		return err
	}
	for _, folder := range []string{d.Postgres(), d.Broker(), d.Inbox()} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("create a folder of the data directory: %w", err)
		}
	}
	if err := errors.Join(d.denyWrites(), d.grantSearch()); err != nil {
		return err
	}
	return Sync(d.path)
}

// denyWrites keeps other users, whose group a folder may be open to, from replacing what is
// in it: keys, and the operator's socket.
func (d *Dir) denyWrites() error {
	info, err := os.Stat(d.path)
	if err == nil && info.Mode().Perm()&0o022 != 0 {
		err = os.Chmod(d.path, info.Mode().Perm()&^0o022)
	}
	if err != nil {
		return fmt.Errorf("keep others from writing into the data directory: %w", err)
	}
	return nil
}

// grantSearch lets other users pass through the directory, and nothing else, when we
// are root on a system other than Linux: PostgreSQL refuses to run as root, and its own
// user must reach its folder. On Linux it gets that folder by an open descriptor.
func (d *Dir) grantSearch() error {
	if os.Geteuid() != 0 || runtime.GOOS == "linux" {
		return nil
	}
	info, err := os.Stat(d.path)
	if err != nil {
		return fmt.Errorf("let the database's user pass through the data directory: %w", err)
	}
	if err := os.Chmod(d.path, info.Mode().Perm()|0o001); err != nil {
		return fmt.Errorf("let the database's user pass through the data directory: %w", err)
	}
	return nil
}

// stamp writes the format into a new directory, and refuses one of another format.
func (d *Dir) stamp() error {
	file := filepath.Join(d.path, formatFileName)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return WriteFile(file, fmt.Appendf(nil, "shopmesh data format %d\n", Format), 0o600)
	}
	if err != nil {
		return fmt.Errorf("read the data directory's format: %w", err)
	}
	var format int
	if _, err := fmt.Sscanf(string(text), "shopmesh data format %d", &format); err != nil {
		return fmt.Errorf("%s names no data format: is %s a data directory of shopmesh?", file, d.path)
	}
	if format != Format {
		return fmt.Errorf("data directory %s has format %d, this program reads format %d: use the version of shopmesh that wrote it",
			d.path, format, Format)
	}
	return nil
}

// refuseForeignFiles keeps a mistyped path from turning a folder with other files into
// a data directory.
func refuseForeignFiles(path string) error {
	if _, err := os.Lstat(filepath.Join(path, formatFileName)); err == nil {
		return nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return fmt.Errorf("read the data directory: %w", err)
	}
	for _, entry := range entries {
		if entry.Name() == partialName {
			return fmt.Errorf("a restore into %s was not finished: run it again with the same backup, or name another directory", path)
		}
		// A first start that was killed leaves its lock file and half-written stamps.
		if name := entry.Name(); name != lockFileName && !strings.HasPrefix(name, formatFileName+".") {
			return fmt.Errorf("%s holds other files (%s) and is no data directory of shopmesh: name an empty or a new directory", path, name)
		}
	}
	return nil
}
