// Package backup writes backups of a data directory, of a running shop too, and restores
// them.
//
// A backup is a tar in zstd:
//
//	shopmesh-backup.json       what it is: Header, the first entry
//	postgres/cluster/…         PostgreSQL's base backup, with the log that makes it consistent
//	postgres/credentials.json  the passwords of the roles in it
//	inbox/…                    the mails
//	NAME.key                   the keys that contexts encrypt secrets in their databases with
//	manifest.json              size and SHA-256 of every file before it, the last entry
//
// The broker is not in it: the databases hold what its events changed, and their contexts
// publish again what was under way.
package backup

import (
	"archive/tar"
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
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/shopmesh/shopmesh/kit/embedded/datadir"
	"github.com/shopmesh/shopmesh/kit/embedded/inbox"
	"github.com/shopmesh/shopmesh/kit/embedded/postgres"
)

// format rises when an older program could not read a newer backup; oldestFormat is what
// this program still reads. Format 2 added the keys.
const (
	format       = 2
	oldestFormat = 1
)

// Names in the archive.
const (
	headerName      = "shopmesh-backup.json"
	manifestName    = "manifest.json"
	clusterName     = "postgres/cluster"
	credentialsName = "postgres/credentials.json"
	inboxName       = "inbox"
)

// closeGrace is how long a PostgreSQL that was started for a backup has for its shutdown.
const closeGrace = 10 * time.Second

// ErrNoShop reports that a directory holds no shop.
var ErrNoShop = errors.New("there is no shop")

// Header describes a backup, and what can read it.
type Header struct {
	// Format is the backup's own layout, DataFormat the data directory's.
	Format     int `json:"format"`
	DataFormat int `json:"data_format"`
	// Program is the version of the program that wrote it.
	Program string `json:"program"`
	// Postgres is PostgreSQL's version; its major part must be the reader's.
	Postgres string `json:"postgres"`
	// Platform is GOOS/GOARCH: PostgreSQL's files are the machine's own.
	Platform string `json:"platform"`
	// Begun is when the backup was begun, in UTC: what was acknowledged before is in it.
	Begun time.Time `json:"begun"`
}

// Summary describes the content of a backup.
type Summary struct {
	Header
	// Instant is when the backup was consistent, in UTC: all databases are as they were then.
	Instant time.Time `json:"instant"`
	// Files and Bytes count what is in it, unpacked.
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
}

// manifest ends a backup, so that a truncated one has none.
type manifest struct {
	Instant time.Time `json:"instant"`
	Files   []fileSum `json:"files"`
}

type fileSum struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

func (m manifest) summary(header Header) Summary {
	s := Summary{Header: header, Instant: m.Instant, Files: len(m.Files)}
	for _, f := range m.Files {
		s.Bytes += f.Size
	}
	return s
}

// Config names what is backed up.
type Config struct {
	// Data is the data directory.
	Data string
	// Program is the version of this program.
	Program string
	// CacheDir is as in [postgres.Config].
	CacheDir string
	// Opening is called before the PostgreSQL of a shop that does not run is started. It may be nil.
	Opening func()
	// Logger gets PostgreSQL's own messages when it is started. Nil: slog.Default.
	Logger *slog.Logger
}

// Write writes a backup of a data directory. A running shop is not paused: its PostgreSQL
// sends a base backup of all databases at one instant, which is after the call began. The
// PostgreSQL of a shop that does not run is started for the time of the backup. The mails
// are copied after that instant, so that each mail that a database records as sent is in
// it. Errors: [ErrNoShop].
func Write(ctx context.Context, config Config, w io.Writer) (Summary, error) {
	data, err := filepath.Abs(config.Data)
	if err != nil {
		return Summary{}, fmt.Errorf("data directory %s: %w", config.Data, err)
	}
	if !datadir.HoldsShop(data) {
		return Summary{}, fmt.Errorf("%w in %s", ErrNoShop, data)
	}
	dir, err := datadir.Open(data)
	if errors.Is(err, datadir.ErrInUse) {
		return write(ctx, data, config.Program, w)
	}
	if err != nil {
		return Summary{}, err
	}
	summary, err := writeStopped(ctx, dir, config, w)
	return summary, errors.Join(err, dir.Close())
}

func writeStopped(ctx context.Context, dir *datadir.Dir, config Config, w io.Writer) (Summary, error) {
	if _, err := os.Stat(postgres.DataDir(dir.Postgres())); err != nil {
		return Summary{}, fmt.Errorf("%w in %s: its database was never made", ErrNoShop, dir.Path())
	}
	if config.Opening != nil {
		config.Opening()
	}
	server, err := postgres.Start(ctx, postgres.Config{Dir: dir.Postgres(), CacheDir: config.CacheDir, Logger: config.Logger})
	if err != nil {
		return Summary{}, err
	}
	summary, err := write(ctx, dir.Path(), config.Program, w)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeGrace)
	defer cancel()
	return summary, errors.Join(err, server.Close(closing))
}

