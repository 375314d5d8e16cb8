package datadir

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func open(t *testing.T, path string) *Dir {
	t.Helper()
	data, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := data.Close(); err != nil {
			t.Error(err)
		}
	})
	return data
}

// A second start on the same directory is refused in a sentence that names the directory and the holder.
func TestDataDirHasOneHolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "shop")
	first, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(dir)
	if !errors.Is(err, ErrInUse) {
		t.Fatalf("second open: %v, want ErrInUse", err)
	}
	for _, part := range []string{dir, "pid " + strconv.Itoa(os.Getpid())} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not name %q", err, part)
		}
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
}

// A program that is being started holds a copy of every open file until it runs, also of
// the lock. It must not keep the next holder out.
func TestAFolderIsFreeThoughAChildHasACopyOfItsLock(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	held, err := Lock(folder)
	if err != nil {
		t.Fatal(err)
	}
	duplicate, err := syscall.Dup(int(held.file.Fd())) // as a child has it
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(duplicate) }()
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Lock(folder)
	if err != nil {
		t.Fatalf("it is held still: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func TestDataDirRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		file, content, want string
	}{
		"somebody's files": {"thesis.txt", "dear reader", "holds other files (thesis.txt)"},
		"a newer format":   {formatFileName, "shopmesh data format 99\n", "has format 99"},
		"a foreign stamp":  {formatFileName, "wine list\n", "names no data format"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, test.file), []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Open(dir)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("open: %v, want %q", err, test.want)
			}
		})
	}
}

// A closed directory stays closed, except to root's database where that has no other way.
func TestDataDirStaysClosedToOthers(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "shop")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	data := open(t, dir)
	want := os.FileMode(0o700)
	if os.Geteuid() == 0 && runtime.GOOS != "linux" {
		want = 0o701
	}
	info, err := os.Stat(data.Path())
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != want {
		t.Errorf("%s has mode %04o, want %04o", dir, info.Mode().Perm(), want)
	}
	for _, folder := range []string{data.Broker(), data.Inbox()} {
		if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: mode %v (%v), want 0700", folder, info.Mode(), err)
		}
	}
}
