package embedded

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Errors of Restore for what was not tried.
var (
	// ErrNotABackup says that a file is no backup, or one that this program can't read.
	ErrNotABackup = errors.New("no backup that can be restored here")
	// ErrNotEmpty says that a directory holds something.
	ErrNotEmpty = errors.New("the directory is not empty")
)

const (
	// restoringName is the folder, in a data directory, that a backup is unpacked into. While it is there and the
	// format's stamp is not, the directory is no shop.
	restoringName = "restore.partial"
	// maxBackupText bounds the JSON in a backup, in bytes.
	maxBackupText = 64 << 20
)

// RestoreConfig says where a backup goes.
type RestoreConfig struct {
	// Data is the data directory; it is made, or must be empty.
	Data string
	// CacheDir is as in [PostgresConfig].
	CacheDir string
	// Found is called with what the backup says of itself, before it is unpacked. It may be nil.
	Found func(BackupHeader)
	// Logger gets PostgreSQL's own messages while it is tried. Nil: slog.Default.
	Logger *slog.Logger
}

// Restore makes a data directory from a backup. Before it returns, every file is compared with its checksum, and
// PostgreSQL was started on the data, came to the backup's instant, and was stopped. The broker is empty: whoever runs
// on the directory asks again for what was under way. A restore that fails leaves the directory as it was; one that is
// killed leaves nothing that looks like a shop, and may be run again. Errors: [ErrNotABackup], [ErrNotEmpty],
// [ErrDataDirInUse].
func Restore(ctx context.Context, config RestoreConfig, r io.Reader) (BackupSummary, error) {
	u, header, err := openBackup(r)
	if err != nil {
		return BackupSummary{}, err
	}
	defer u.close()
	data, err := filepath.Abs(config.Data)
	if err != nil {
		return BackupSummary{}, fmt.Errorf("data directory %s: %w", config.Data, err)
	}
	_, statErr := os.Stat(data)
	dir, err := openForRestore(data)
	if err != nil {
		return BackupSummary{}, err
	}
	if config.Found != nil {
		config.Found(header)
	}
	err = u.restore(ctx, dir, config)
	if err != nil {
		err = errors.Join(err, removeRestored(dir.path), os.Remove(filepath.Join(dir.path, lockFileName)))
		if errors.Is(statErr, fs.ErrNotExist) {
			err = errors.Join(err, os.Remove(dir.path))
		}
	}
	if err := errors.Join(err, dir.Close()); err != nil {
		return BackupSummary{}, err
	}
	return u.manifest.summary(header), nil
}

// openForRestore takes a directory that is empty but for what a restore that was killed left, which it removes.
func openForRestore(data string) (*DataDir, error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, fmt.Errorf("create the data directory: %w", err)
	}
	entries, err := os.ReadDir(data)
	if err != nil {
		return nil, fmt.Errorf("read the data directory: %w", err)
	}
	_, err = os.Lstat(filepath.Join(data, restoringName))
	again := err == nil
	for _, entry := range entries {
		switch name := entry.Name(); {
		case name == lockFileName:
		case again && (name == restoringName || name == "postgres" || name == "inbox" || strings.HasPrefix(name, formatFileName+".")):
		default:
			return nil, fmt.Errorf("%w: %s holds %s; name an empty or a new one with --data", ErrNotEmpty, data, name)
		}
	}
	lock, err := lockDir(data)
	if err != nil {
		return nil, err
	}
	d := &DataDir{path: data, lock: lock}
	if err := errors.Join(removeRestored(data), d.letDatabaseUserPass()); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// removeRestored removes what a restore unpacked, its mark last.
func removeRestored(data string) error {
	partial := filepath.Join(data, restoringName)
	if _, err := os.Lstat(partial); err != nil {
		return nil //nolint:nilerr // nothing was unpacked
	}
	for _, folder := range []string{filepath.Join(data, "postgres"), filepath.Join(data, "inbox"), partial} {
		if err := os.RemoveAll(folder); err != nil {
			return fmt.Errorf("remove a restore that was not finished: %w", err)
		}
	}
	return nil
}

// unpacker reads one backup.
type unpacker struct {
	compressed *zstd.Decoder
	tar        *tar.Reader
	found      []backupFile // what was unpacked
	manifest   backupManifest
}

// openBackup reads what a backup says of itself, and refuses what can't be read here.
func openBackup(r io.Reader) (*unpacker, BackupHeader, error) {
	var header BackupHeader
	compressed, err := zstd.NewReader(bufio.NewReaderSize(r, 1<<20), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, header, fmt.Errorf("%w: %w", ErrNotABackup, err)
	}
	u := &unpacker{compressed: compressed, tar: tar.NewReader(compressed)}
	first, err := u.tar.Next()
	if err == nil && first.Name != backupHeaderName {
		err = fmt.Errorf("it begins with %q", first.Name)
	}
	if err == nil {
		err = u.readJSON(&header)
	}
	if err != nil {
		u.close()
		return nil, header, fmt.Errorf("%w: shopmesh backup did not write it: %w", ErrNotABackup, err)
	}
	if err := header.check(); err != nil {
		u.close()
		return nil, header, fmt.Errorf("%w: %w", ErrNotABackup, err)
	}
	return u, header, nil
}

func (u *unpacker) close() { u.compressed.Close() }