// write backs up a data directory whose PostgreSQL runs.
func write(ctx context.Context, data, program string, w io.Writer) (Summary, error) {
	header := Header{
		Format: format, DataFormat: datadir.Format, Program: program,
		Postgres: postgres.Version, Platform: runtime.GOOS + "/" + runtime.GOARCH, Begun: time.Now().UTC(),
	}
	base, err := postgres.StartBaseBackup(ctx, datadir.Postgres(data))
	if err != nil {
		return Summary{}, err
	}
	defer base.Close()
	// One thread: the shop needs the others.
	compressed, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return Summary{}, fmt.Errorf("compress the backup: %w", err)
	}
	b := &writer{tar: tar.NewWriter(compressed), data: data}
	if err := b.writeAll(base, header); err != nil {
		return Summary{}, errors.Join(err, ctx.Err())
	}
	if err := errors.Join(b.tar.Close(), compressed.Close()); err != nil {
		return Summary{}, fmt.Errorf("write the backup: %w", err)
	}
	return b.manifest.summary(header), nil
}

// writer writes the entries of one backup.
type writer struct {
	tar      *tar.Writer
	data     string
	manifest manifest
}

func (b *writer) writeAll(base *postgres.BaseBackup, header Header) error {
	if err := b.writeJSON(headerName, header); err != nil {
		return err
	}
	mails, err := b.writeCluster(base)
	if err != nil {
		return err
	}
	// A password is on disk before its role exists, so these are those of all roles in the base
	// backup.
	credentials, err := os.ReadFile(postgres.CredentialsFile(datadir.Postgres(b.data)))
	if err != nil {
		return fmt.Errorf("read the database's passwords: %w", err)
	}
	if err := b.writeBytes(credentialsName, credentials); err != nil {
		return err
	}
	// A key is on disk before its context encrypts anything with it, and never changes.
	if err := b.writeKeys(); err != nil {
		return err
	}
	if err := b.writeInbox(mails); err != nil {
		return err
	}
	return b.writeJSON(manifestName, b.manifest)
}

// writeCluster copies the base backup. The server ends it, at one instant, before it sends the
// write-ahead log; it returns what the inbox held right after that instant.
func (b *writer) writeCluster(base *postgres.BaseBackup) ([]inbox.Extent, error) {
	var mails []inbox.Extent
	for {
		entry, err := base.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if b.manifest.Instant.IsZero() && isLog(entry.Name) {
			b.manifest.Instant = time.Now().UTC()
			if mails, err = inbox.Extents(datadir.Inbox(b.data)); err != nil {
				return nil, err
			}
		}
		name := path.Join(clusterName, entry.Name)
		switch entry.Typeflag {
		case tar.TypeDir:
			err = b.writeHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o700, ModTime: entry.ModTime})
		case tar.TypeReg:
			err = b.writeFile(name, entry.Size, entry.ModTime, base)
		default:
			err = fmt.Errorf("the database's folder holds %s, which is neither file nor folder: a backup can't hold it", entry.Name)
		}
		if err != nil {
			return nil, err
		}
	}
	if b.manifest.Instant.IsZero() {
		return nil, errors.New("back up the database: it sent no log, without which the backup is not consistent")
	}
	return mails, nil
}

// isLog reports whether a file of the base backup is a segment of the write-ahead log, which come last.
func isLog(name string) bool {
	folder, file := path.Split(path.Clean(name))
	const segmentName = 24
	_, err := hex.DecodeString(file)
	return folder == "pg_wal/" && len(file) == segmentName && err == nil
}

func (b *writer) writeKeys() error {
	names, err := datadir.KeyFiles(b.data)
	if err != nil {
		return err
	}
	for _, name := range names {
		key, err := os.ReadFile(filepath.Join(b.data, name))
		if err != nil {
			return fmt.Errorf("back up a key: %w", err)
		}
		if err := b.writeBytes(name, key); err != nil {
			return err
		}
	}
	return nil
}

func (b *writer) writeInbox(extents []inbox.Extent) error {
	for _, extent := range extents {
		file, err := os.Open(filepath.Join(datadir.Inbox(b.data), extent.Name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("back up the inbox: %w", err)
		}
		err = b.writeFile(path.Join(inboxName, extent.Name), extent.Size, time.Now(), file)
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (b *writer) writeJSON(name string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("write the backup's %s: %w", name, err)
	}
	if err := b.writeHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o600, Size: int64(len(text)), ModTime: time.Now()}); err != nil {
		return err
	}
	if _, err := b.tar.Write(text); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	return nil
}

func (b *writer) writeBytes(name string, content []byte) error {
	sum := sha256.Sum256(content)
	if err := b.writeHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o600, Size: int64(len(content)), ModTime: time.Now()}); err != nil {
		return err
	}
	if _, err := b.tar.Write(content); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	b.manifest.Files = append(b.manifest.Files, fileSum{name, int64(len(content)), hex.EncodeToString(sum[:])})
	return nil
}

func (b *writer) writeFile(name string, size int64, changed time.Time, content io.Reader) error {
	if err := b.writeHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o600, Size: size, ModTime: changed}); err != nil {
		return err
	}
	sum := sha256.New()
	if _, err := io.CopyN(io.MultiWriter(b.tar, sum), content, size); err != nil {
		return fmt.Errorf("back up %s: %w", name, err)
	}
	b.manifest.Files = append(b.manifest.Files, fileSum{name, size, hex.EncodeToString(sum.Sum(nil))})
	return nil
}

func (b *writer) writeHeader(header *tar.Header) error {
	header.Format = tar.FormatPAX
	if err := b.tar.WriteHeader(header); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	return nil
}
