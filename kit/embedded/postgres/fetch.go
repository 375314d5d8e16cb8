package postgres

import (
	"archive/tar"
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
	"github.com/xi2/xz"

	"github.com/shopmesh/shopmesh/kit/embedded/datadir"
)

// fetcher gets the archive of PostgreSQL's programs that zonky.io publishes: a zip that
// holds a tar.xz.
type fetcher struct {
	repository string // as published does
	// stall is how long the download may bring nothing before it fails, progress how
	// often it is logged.
	stall, progress time.Duration
	logger          *slog.Logger
}

func newFetcher(logger *slog.Logger) fetcher {
	return fetcher{
		repository: published(),
		stall:      30 * time.Second, progress: 5 * time.Second, logger: logger,
	}
}

// published returns the URL below which the archives lie. embedded-postgres knows it, in
// a field that is not exported; why its own download is not used is in decision 26.
func published() string {
	repository := reflect.ValueOf(embeddedpostgres.DefaultConfig()).FieldByName("binaryRepositoryURL")
	return repository.String() + "/io/zonky/test/postgres"
}

// platform is this machine's name in the archive's.
func platform() string {
	arch := runtime.GOARCH
	if arch == "arm64" {
		arch = "arm64v8"
	}
	if _, err := os.Stat("/etc/alpine-release"); err == nil {
		arch += "-alpine"
	}
	return runtime.GOOS + "-" + arch
}

// archiveName is the archive's file name. A file of that name in the cache is used in
// place of a download.
func archiveName() string {
	return fmt.Sprintf("embedded-postgres-binaries-%s-%s.jar", platform(), Version)
}

func (f fetcher) url() string {
	return fmt.Sprintf("%s/embedded-postgres-binaries-%s/%s/%s", f.repository, platform(), Version, archiveName())
}

// fetch unpacks the programs into a new folder: from the archive in the cache where there
// is one, else from a download whose checksum it compares.
func (f fetcher) fetch(ctx context.Context, cache, staging string) (folder string, err error) {
	folder = filepath.Join(staging, "unpacked")
	archive := filepath.Join(cache, archiveName())
	if _, err := os.Stat(archive); err == nil {
		f.logger.Info("unpacking PostgreSQL", "archive", archive)
	} else {
		archive = filepath.Join(staging, archiveName())
		if err := f.download(ctx, archive); err != nil {
			return "", f.explain(cache, err)
		}
	}
	if err := unpackArchive(archive, folder); err != nil {
		return "", f.explain(cache, fmt.Errorf("unpack %s: %w", archive, err))
	}
	if !isComplete(folder) {
		return "", fmt.Errorf("%s holds no PostgreSQL for %s", archive, platform())
	}
	return folder, nil
}

func (f fetcher) explain(cache string, err error) error {
	if datadir.IsFull(err) {
		return fmt.Errorf("the disk of %s is full: PostgreSQL's programs take 75 MB; make room, or name a folder on another disk in %s", cache, CacheVariable)
	}
	return fmt.Errorf("fetch PostgreSQL %s: %w; it is needed once on this machine: check the way to the internet, or put %s into %s (%s)",
		Version, err, archiveName(), cache, f.url())
}

// download writes the archive to a file and compares it with the published checksum.
func (f fetcher) download(ctx context.Context, path string) error {
	want := make([]byte, hex.EncodedLen(sha256.Size))
	checksum, err := f.open(ctx, f.url()+".sha256")
	if err != nil {
		return err
	}
	_, err = io.ReadFull(checksum, want)
	if err := errors.Join(err, checksum.Close()); err != nil {
		return fmt.Errorf("read the checksum: %w", err)
	}
	archive, err := f.open(ctx, f.url())
	if err != nil {
		return err
	}
	defer archive.Close()
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(file, sum), archive)
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != string(want) {
		return fmt.Errorf("the archive's SHA-256 is %s, and %s is published", got, want)
	}
	return nil
}

// open requests a file. Reading it fails when nothing comes for the stall's time.
func (f fetcher) open(ctx context.Context, url string) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	t := &transfer{cancel: cancel, stall: f.stall, logger: f.logger, cause: func() error { return context.Cause(ctx) }}
	t.watch = time.AfterFunc(f.stall, t.stalled)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, errors.Join(err, t.end())
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return nil, errors.Join(err, t.end())
	}
	if response.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("%s answers %s", url, response.Status), response.Body.Close(), t.end())
	}
	t.body, t.size = response.Body, response.ContentLength
	t.ticker = time.NewTicker(f.progress)
	return t, nil
}

// transfer is a download that logs its progress and ends when it stalls.
type transfer struct {
	body   io.ReadCloser
	size   int64 // -1 when it is not known
	read   atomic.Int64
	stall  time.Duration
	watch  *time.Timer
	ticker *time.Ticker
	cancel context.CancelCauseFunc
	cause  func() error
	logger *slog.Logger
}

func (t *transfer) stalled() {
	t.cancel(fmt.Errorf("the download brought nothing for %s, after %s", t.stall, t.amount()))
}

func (t *transfer) amount() string {
	if t.size <= 0 {
		return fmt.Sprintf("%.1f MB", float64(t.read.Load())/1e6)
	}
	return fmt.Sprintf("%.1f of %.1f MB", float64(t.read.Load())/1e6, float64(t.size)/1e6)
}

// Read implements io.Reader.
func (t *transfer) Read(p []byte) (int, error) {
	n, err := t.body.Read(p)
	t.read.Add(int64(n))
	if n > 0 {
		t.watch.Reset(t.stall)
	}
	select {
	case <-t.ticker.C:
		t.logger.Info("fetching PostgreSQL", "fetched", t.amount())
	default:
	}
	if err != nil && !errors.Is(err, io.EOF) {
		if cause := t.cause(); cause != nil {
			err = cause
		}
	}
	return n, err
}

// Close implements io.Closer.
func (t *transfer) Close() error {
	t.ticker.Stop()
	return errors.Join(t.body.Close(), t.end())
}

func (t *transfer) end() error {
	t.watch.Stop()
	t.cancel(nil)
	return nil
}

// unpackArchive unpacks the tar.xz within the archive.
func unpackArchive(archive, folder string) error {
	files, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer files.Close()
	for _, file := range files.File {
		if !strings.HasSuffix(file.Name, ".txz") {
			continue
		}
		compressed, err := file.Open()
		if err != nil {
			return err
		}
		content, err := xz.NewReader(compressed, 0)
		if err == nil {
			err = unpackTar(tar.NewReader(content), folder)
		}
		return errors.Join(err, compressed.Close())
	}
	return errors.New("it holds no tar.xz")
}

// unpackTar unpacks files, folders and links; a name that leads out of the folder is an
// error.
func unpackTar(entries *tar.Reader, folder string) error {
	for {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if name := filepath.Clean(entry.Name); name != "." && !filepath.IsLocal(name) {
			return fmt.Errorf("it holds %q, which leads out of its folder", entry.Name)
		}
		target := filepath.Join(folder, entry.Name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		switch entry.Typeflag {
		case tar.TypeDir:
			err = os.MkdirAll(target, 0o755)
		case tar.TypeSymlink:
			err = os.Symlink(entry.Linkname, target)
		case tar.TypeReg:
			err = writeEntry(target, entry.FileInfo().Mode().Perm(), entries)
		}
		if err != nil {
			return err
		}
	}
}

func writeEntry(path string, mode fs.FileMode, content io.Reader) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode|0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Close())
}
