package passwords

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/kit/testkit"
)

// status returns a line of what Linux knows of a process.
func status(t *testing.T, pid int, name string) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), name+":")
	return strings.Fields(rest)[0]
}

// Each hash takes 19 MiB, which are given back before the next one takes its own.
func TestHashesDoNotPileUp(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	for range 40 {
		if _, err := p.hash(t.Context(), "wrong", current(), newSalt()); err != nil {
			t.Fatal(err)
		}
	}
	kB, err := strconv.Atoi(status(t, p.running.cmd.Process.Pid, "RssAnon"))
	if err != nil {
		t.Fatal(err)
	}
	if kB > 36<<10 {
		t.Errorf("after 40 hashes the process holds %d MiB, want one block of 19 and the program", kB>>10)
	}
}

// Every thread of the process has a lower priority than ours; the process has none of our
// environment, and a name by which operators know it.
func TestTheProcessIsSetApart(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	pid := hashed(t, p)
	own, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := strconv.Itoa(min(20-own+nicer, lowest))
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil || len(threads) == 0 {
		t.Fatalf("%d threads, %v", len(threads), err)
	}
	for _, thread := range threads {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/stat", pid, thread.Name()))
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		if nice := strings.Fields(rest)[16]; nice != want { // proc(5): field 19
			t.Errorf("a thread has the nice value %s, want %s", nice, want)
		}
	}
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Split(strings.TrimRight(string(environ), "\x00"), "\x00"); !slices.Equal(got, []string{"GOMAXPROCS=1", "GOGC=off"}) {
		t.Errorf("its environment is %q", got)
	}
	if name := status(t, pid, "Name"); name != "hash-passwords" {
		t.Errorf("its name is %s", name)
	}
}

// stopped returns the process with its running process stopped, as by a debugger.
func stopped(t *testing.T) (p *process, pid int) {
	t.Helper()
	p = newProcess(t)
	pid = hashed(t, p)
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the process has stopped", func() bool { return status(t, pid, "State") == "T" })
	return p, pid
}

func TestAHangingProcessIsReplaced(t *testing.T) {
	t.Parallel()
	p, hanging := stopped(t)
	p.longest = time.Millisecond
	if _, err := p.send(t.Context(), encodeRequest("x", cheapCosts(), newSalt())); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the hanging process answered: %v", err)
	}
	if !gone(hanging) {
		t.Error("the hanging process is there still")
	}
	p.longest = testkit.Patience
	hashed(t, p)
}

// Who stops the hasher does not wait for a process that hangs, nor is another one started.
func TestAHangingProcessHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	p, hanging := stopped(t)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := p.hash(ctx, "x", cheapCosts(), newSalt()); !errors.Is(err, ErrProcess) {
		t.Errorf("the hanging process answered: %v", err)
	}
	if !gone(hanging) || p.running != nil {
		t.Error("a process is there still")
	}
}
