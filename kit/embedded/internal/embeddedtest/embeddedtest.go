// Package embeddedtest holds what the tests of kit/embedded's packages share: processes
// that a test kills, a log, and folders that PostgreSQL's user can reach. kit/testkit
// can't serve them, because it imports PostgreSQL's package itself.
package embeddedtest

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/kit/embedded/datadir"
)

// partVariable names the part that a test binary plays as the process of a test.
const partVariable = "SHOPMESH_EMBEDDED_TEST_PART"

// Part is what a process does on a data directory until it is killed. It prints each
// effect on a line of its own.
type Part func(ctx context.Context, dir string) error

// Main is a package's TestMain: it runs the tests, or, in a process that Start
// started, a part.
func Main(m *testing.M, parts map[string]Part) {
	name := os.Getenv(partVariable)
	if name == "" {
		os.Exit(m.Run())
	}
	if err := parts[name](context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Process is the test binary in a process of its own, which a test kills.
type Process struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

// Start plays a part on the data directory at dir. args are os.Args[2:] there.
func Start(tb testing.TB, part, dir string, args ...string) *Process {
	tb.Helper()
	cmd := exec.Command(os.Args[0], append([]string{dir}, args...)...)
	cmd.Env = append(os.Environ(), partVariable+"="+part)
	cmd.Stderr = os.Stderr
	output, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = cmd.Process.Kill() })
	return &Process{cmd: cmd, lines: bufio.NewScanner(output)}
}

// Read returns the next n lines that the process prints.
func (p *Process) Read(tb testing.TB, n int) []string {
	tb.Helper()
	var lines []string
	for len(lines) < n && p.lines.Scan() {
		lines = append(lines, p.lines.Text())
	}
	if len(lines) < n {
		tb.Fatalf("the process ended after %d of %d lines: %v", len(lines), n, p.cmd.Wait())
	}
	return lines
}

// Kill ends the process by SIGKILL and returns the lines that it had printed till then.
func (p *Process) Kill(tb testing.TB) []string {
	tb.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		tb.Fatal(err)
	}
	var lines []string
	for p.lines.Scan() {
		lines = append(lines, p.lines.Text())
	}
	_ = p.cmd.Wait() // it was killed: that is its error
	return lines
}

// Log writes to the test's output.
func Log(tb testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(writer{tb}, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

type writer struct{ tb testing.TB }

func (w writer) Write(p []byte) (int, error) {
	w.tb.Log(strings.TrimRight(string(p), "\n"))
	return len(p), nil
}

// patience is how long a test waits for what must come, as kit/testkit's does.
const patience = 3 * time.Minute

// Eventually polls until cond holds, and fails the test after patience; what completes the
// sentence "waited in vain until".
func Eventually(tb testing.TB, what string, cond func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(patience); !cond(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			tb.Fatalf("waited in vain until %s (%v)", what, patience)
		}
	}
}

// OpenDataDir opens a data directory until the test ends.
func OpenDataDir(tb testing.TB, path string) *datadir.Dir {
	tb.Helper()
	data, err := datadir.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := data.Close(); err != nil {
			tb.Error(err)
		}
	})
	return data
}

// PassableDir is a temporary directory that PostgreSQL's user can reach when we are root; on
// Linux it needs no way there, and the directory is as closed as any.
func PassableDir(tb testing.TB) string {
	tb.Helper()
	dir := tb.TempDir()
	if runtime.GOOS == "linux" {
		return dir
	}
	if err := os.Chmod(filepath.Dir(dir), 0o711); err != nil {
		tb.Fatal(err)
	}
	return dir
}
