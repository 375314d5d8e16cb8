package datadir

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"syscall"

	"github.com/shopmesh/shopmesh/kit/condition"
)

// scarceBytes is the free space below which the disk counts as nearly full: PostgreSQL
// stops when it can't write its log, 16 MiB at a time, and an order takes some 15 kB.
const scarceBytes = 512 << 20

// Disk watches the space that is left for a data directory, so that an operator makes
// room before the database stops.
type Disk struct {
	path      string
	condition *condition.Condition
}

// NewDisk watches the filesystem that holds path.
func NewDisk(path string, log *slog.Logger) *Disk {
	return &Disk{path: path, condition: condition.New(log, "the data directory's disk is nearly full; make room: what needs it goes on by itself")}
}

// Condition returns how little space is left, and nil when it is enough. It queries the
// filesystem each time.
func (d *Disk) Condition(ctx context.Context) error {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(d.path, &stat); err != nil {
		return nil //nolint:nilerr // whatever uses the directory reports that
	}
	size := int64(stat.Bsize) //nolint:unconvert // of 32 bits on macOS
	free := int64(stat.Bavail) * size
	// On a small filesystem a tenth is enough.
	if free >= min(scarceBytes, int64(stat.Blocks)*size/10) {
		d.condition.Over(ctx)
		return nil
	}
	d.condition.Note(ctx, fmt.Errorf("%d MiB are left for %s", free>>20, d.path))
	return d.condition.Err(0)
}

// IsFull reports whether an error came of a full disk or an exhausted quota.
func IsFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// ExplainFull puts before an error of a full disk what to do; others it returns as
// they are.
func ExplainFull(err error) error {
	if !IsFull(err) {
		return err
	}
	return fmt.Errorf("the disk is full: make room, and it goes on by itself: %w", err)
}
