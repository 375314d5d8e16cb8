package embedded

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
)

// A backup is a tar in zstd:
//
//	shopmesh-backup.json       what it is: BackupHeader, the first entry
//	postgres/cluster/…         PostgreSQL's own base backup, with the log that makes it consistent
//	postgres/credentials.json  the passwords that the roles in it have
//	inbox/…                    the mails
//	manifest.json              size and SHA-256 of every file before it, the last entry
//
// The broker is not in it: what its events carried is in the databases, and is requested or republished.
const (
	backupFormat       = 1
	backupHeaderName   = "shopmesh-backup.json"
	backupManifestName = "manifest.json"
	backupCluster      = "postgres/cluster"
	backupCredentials  = "postgres/credentials.json"
	backupInbox        = "inbox"
)

// ErrNoShop says that a directory holds no shop.
var ErrNoShop = errors.New("there is no shop")

// BackupHeader says what a backup is, and what can read it.
type BackupHeader struct {
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

// BackupSummary says what a backup holds.
type BackupSummary struct {
	BackupHeader
	// Instant is when the backup was consistent, in UTC: all databases are as they were then.
	Instant time.Time `json:"instant"`
	// Files and Bytes count what is in it, unpacked.
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
}

// backupManifest ends a backup, so that one that was cut off has none.
type backupManifest struct {
	Instant time.Time    `json:"instant"`
	Files   []backupFile `json:"files"`
}

type backupFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

func (m backupManifest) summary(header BackupHeader) BackupSummary {
	s := BackupSummary{BackupHeader: header, Instant: m.Instant, Files: len(m.Files)}
	for _, f := range m.Files {
		s.Bytes += f.Size
	}
	return s
}

// BackupConfig says what is backed up.
type BackupConfig struct {
	// Data is the data directory.
	Data string
	// Program is the version of this program.
	Program string
	// CacheDir is as in [PostgresConfig].
	CacheDir string
	// Opening is called before the PostgreSQL of a shop that does not run is started. It may be nil.
	Opening func()
	// Logger gets PostgreSQL's own messages when it is started. Nil: slog.Default.
	Logger *slog.Logger
}

// Backup writes a backup of a data directory. The shop may run and is not paused: its PostgreSQL sends a base backup
// of all databases at one instant, which is after the call began. The PostgreSQL of a shop that does not run is
// started for the time of the backup; nothing of its data is moved. The mails are copied after that instant: one that
// a database calls sent is there. Errors: [ErrNoShop].
func Backup(ctx context.Context, config BackupConfig, w io.Writer) (BackupSummary, error) {
	data, err := filepath.Abs(config.Data)
	if err != nil {
		return BackupSummary{}, fmt.Errorf("data directory %s: %w", config.Data, err)
	}
	if _, err := os.Stat(filepath.Join(data, formatFileName)); errors.Is(err, fs.ErrNotExist) {
		return BackupSummary{}, fmt.Errorf("%w in %s", ErrNoShop, data)
	}
	dir, err := OpenDataDir(data)
	if errors.Is(err, ErrDataDirInUse) {
		return writeBackup(ctx, data, config.Program, w)
	}
	if err != nil {
		return BackupSummary{}, err
	}
	summary, err := backupStopped(ctx, dir, config, w)
	return summary, errors.Join(err, dir.Close())
}

func backupStopped(ctx context.Context, dir *DataDir, config BackupConfig, w io.Writer) (BackupSummary, error) {
	if _, err := os.Stat(filepath.Join(dir.Postgres(), "cluster")); err != nil {
		return BackupSummary{}, fmt.Errorf("%w in %s: its database was never made", ErrNoShop, dir.Path())
	}
	if config.Opening != nil {
		config.Opening()
	}
	postgres, err := StartPostgres(ctx, PostgresConfig{Dir: dir.Postgres(), CacheDir: config.CacheDir, Logger: config.Logger})
	if err != nil {
		return BackupSummary{}, err
	}
	summary, err := writeBackup(ctx, dir.Path(), config.Program, w)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeGrace)
	defer cancel()
	return summary, errors.Join(err, postgres.Close(closing))
}

