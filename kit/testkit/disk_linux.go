package testkit

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// Disk is a small filesystem of its own, which a test can fill.
type Disk struct {
	// Path is where it is mounted. Everyone may pass and write there.
	Path string
	tb   testing.TB
}

// NewDisk mounts a filesystem of this size; that needs the rights of root.
func NewDisk(tb testing.TB, megabytes int) *Disk {
	tb.Helper()
	path, err := os.MkdirTemp("", "shopmesh-disk-") //nolint:usetesting // its parents let the database's user pass
	if err != nil {
		tb.Fatal(err)
	}
	if err := os.Chmod(path, 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", path, "tmpfs", 0, "mode=0755,size="+strconv.Itoa(megabytes)+"m"); err != nil {
		_ = os.Remove(path)
		tb.Fatalf("mount a small filesystem at %s: %v: run this test as root, where mounting is allowed", path, err)
	}
	tb.Cleanup(func() {
		// Lazily: a process that is still ending keeps nobody from going on.
		if err := errors.Join(syscall.Unmount(path, syscall.MNT_DETACH), os.Remove(path)); err != nil {
			tb.Errorf("unmount the small filesystem: %v", err)
		}
	})
	return &Disk{Path: path, tb: tb}
}

// Fill takes all the space that is left.
func (d *Disk) Fill() {
	d.tb.Helper()
	file, err := os.OpenFile(d.filler(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		d.tb.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for block := make([]byte, 1<<20); ; {
		_, err := file.Write(block)
		switch {
		case err == nil:
		case errors.Is(err, syscall.ENOSPC) && len(block) > 1:
			block = block[:len(block)/2]
		case errors.Is(err, syscall.ENOSPC), errors.Is(err, io.ErrShortWrite):
			return
		default:
			d.tb.Fatal(err)
		}
	}
}

// Free gives the space back that Fill took.
func (d *Disk) Free() {
	d.tb.Helper()
	if err := os.Remove(d.filler()); err != nil {
		d.tb.Fatal(err)
	}
}

func (d *Disk) filler() string { return filepath.Join(d.Path, "filler") }
