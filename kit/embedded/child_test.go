package embedded

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary starts itself again as a child that a test can kill: the variable names the part that it plays.
const childVariable = "SHOPMESH_EMBEDDED_TEST_CHILD"

func TestMain(m *testing.M) {
	if part := os.Getenv(childVariable); part != "" {
		if err := playChild(part, os.Args[1], os.Args[2:]...); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// playChild holds the data directory, does its part and says each thing that it did on a line of its own, for ever.
func playChild(part, dir string, more ...string) error {
	if part == "restore" {
		return restoreAndWait(dir, more[0], more[1])
	}
	data, err := OpenDataDir(dir)
	if err != nil {
		return err
	}
	defer data.Close()
	ctx := context.Background()
	switch part {
	case "postgres":
		return writeRows(ctx, data)
	case "broker-consume-and-trim":
		return consumeAndTrim(ctx, data)
	case "broker-produce":
		return produceForEver(ctx, data)
	case "inbox":
		return sendForEver(data)
	default:
		return fmt.Errorf("no such part: %s", part)
	}
}

// child is a process that a test kills.
type child struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func startChild(t *testing.T, part, dir string, more ...string) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{dir}, more...)...)
	cmd.Env = append(os.Environ(), childVariable+"="+part)
	cmd.Stderr = os.Stderr
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: cmd, lines: bufio.NewScanner(output)}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return c
}

// read returns the child's next n lines.
func (c *child) read(t *testing.T, n int) []string {
	t.Helper()
	var lines []string
	for len(lines) < n && c.lines.Scan() {
		lines = append(lines, c.lines.Text())
	}
	if len(lines) < n {
		t.Fatalf("the child ended after %d of %d lines: %v", len(lines), n, c.cmd.Wait())
	}
	return lines
}

// kill ends the child by SIGKILL and returns the lines that it had written till then.
func (c *child) kill(t *testing.T) []string {
	t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for c.lines.Scan() {
		lines = append(lines, c.lines.Text())
	}
	_ = c.cmd.Wait() // it was killed: that is its error
	return lines
}

func testLogger(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimRight(string(p), "\n"))
	return len(p), nil
}

// eventually polls until the condition holds.
func eventually(t *testing.T, within time.Duration, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	for !holds() {
		if sleep(ctx, 5*time.Millisecond) != nil {
			t.Fatalf("not within %s: %s", within, what)
		}
	}
}

func openDataDir(t *testing.T, path string) *DataDir {
	t.Helper()
	data, err := OpenDataDir(path)
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

// passableDir is a temporary directory that the database's user can reach when we are root.
func passableDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}
