package passwords

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/kit/testkit"
)

// What this program does when it is started with one of these arguments alone, as the
// tests start it for a process that hashes, prints or fails. It runs no test then.
const (
	serves = "hash-passwords-for-tests"
	fails  = "fail-for-tests"
	prints = "print-for-tests"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 {
		switch os.Args[1] {
		case serves:
			if err := Serve(os.Stdin, os.Stdout); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		case prints:
			fmt.Println(strings.Repeat("ok ", answerBytes))
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(0)
		case fails:
			fmt.Fprintln(os.Stderr, "no hashes today", strings.Repeat(".", 4*maxLastWords))
			os.Exit(3)
		}
	}
	os.Exit(m.Run())
}

// cheapCosts are those of hashes that cost nearly nothing.
func cheapCosts() params { return params{memory: 8, time: 1, threads: 1} }

// newProcess returns a process that hashes, which ends with the test.
func newProcess(t *testing.T) *process {
	t.Helper()
	p := &process{command: []string{os.Args[0], serves}, longest: testkit.Patience}
	t.Cleanup(func() { _ = p.end() })
	return p
}

// hashed has the process make a hash, and returns its id.
func hashed(t *testing.T, p *process) (pid int) {
	t.Helper()
	if _, err := p.hash(t.Context(), "x", cheapCosts(), newSalt()); err != nil {
		t.Fatal(err)
	}
	return p.running.cmd.Process.Pid
}

// gone reports that there is no process with an id.
func gone(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

// Both make the same hashes, so that a password that was hashed here is known there.
func TestAProcessHashesAlike(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	for _, costs := range []params{current(), {memory: 64, time: 3, threads: 1}} {
		for _, password := range []string{"correct horse battery", "", strings.Repeat("ü", maxPassword/2)} {
			salt := newSalt()
			want := derive([]byte(password), costs, salt)
			got, err := p.hash(t.Context(), password, costs, salt)
			if err != nil || !bytes.Equal(got.hash, want) {
				t.Errorf("%+v: %x, %v, want %x", costs, got.hash, err, want)
			}
			if costs == current() && got.worked <= 0 {
				t.Error("the hash took no time of the processor")
			}
		}
	}
}

// A password that is longer than any that may be set is refused, and is not cut.
func TestAPasswordThatIsTooLongIsNotCut(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	before := hashed(t, p)
	for _, more := range []int{1, 1<<16 - maxPassword + 1} {
		if made, err := p.hash(t.Context(), strings.Repeat("x", maxPassword+more), cheapCosts(), newSalt()); err == nil {
			t.Errorf("a password that is %d bytes too long has the hash %x", more, made.hash)
		}
	}
	if _, err := p.hash(t.Context(), "x", cheapCosts(), make([]byte, maxSalt+1)); err == nil {
		t.Error("a salt that is too long is taken")
	}
	if hashed(t, p) != before {
		t.Error("the process ended")
	}
}

// A process that was killed costs a sign-in nothing but time; signals that are meant for the
// shop don't end it.
func TestAnotherProcessTakesOver(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	first := hashed(t, p)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if err := syscall.Kill(first, signal); err != nil {
			t.Fatal(err)
		}
		if hashed(t, p) != first {
			t.Errorf("%v ended the process", signal)
		}
	}
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if hashed(t, p) == first || !gone(first) {
		t.Error("the process that was killed is there still")
	}
}

// Without a process there is no hash, and the error states why.
func TestAProcessThatFailsIsAnError(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ program, argument, why string }{
		{"/there/is/no/such/program", serves, "no such file"},
		{os.Args[0], fails, "it ended with exit status 3 no hashes today"},
		{os.Args[0], prints, "what is no hash"},
	} {
		h := NewHasher([]string{row.program, row.argument}, testkit.Log(t))
		run(t, h)
		_, err := h.Hash(t.Context(), "here", "x")
		if !errors.Is(err, ErrProcess) || !strings.Contains(err.Error(), row.why) {
			t.Errorf("%s: %v, want %s", row.program, err, row.why)
		}
		if err != nil && len(err.Error()) > 2*maxLastWords {
			t.Errorf("%s: the error has %d bytes", row.program, len(err.Error()))
		}
		if err := h.Condition(t.Context()); err == nil || !strings.Contains(err.Error(), row.why) {
			t.Errorf("%s: the condition is %v", row.program, err)
		}
	}
}

// The process ends by itself when nobody is there any more to send it requests.
func TestTheProcessEndsWithItsInput(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	hashed(t, p)
	r := p.running
	p.running = nil
	if err := r.requests.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Wait(); err != nil {
		t.Errorf("it ended with %v, printing %q", err, r.lastWords.kept)
	}
}

// The process ends when nobody has signed in for a while, and with the hasher.
func TestTheProcessEndsWithTheHasher(t *testing.T) {
	t.Parallel()
	h := NewHasher([]string{os.Args[0], serves}, testkit.Log(t))
	h.process.longest, h.rest = testkit.Patience, noRest
	begin := func() (pid int, stop func()) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); _ = h.Run(ctx) }()
		place, err := h.Enter("here")
		if err != nil {
			t.Fatal(err)
		}
		err = place.wait(t.Context(), func(ctx context.Context) (time.Duration, error) {
			derived, err := h.derive(ctx, "wrong", cheapCosts(), newSalt())
			if err == nil {
				pid = h.process.running.cmd.Process.Pid
			}
			return derived.worked, err
		})
		if err != nil {
			t.Fatal(err)
		}
		return pid, func() { cancel(); <-ended }
	}
	pid, stop := begin()
	stop()
	if !gone(pid) {
		t.Error("the process outlives its hasher")
	}
	h.idleLife = time.Millisecond
	pid, stop = begin()
	defer stop()
	testkit.Eventually(t, "the idle process has ended", func() bool { return gone(pid) })
}
