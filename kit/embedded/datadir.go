package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// dataDirFormat is the layout that this program reads and writes. It rises when a newer program would write what an
// older one can't read.
const dataDirFormat = 1

const (
	formatFileName = "format"
	lockFileName   = "lock"
)

// ErrDataDirInUse says that another process holds the data directory.
var ErrDataDirInUse = errors.New("the data directory is in use")

// DataDir is a data directory that this process holds until Close or its end, however it ends: the lock is the
// kernel's, so a killed process leaves none behind.
type DataDir struct {
	path string
	lock *os.File
}

// OpenDataDir opens the data directory at path, and creates it when it is not there. It refuses a directory that
// another process holds (the error wraps [ErrDataDirInUse] and names the directory and the holder), one that a newer
// program wrote, and one with foreign files in it.
func OpenDataDir(path string) (*DataDir, error) {
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
	lock, err := lockDir(path)
	if err != nil {
		return nil, err
	}
	d := &DataDir{path: path, lock: lock}
	if err := d.prepare(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Path returns the directory's absolute path.
func (d *DataDir) Path() string { return d.path }

// Postgres returns the folder of the embedded PostgreSQL.
func (d *DataDir) Postgres() string { return filepath.Join(d.path, "postgres") }

// Broker returns the folder of the embedded broker.
func (d *DataDir) Broker() string { return filepath.Join(d.path, "broker") }

// Inbox returns the folder of the built-in inbox.
func (d *DataDir) Inbox() string { return filepath.Join(d.path, "inbox") }

// Close gives the directory free. Whoever works in it must have ended.
func (d *DataDir) Close() error {
	if err := d.lock.Close(); err != nil {
		return fmt.Errorf("give the data directory %s free: %w", d.path, err)
	}
	return nil
}

func (d *DataDir) prepare() error {
	if err := d.stamp(); err != nil {
		return err
	}
	for _, folder := range []string{d.Postgres(), d.Broker(), d.Inbox()} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("create a folder of the data directory: %w", err)
		}
	}
	if err := d.letDatabaseUserPass(); err != nil {
		return err
	}
	return syncDir(d.path)
}

// letDatabaseUserPass grants search, and nothing else, on the directory when we are root: PostgreSQL refuses to run as
// root, and its own user must reach its folder. The folders below stay closed to everybody else.
func (d *DataDir) letDatabaseUserPass() error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(d.path)
	if err != nil {
		return fmt.Errorf("open the data directory to the database's user: %w", err)
	}
	if err := os.Chmod(d.path, info.Mode().Perm()|0o001); err != nil {
		return fmt.Errorf("open the data directory to the database's user: %w", err)
	}
	return nil
}

// stamp writes the format into a new directory, and refuses one whose format is newer than ours.
func (d *DataDir) stamp() error {
	file := filepath.Join(d.path, formatFileName)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return writeFileDurably(file, fmt.Appendf(nil, "shopmesh data format %d\n", dataDirFormat), 0o600)
	}
	if err != nil {
		return fmt.Errorf("read the data directory's format: %w", err)
	}
	var format int
	if _, err := fmt.Sscanf(string(text), "shopmesh data format %d", &format); err != nil {
		return fmt.Errorf("%s does not say a data format: is %s a data directory of shopmesh?", file, d.path)
	}
	if format != dataDirFormat {
		return fmt.Errorf("data directory %s has format %d, this program reads format %d: use the version of shopmesh that wrote it",
			d.path, format, dataDirFormat)
	}
	return nil
}

// refuseForeignFiles keeps a mistyped path from becoming a data directory amid somebody's files.
func refuseForeignFiles(path string) error {
	if _, err := os.Lstat(filepath.Join(path, formatFileName)); err == nil {
		return nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return fmt.Errorf("read the data directory: %w", err)
	}
	for _, entry := range entries {
		if entry.Name() == restoringName {
			return fmt.Errorf("a restore into %s was not finished: run it again with the same backup, or name another directory", path)
		}
		// A first start that was killed leaves its lock file and half-written stamps.
		if name := entry.Name(); name != lockFileName && !strings.HasPrefix(name, formatFileName+".") {
			return fmt.Errorf("%s holds other files (%s) and is no data directory of shopmesh: name an empty or a new directory", path, name)
		}
	}
	return nil
}

// lockDir takes a directory for this process; closing the file gives it free.
func lockDir(path string) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(path, lockFileName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock a directory: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer lock.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		return nil, fmt.Errorf("%w: another shopmesh%s holds %s; stop it, or name another directory with --data",
			ErrDataDirInUse, holder(lock), path)
	}
	// The pid is for people; the lock is what counts.
	if err := lock.Truncate(0); err != nil {
		return nil, errors.Join(fmt.Errorf("write the lock file: %w", err), lock.Close())
	}
	if _, err := lock.WriteAt(strconv.AppendInt(nil, int64(os.Getpid()), 10), 0); err != nil {
		return nil, errors.Join(fmt.Errorf("write the lock file: %w", err), lock.Close())
	}
	return lock, nil
}

// holder names the process in a lock file as " (pid 12)", or returns "" when the file doesn't say.
func holder(lock *os.File) string {
	text := make([]byte, 20)
	n, _ := lock.ReadAt(text, 0)
	if pid, err := strconv.Atoi(strings.TrimSpace(string(text[:n]))); err == nil {
		return fmt.Sprintf(" (pid %d)", pid)
	}
	return ""
}
