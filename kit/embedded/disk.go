package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"syscall"
	"time"

	"github.com/shopmesh/shopmesh/kit/condition"
)

// scarceBytes is how little may be left on the data directory's filesystem before that is told: PostgreSQL ends when
// it can't write its log, 16 MiB at a time, and a shop that sells writes some 15 kB an order.
const scarceBytes = 512 << 20

// Disk watches the space that is left for a data directory, so that somebody makes room before the database stops.
type Disk struct {
	path      string
	condition *condition.Condition
}

// NewDisk watches the filesystem that holds path.
func NewDisk(path string, log *slog.Logger) *Disk {
	return &Disk{path: path, condition: condition.New(log, "the data directory's disk is nearly full; make room: what needs it goes on by itself")}
}

// Condition says that little space is left; nil when there is enough. It asks the filesystem each time.
func (d *Disk) Condition(ctx context.Context) error {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(d.path, &stat); err != nil {
		return nil //nolint:nilerr // who can't use the directory says so
	}
	size := int64(stat.Bsize) //nolint:unconvert // of 32 bits on macOS
	free := int64(stat.Bavail) * size
	// A small filesystem is fine as long as a tenth of it is free.
	if free >= min(scarceBytes, int64(stat.Blocks)*size/10) {
		d.condition.Over(ctx)
		return nil
	}
	d.condition.Note(ctx, fmt.Errorf("%d MiB are left for %s", free>>20, d.path))
	return d.condition.Err(0)
}

// isFull says that an error came of a full disk or quota.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// explainDisk puts before an error of a full disk what to do.
func explainDisk(err error) error {
	if !isFull(err) {
		return err
	}
	return fmt.Errorf("the disk is full: make room, and it goes on by itself: %w", err)
}

// saysFull says that a program's output tells of a full disk.
func saysFull(output string) bool {
	return strings.Contains(output, syscall.ENOSPC.Error()) || strings.Contains(output, "No space left on device")
}

// downAfter is how long PostgreSQL may take to come back before that counts as condition.
const downAfter = 2 * time.Second
