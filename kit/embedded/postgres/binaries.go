package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// CacheVariable is the environment variable that names the folder for fetched programs.
const CacheVariable = "SHOPMESH_CACHE"

const (
	// Version is the PostgreSQL that is fetched and run.
	Version = "18.6.0"
	// Major is the version of its data's format.
	Major = "18"
)

// postgresBinaries returns the folder with bin/, lib/ and share/ of PostgreSQL. The first call
// on a machine fetches them (15 MB; the checksum is verified) into the cache; several processes
// may call it at once. When ctx ends, so does a fetch of this process.
func postgresBinaries(ctx context.Context, cache string, logger *slog.Logger) (string, error) {
	home := filepath.Join(cache, fmt.Sprintf("postgres-%s-%s-%s", Version, runtime.GOOS, runtime.GOARCH))
	if isComplete(home) {
		return home, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("create the cache for PostgreSQL: %w (name another folder in %s)", err, CacheVariable)
	}
	fetched := make(chan error, 1)
	go func() { fetched <- fetchPostgres(ctx, cache, home, newFetcher(logger)) }()
	select {
	case err := <-fetched:
		return home, err
	case <-ctx.Done():
		return "", fmt.Errorf("fetch PostgreSQL %s: %w", Version, context.Cause(ctx))
	}
}

// isComplete reports whether a cached folder is complete: it gets its name by one rename, so
// that its existence is enough.
func isComplete(home string) bool {
	_, err := os.Stat(filepath.Join(home, "bin", "postgres"))
	return err == nil
}

// fetchPostgres holds the cache's lock while it fetches, so that one of several processes does
// the work.
func fetchPostgres(ctx context.Context, cache, home string, source fetcher) error {
	lock, err := os.OpenFile(filepath.Join(cache, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("lock the cache for PostgreSQL: %w (name another folder in %s)", err, CacheVariable)
	}
	defer lock.Close()
	if err := flockWaiting(lock); err != nil {
		return fmt.Errorf("lock the cache %s: %w", cache, err)
	}
	if isComplete(home) {
		return nil
	}
	if err := removeStaging(cache); err != nil {
		return err
	}
	staging, err := os.MkdirTemp(cache, stagingPrefix)
	if err != nil {
		return fmt.Errorf("fetch PostgreSQL: %w", err)
	}
	defer os.RemoveAll(staging)

	begin := time.Now()
	source.logger.Info("fetching PostgreSQL, once on this machine", "version", Version, "cache", cache)
	unpacked, err := source.fetch(ctx, cache, staging)
	if err != nil {
		return err
	}
	if err := makeReadable(unpacked); err != nil {
		return err
	}
	if err := os.Rename(unpacked, home); err != nil {
		return fmt.Errorf("put PostgreSQL into the cache: %w", err)
	}
	source.logger.Info("PostgreSQL is fetched", "took_ms", time.Since(begin).Milliseconds())
	return nil
}

const stagingPrefix = "fetching-"

// removeStaging removes what a killed fetch left. The caller holds the cache's lock.
func removeStaging(cache string) error {
	left, err := filepath.Glob(filepath.Join(cache, stagingPrefix+"*"))
	if err != nil {
		return fmt.Errorf("look for broken fetches: %w", err)
	}
	for _, folder := range left {
		if err := os.RemoveAll(folder); err != nil {
			return fmt.Errorf("remove a broken fetch: %w", err)
		}
	}
	return nil
}

// makeReadable lets the database's user read and run the binaries whatever our umask is.
func makeReadable(root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		mode := info.Mode().Perm()
		return os.Chmod(path, mode|(mode&0o500)>>3|(mode&0o500)>>6)
	})
}

// flockWaiting takes an exclusive lock and waits for it as long as it takes.
func flockWaiting(file *os.File) error {
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// cacheFolders returns where the programs may be kept, best first: the folder that the caller
// names, the one that the environment names, this user's cache, the system's.
func cacheFolders(named string) []string {
	if named != "" {
		return []string{named}
	}
	if variable := os.Getenv(CacheVariable); variable != "" {
		return []string{variable}
	}
	var folders []string
	if user, err := os.UserCacheDir(); err == nil {
		folders = append(folders, filepath.Join(user, "shopmesh"))
	}
	if os.Geteuid() == 0 {
		// Root's home is closed to other users on most systems, and the database runs as one.
		folders = append(folders, "/var/cache/shopmesh")
	}
	return folders
}
