package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/shopmesh/shopmesh/kit/testkit"
)

// Somebody at a terminal reads lines, and at their end what to open and to type next;
// nothing comes after that.
func TestUpOnATerminal(t *testing.T) {
	t.Parallel()
	data := filepath.Join(tempDir(t), "data")
	terminal, name := openTerminal(t)
	command := exec.Command(os.Args[0], "up", "--data", data, "--listen", "127.0.0.1:0", "--internal-listen", "127.0.0.1:0")
	command.Env = append(os.Environ(), childVariable+"=1")
	slave, err := os.OpenFile(name, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	command.Stdout, command.Stderr = slave, slave
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	_ = slave.Close()
	t.Cleanup(func() {
		if command.ProcessState == nil {
			_ = command.Process.Kill()
			_ = command.Wait()
		}
	})
	shown := &lines{first: make(chan struct{})}
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := terminal.Read(buffer)
			_, _ = shown.Write(bytes.ReplaceAll(buffer[:n], []byte("\r"), nil))
			if err != nil {
				return
			}
		}
	}()
	testkit.Eventually(t, "the shop is open", func() bool { return strings.Contains(shown.String(), "shopmesh audit --data "+data+"\n\n") })
	text := shown.String()
	log, ready, _ := strings.Cut(text, "\nThe shop is open.")
	for line := range strings.Lines(log) {
		if !regexp.MustCompile(`^\d\d:\d\d:\d\d  \S`).MatchString(line) {
			t.Errorf("no line for people: %q", line)
		}
	}
	link, err := os.ReadFile(filepath.Join(data, "owner-link"))
	_, token, _ := strings.Cut(strings.TrimSpace(string(link)), "#")
	if err != nil || !strings.HasPrefix(token, "sm_ln_") || strings.Contains(log, token) {
		t.Errorf("the first owner's link is %q, %v", link, err)
	}
	for _, want := range []string{"The shop has no owner yet", `/v1/staff:acceptInvite -d '{"token": "` + token + `", `, "API for clients", "/inbox#", "kept in              " + data, "curl 'http://127.0.0.1:", "shopmesh audit --data " + data + "\n\n"} {
		if !strings.Contains(ready, want) {
			t.Errorf("%q is missing: %s", want, ready)
		}
	}
	typed := regexp.MustCompile(`(?m)^  (curl .*acceptInvite.*)$`).FindStringSubmatch(ready)
	if typed == nil {
		t.Fatalf("nothing to type makes an owner: %s", ready)
	}
	line := strings.NewReplacer("ADDRESS", "grace@example.com", "PASSWORD", ownerPassword, "NAME", "Grace").Replace(typed[1])
	if out, err := exec.Command("sh", "-c", line).Output(); err != nil || !strings.Contains(string(out), `"accessToken"`) {
		t.Errorf("%s\nanswered %s, %v", line, out, err)
	}
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// openTerminal returns the side of a pseudoterminal that a person would look at, and
// the name of the other.
func openTerminal(t *testing.T) (*os.File, string) {
	t.Helper()
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	if err := unix.IoctlSetPointerInt(int(terminal.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	return terminal, fmt.Sprintf("/dev/pts/%d", n)
}
