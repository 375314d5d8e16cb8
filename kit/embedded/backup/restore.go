package backup

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

	"github.com/shopmesh/shopmesh/kit/embedded/datadir"
	"github.com/shopmesh/shopmesh/kit/embedded/postgres"
)

// ErrNotABackup reports that a file is no backup, or one that this program can't read.
var ErrNotABackup = errors.New("no backup that can be restored here")

// maxText bounds the JSON in a backup, in bytes.
const maxText = 64 << 20

// RestoreConfig names where a backup goes.
type RestoreConfig struct {
	// Data is the data directory; it is made, or must be empty.
	Data string
	// CacheDir is as in [postgres.Config].
	CacheDir string
	// Found is called with the backup's header before it is unpacked. It may be nil.
	Found func(Header)
	// Restored is called when the files are back and the database has recovered to the
	// backup's instant, for what must be different in a restored shop. It may be nil; its
	// error ends the restore.
	Restored func(context.Context, *postgres.Server) error
	// Logger gets PostgreSQL's own messages of its trial start. Nil: slog.Default.
	Logger *slog.Logger
}

// Restore makes a data directory from a backup. Before it returns it has compared every file
// with its checksum, and has started PostgreSQL on the data, which recovered to the backup's
// instant, and stopped it. The broker is empty: the contexts publish again what was under
// way. A restore that fails leaves the directory as it was; one that is killed leaves
// nothing that opens as a shop, and can be run again. Errors: [ErrNotABackup],
// [datadir.ErrNotEmpty], [datadir.ErrInUse].
func Restore(ctx context.Context, config RestoreConfig, r io.Reader) (Summary, error) {
	u, header, err := openBackup(r)
	if err != nil {
		return Summary{}, err
	}
	defer u.close()
	dir, err := datadir.OpenRestoring(config.Data)
	if err != nil {
		return Summary{}, err
	}
	if config.Found != nil {
		config.Found(header)
	}
	if err := u.restore(ctx, dir.Partial(), config); err != nil {
		return Summary{}, errors.Join(err, dir.Abort())
	}
	if err := dir.Finish(); err != nil {
		return Summary{}, err
	}
	return u.manifest.summary(header), nil
}

// unpacker reads one backup.
type unpacker struct {
	compressed *zstd.Decoder
	tar        *tar.Reader
	found      []fileSum // what was unpacked
	manifest   manifest
}

// openBackup reads a backup's header, and refuses what can't be read here.
func openBackup(r io.Reader) (*unpacker, Header, error) {
	var header Header
	compressed, err := zstd.NewReader(bufio.NewReaderSize(r, 1<<20), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, header, fmt.Errorf("%w: %w", ErrNotABackup, err)
	}
	u := &unpacker{compressed: compressed, tar: tar.NewReader(compressed)}
	first, err := u.tar.Next()
	if err == nil && first.Name != headerName {
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

func (h Header) check() error {
	major, _, _ := strings.Cut(h.Postgres, ".")
	platform := runtime.GOOS + "/" + runtime.GOARCH
	switch {
	case h.Format < oldestFormat || h.Format > format:
		return fmt.Errorf("it has format %d, this program reads formats %d to %d: use version %s of shopmesh, which wrote it", h.Format, oldestFormat, format, h.Program)
	case h.DataFormat != datadir.Format:
		return fmt.Errorf("its data has format %d, this program reads format %d: use version %s of shopmesh, which wrote it", h.DataFormat, datadir.Format, h.Program)
	case major != postgres.Major:
		return fmt.Errorf("it holds data of PostgreSQL %s, this program runs PostgreSQL %s: use version %s of shopmesh, which wrote it", major, postgres.Major, h.Program)
	case h.Platform != platform:
		return fmt.Errorf("it was written on %s, and the database's files are no good on %s: restore it on the former", h.Platform, platform)
	}
	return nil
}

func (u *unpacker) readJSON(into any) error {
	text, err := io.ReadAll(io.LimitReader(u.tar, maxText))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// restore unpacks into the folder partial, and checks that all is there and that the database
// starts.
func (u *unpacker) restore(ctx context.Context, partial string, config RestoreConfig) error {
	account, err := postgres.AccountFor(filepath.Join(partial, filepath.FromSlash(clusterName)))
	if err != nil {
		return err
	}
	for _, folder := range []string{partial, filepath.Join(partial, "postgres"), filepath.Join(partial, inboxName)} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("unpack the backup: %w", err)
		}
	}
	if err := account.MakeFolder(filepath.Join(partial, filepath.FromSlash(clusterName))); err != nil {
		return err
	}
	var ours *fs.PathError // such as a full disk, which is no fault of the backup
	switch err := u.unpack(ctx, partial, account); {
	case err == nil:
	case ctx.Err() != nil, errors.As(err, &ours):
		return fmt.Errorf("nothing was restored: %w", err)
	default:
		return fmt.Errorf("the backup is damaged or was cut off; nothing was restored: %w", err)
	}
	return u.try(ctx, filepath.Join(partial, "postgres"), config)
}

// unpack writes every entry, syncs all but PostgreSQL's files, and compares all with the manifest.
func (u *unpacker) unpack(ctx context.Context, partial string, account postgres.Account) error {
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
		if entry.Name == manifestName {
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
	return errors.Join(datadir.Sync(filepath.Join(partial, inboxName)), datadir.Sync(partial))
}

// unpackEntry writes a file or folder where it belongs: a name may lead nowhere else.
func (u *unpacker) unpackEntry(entry *tar.Header, partial string, account postgres.Account) error {
	name := path.Clean(entry.Name)
	inCluster := name == clusterName || strings.HasPrefix(name, clusterName+"/")
	inInbox := path.Dir(name) == inboxName
	if !filepath.IsLocal(filepath.FromSlash(name)) || !inCluster && !inInbox && !datadir.IsKeyFile(name) && name != credentialsName {
		return fmt.Errorf("it holds %q, which is not of a shop", entry.Name)
	}
	target := filepath.Join(partial, filepath.FromSlash(name))
	switch entry.Typeflag {
	case tar.TypeDir:
		return account.MakeFolder(target)
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
	if err == nil && !inCluster { // PostgreSQL syncs its files when it recovers
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("unpack %s: %w", name, err)
	}
	u.found = append(u.found, fileSum{name, size, hex.EncodeToString(sum.Sum(nil))})
	if inCluster {
		return account.Give(target)
	}
	return nil
}

func (u *unpacker) compare() error {
	found := make(map[string]fileSum, len(u.found))
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

// try starts the database, which recovers to the backup's instant or reports why it can't,
// and has the restored shop made different where it must be.
func (u *unpacker) try(ctx context.Context, dir string, config RestoreConfig) error {
	server, err := postgres.Start(ctx, postgres.Config{Dir: dir, CacheDir: config.CacheDir, Logger: config.Logger})
	if err != nil {
		return fmt.Errorf("the backup is whole, but its database does not start here: %w", err)
	}
	if config.Restored != nil {
		err = config.Restored(ctx, server)
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	return errors.Join(err, server.Close(closing))
}