// writeBackup backs up a data directory whose PostgreSQL runs.
func writeBackup(ctx context.Context, data, program string, w io.Writer) (BackupSummary, error) {
	header := BackupHeader{
		Format: backupFormat, DataFormat: dataDirFormat, Program: program,
		Postgres: postgresVersion, Platform: runtime.GOOS + "/" + runtime.GOARCH, Begun: time.Now().UTC(),
	}
	base, err := startBaseBackup(ctx, filepath.Join(data, "postgres"))
	if err != nil {
		return BackupSummary{}, err
	}
	defer base.close()
	// One thread: the shop needs the others.
	compressed, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return BackupSummary{}, fmt.Errorf("compress the backup: %w", err)
	}
	b := &backupWriter{tar: tar.NewWriter(compressed), data: data}
	if err := b.writeAll(base, header); err != nil {
		return BackupSummary{}, errors.Join(err, ctx.Err())
	}
	if err := errors.Join(b.tar.Close(), compressed.Close()); err != nil {
		return BackupSummary{}, fmt.Errorf("write the backup: %w", err)
	}
	return b.manifest.summary(header), nil
}

// backupWriter writes the entries of one backup.
type backupWriter struct {
	tar      *tar.Writer
	data     string
	manifest backupManifest
}

func (b *backupWriter) writeAll(base *baseBackup, header BackupHeader) error {
	if err := b.writeJSON(backupHeaderName, header); err != nil {
		return err
	}
	inbox, err := b.writeCluster(base)
	if err != nil {
		return err
	}
	// Passwords are on disk before a role has one, so these are all that the base backup knows.
	credentials, err := os.ReadFile(filepath.Join(b.data, "postgres", "credentials.json"))
	if err != nil {
		return fmt.Errorf("read the database's passwords: %w", err)
	}
	if err := b.writeBytes(backupCredentials, credentials); err != nil {
		return err
	}
	if err := b.writeInbox(inbox); err != nil {
		return err
	}
	return b.writeJSON(backupManifestName, b.manifest)
}

// writeCluster passes on the base backup. When its log begins, the server has ended it: that is the backup's instant,
// and what the inbox then holds is what belongs to it.
func (b *backupWriter) writeCluster(base *baseBackup) ([]inboxExtent, error) {
	var inbox []inboxExtent
	for {
		entry, err := base.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if b.manifest.Instant.IsZero() && isLog(entry.Name) {
			b.manifest.Instant = time.Now().UTC()
			if inbox, err = inboxExtents(filepath.Join(b.data, "inbox")); err != nil {
				return nil, err
			}
		}
		name := path.Join(backupCluster, entry.Name)
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
	return inbox, nil
}

// isLog reports whether a file of the base backup is a segment of the write-ahead log, which come last.
func isLog(name string) bool {
	folder, file := path.Split(path.Clean(name))
	const segmentName = 24
	_, err := hex.DecodeString(file)
	return folder == "pg_wal/" && len(file) == segmentName && err == nil
}

// inboxExtent is how much of a file of the inbox belongs to a backup: the files only grow.
type inboxExtent struct {
	name string
	size int64
}

func inboxExtents(dir string) ([]inboxExtent, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look into the inbox: %w", err)
	}
	var extents []inboxExtent
	for _, entry := range entries {
		if !isMailLog(entry.Name()) {
			continue
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // it was the oldest, and made room
		}
		if err != nil {
			return nil, fmt.Errorf("look into the inbox: %w", err)
		}
		extents = append(extents, inboxExtent{entry.Name(), info.Size()})
	}
	return extents, nil
}

func (b *backupWriter) writeInbox(extents []inboxExtent) error {
	for _, extent := range extents {
		file, err := os.Open(filepath.Join(b.data, "inbox", extent.name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("back up the inbox: %w", err)
		}
		err = b.writeFile(path.Join(backupInbox, extent.name), extent.size, time.Now(), file)
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (b *backupWriter) writeJSON(name string, value any) error {
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

func (b *backupWriter) writeBytes(name string, content []byte) error {
	sum := sha256.Sum256(content)
	if err := b.writeHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o600, Size: int64(len(content)), ModTime: time.Now()}); err != nil {
		return err
	}
	if _, err := b.tar.Write(content); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	b.manifest.Files = append(b.manifest.Files, backupFile{name, int64(len(content)), hex.EncodeToString(sum[:])})
	return nil
}

func (b *backupWriter) writeFile(name string, size int64, changed time.Time, content io.Reader) error {
	if err := b.writeHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o600, Size: size, ModTime: changed}); err != nil {
		return err
	}
	sum := sha256.New()
	if _, err := io.CopyN(io.MultiWriter(b.tar, sum), content, size); err != nil {
		return fmt.Errorf("back up %s: %w", name, err)
	}
	b.manifest.Files = append(b.manifest.Files, backupFile{name, size, hex.EncodeToString(sum.Sum(nil))})
	return nil
}

func (b *backupWriter) writeHeader(header *tar.Header) error {
	header.Format = tar.FormatPAX
	if err := b.tar.WriteHeader(header); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	return nil
}
