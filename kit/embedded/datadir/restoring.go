package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ErrNotEmpty reports that a directory for a restore holds something.
var ErrNotEmpty = errors.New("the directory is not empty")

// partialName is the folder that a backup is unpacked into. While it is there and the
// format's stamp is not, the directory is no shop.
const partialName = "restore.partial"

// Restoring is a data directory that a backup is unpacked into. It becomes a shop with
// Finish, and is left as it was found with Abort.
type Restoring struct {
	dir *Dir
	new bool // OpenRestoring created it
}

// OpenRestoring takes a directory for a restore, and creates it when it is missing. It
// must be empty (else [ErrNotEmpty]) but for what a killed restore left, which is
// removed. Errors: also [ErrInUse].
func OpenRestoring(path string) (*Restoring, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("data directory %s: %w", path, err)
	}
	_, err = os.Stat(path)
	r := &Restoring{new: errors.Is(err, fs.ErrNotExist)}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("create the data directory: %w", err)
	}
	if err := refuseOtherThanPartial(path); err != nil {
		return nil, err
	}
	lock, err := Lock(path)
	if err != nil {
		return nil, err
	}
	r.dir = &Dir{path: path, lock: lock}
	if err := errors.Join(r.removeUnpacked(), r.dir.grantSearch()); err != nil {
		return nil, errors.Join(err, r.dir.Close())
	}
	return r, nil
}

func refuseOtherThanPartial(path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return fmt.Errorf("read the data directory: %w", err)
	}
	_, err = os.Lstat(filepath.Join(path, partialName))
	again := err == nil
	for _, entry := range entries {
		switch name := entry.Name(); {
		case name == lockFileName:
		case again && (name == partialName || name == "postgres" || name == "inbox" || IsKeyFile(name) || strings.HasPrefix(name, formatFileName+".")):
		default:
			return fmt.Errorf("%w: %s holds %s; name an empty or a new one with --data", ErrNotEmpty, path, name)
		}
	}
	return nil
}

// Partial returns the folder to unpack into; its folders postgres and inbox and its keys
// become the shop's.
func (r *Restoring) Partial() string { return filepath.Join(r.dir.path, partialName) }

// Finish makes what was unpacked a shop, durably, and releases the directory. When that
// fails it aborts.
func (r *Restoring) Finish() error {
	if err := r.adopt(); err != nil {
		return errors.Join(err, r.Abort())
	}
	return r.dir.Close()
}

func (r *Restoring) adopt() error {
	names, err := KeyFiles(r.Partial())
	if err != nil {
		return err
	}
	for _, name := range append(names, filepath.Base(r.dir.Postgres()), filepath.Base(r.dir.Inbox())) {
		if err := os.Rename(filepath.Join(r.Partial(), name), filepath.Join(r.dir.path, name)); err != nil {
			return fmt.Errorf("finish the restore: %w", err)
		}
	}
	if err := errors.Join(Sync(r.Partial()), Sync(r.dir.path)); err != nil {
		return err
	}
	if err := r.dir.stamp(); err != nil {
		return err
	}
	// It is a shop from here on, so an empty folder that stays does no harm.
	_ = os.Remove(r.Partial())
	return Sync(r.dir.path)
}

// Abort leaves the directory as OpenRestoring found it, and releases it.
func (r *Restoring) Abort() error {
	err := errors.Join(r.removeUnpacked(), os.Remove(filepath.Join(r.dir.path, lockFileName)))
	if r.new {
		err = errors.Join(err, os.Remove(r.dir.path))
	}
	return errors.Join(err, r.dir.Close())
}

// removeUnpacked removes what was unpacked, the folder that marks it last.
func (r *Restoring) removeUnpacked() error {
	if _, err := os.Lstat(r.Partial()); err != nil {
		return nil //nolint:nilerr // nothing was unpacked
	}
	names, err := KeyFiles(r.dir.path)
	if err != nil {
		return err
	}
	for _, name := range append(names, filepath.Base(r.dir.Postgres()), filepath.Base(r.dir.Inbox()), partialName) {
		if err := os.RemoveAll(filepath.Join(r.dir.path, name)); err != nil {
			return fmt.Errorf("remove a restore that was not finished: %w", err)
		}
	}
	return nil
}