func (h BackupHeader) check() error {
	major, _, _ := strings.Cut(h.Postgres, ".")
	platform := runtime.GOOS + "/" + runtime.GOARCH
	switch {
	case h.Format != backupFormat:
		return fmt.Errorf("it has format %d, this program reads format %d: use version %s of shopmesh, which wrote it", h.Format, backupFormat, h.Program)
	case h.DataFormat != dataDirFormat:
		return fmt.Errorf("its data has format %d, this program reads format %d: use version %s of shopmesh, which wrote it", h.DataFormat, dataDirFormat, h.Program)
	case major != postgresMajor:
		return fmt.Errorf("it holds data of PostgreSQL %s, this program runs PostgreSQL %s: use version %s of shopmesh, which wrote it", major, postgresMajor, h.Program)
	case h.Platform != platform:
		return fmt.Errorf("it was written on %s, and the database's files are no good on %s: restore it on the former", h.Platform, platform)
	}
	return nil
}

func (u *unpacker) readJSON(into any) error {
	text, err := io.ReadAll(io.LimitReader(u.tar, maxBackupText))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// restore unpacks into a folder aside, proves that it is whole and that the database starts, and only then makes the
// directory a shop.
func (u *unpacker) restore(ctx context.Context, dir *DataDir, config RestoreConfig) error {
	partial := filepath.Join(dir.path, restoringName)
	account, err := databaseAccount(filepath.Join(partial, filepath.FromSlash(backupCluster)))
	if err != nil {
		return err
	}
	for _, folder := range []string{partial, filepath.Join(partial, "postgres"), filepath.Join(partial, backupInbox)} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("unpack the backup: %w", err)
		}
	}
	if err := errors.Join(
		account.open(partial), account.open(filepath.Join(partial, "postgres")),
		account.makeFolder(filepath.Join(partial, filepath.FromSlash(backupCluster))),
	); err != nil {
		return err
	}
	var ours *fs.PathError // a full disk is no fault of the backup's
	switch err := u.unpack(ctx, partial, account); {
	case err == nil:
	case ctx.Err() != nil, errors.As(err, &ours):
		return fmt.Errorf("nothing was restored: %w", err)
	default:
		return fmt.Errorf("the backup is damaged or was cut off; nothing was restored: %w", err)
	}
	if err := u.try(ctx, filepath.Join(partial, "postgres"), config); err != nil {
		return fmt.Errorf("the backup is whole, but its database does not start here: %w", err)
	}
	return dir.adopt(partial)
}

// unpack writes every entry, syncs what is ours, and compares all with the manifest.
func (u *unpacker) unpack(ctx context.Context, partial string, account account) error {
	for {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		entry, err := u.tar.Next()
		if errors.Is(err, io.EOF) {
			return errors.New("its last entry is missing")
		}
		if err != nil {
			return err
		}
		if entry.Name == backupManifestName {
			break
		}
		if err := u.unpackEntry(entry, partial, account); err != nil {
			return err
		}
	}
	if err := u.readJSON(&u.manifest); err != nil {
		return err
	}
	// What follows the last entry is read too: the stream's own checksum stands there.
	if _, err := io.Copy(io.Discard, u.compressed); err != nil {
		return err
	}
	if err := u.compare(); err != nil {
		return err
	}
	return syncDir(filepath.Join(partial, backupInbox))
}

// unpackEntry writes a file or folder where it belongs: a name may lead nowhere else.
func (u *unpacker) unpackEntry(entry *tar.Header, partial string, account account) error {
	name := path.Clean(entry.Name)
	inCluster := name == backupCluster || strings.HasPrefix(name, backupCluster+"/")
	inInbox := path.Dir(name) == backupInbox
	if !filepath.IsLocal(filepath.FromSlash(name)) || !inCluster && !inInbox && name != backupCredentials {
		return fmt.Errorf("it holds %q, which is not of a shop", entry.Name)
	}
	target := filepath.Join(partial, filepath.FromSlash(name))
	switch entry.Typeflag {
	case tar.TypeDir:
		return account.makeFolder(target)
	case tar.TypeReg:
	default:
		return fmt.Errorf("it holds %q, which is neither file nor folder", entry.Name)
	}
	file, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(file, sum), u.tar)
	if err == nil && !inCluster { // PostgreSQL syncs its own when it recovers
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("unpack %s: %w", name, err)
	}
	u.found = append(u.found, backupFile{name, size, hex.EncodeToString(sum.Sum(nil))})
	if inCluster {
		return account.give(target)
	}
	return nil
}

func (u *unpacker) compare() error {
	found := make(map[string]backupFile, len(u.found))
	for _, f := range u.found {
		found[f.Name] = f
	}
	if len(found) != len(u.manifest.Files) {
		return fmt.Errorf("it holds %d files, and its manifest names %d", len(found), len(u.manifest.Files))
	}
	for _, want := range u.manifest.Files {
		if got, ok := found[want.Name]; !ok || got != want {
			return fmt.Errorf("%s is not what was backed up", want.Name)
		}
	}
	return nil
}

// try starts the database: it comes to the backup's instant, or says why not.
func (u *unpacker) try(ctx context.Context, dir string, config RestoreConfig) error {
	postgres, err := StartPostgres(ctx, PostgresConfig{Dir: dir, CacheDir: config.CacheDir, Logger: config.Logger})
	if err != nil {
		return err
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	return postgres.Close(closing)
}

// adopt makes what was unpacked the directory's own; with the stamp it becomes a shop.
func (d *DataDir) adopt(partial string) error {
	for folder, at := range map[string]string{"postgres": d.Postgres(), backupInbox: d.Inbox()} {
		if err := os.Rename(filepath.Join(partial, folder), at); err != nil {
			return fmt.Errorf("finish the restore: %w", err)
		}
	}
	if err := errors.Join(syncDir(partial), syncDir(d.path)); err != nil {
		return err
	}
	if err := d.stamp(); err != nil {
		return err
	}
	// It is a shop from here on, so a mark that stays does no harm.
	_ = os.Remove(partial)
	return syncDir(d.path)
}
