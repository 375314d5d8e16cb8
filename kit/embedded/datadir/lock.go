package datadir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const lockFileName = "lock"

// ErrInUse reports that another process holds the directory.
var ErrInUse = errors.New("the data directory is in use")

// Held is a folder that this process has for itself.
type Held struct{ file *os.File }

// Close lets others take the folder, at once. To close the file would not do: a program
// that is being started holds a copy of it until it runs, and with it the lock.
func (h *Held) Close() error {
	return errors.Join(syscall.Flock(int(h.file.Fd()), syscall.LOCK_UN), h.file.Close())
}

// Lock takes a folder for this process until it is closed or the process ends, however
// it ends: the lock is the kernel's. When another process holds it, the error wraps
// [ErrInUse] and names the folder and that process.
func Lock(folder string) (*Held, error) {
	lock, err := os.OpenFile(filepath.Join(folder, lockFileName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock a directory: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer lock.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", folder, err)
		}
		return nil, fmt.Errorf("%w: another shopmesh%s holds %s; stop it, or name another directory with --data",
			ErrInUse, holder(lock), folder)
	}
	// The pid is for people; the kernel's lock is what counts.
	if err := lock.Truncate(0); err != nil {
		return nil, errors.Join(fmt.Errorf("write the lock file: %w", err), lock.Close())
	}
	if _, err := lock.WriteAt(strconv.AppendInt(nil, int64(os.Getpid()), 10), 0); err != nil {
		return nil, errors.Join(fmt.Errorf("write the lock file: %w", err), lock.Close())
	}
	return &Held{lock}, nil
}

// holder returns the process that a lock file names as " (pid 12)", or "" when it
// names none.
func holder(lock *os.File) string {
	text := make([]byte, 20)
	n, _ := lock.ReadAt(text, 0)
	if pid, err := strconv.Atoi(strings.TrimSpace(string(text[:n]))); err == nil {
		return fmt.Sprintf(" (pid %d)", pid)
	}
	return ""
}
