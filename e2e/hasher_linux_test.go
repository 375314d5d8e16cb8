package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/shopmesh/shopmesh/e2e/internal/process"
)

// Passwords are hashed in a process of their own, which ends with the shop, however that ends.
func TestPasswordsAreHashedInAProcessOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := up(t)
	s.hashAPassword()
	hashers := hashersOf(s.process.Pid())
	if len(hashers) != 1 {
		t.Fatalf("%d processes hash passwords, want one", len(hashers))
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", hashers[0]))
	if err != nil || string(line) != "shopmesh\x00hash-passwords\x00" {
		t.Errorf("its command line is %q (%v)", line, err)
	}
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", hashers[0]))
	if err != nil || strings.Contains(string(environ), "SHOPMESH") {
		t.Errorf("its environment is %q (%v)", environ, err)
	}
	s.kill()
	eventually(t, func(context.Context) error {
		if state := read(fmt.Sprintf("/proc/%d", hashers[0])).state; state != "" && state != "Z" { // nobody may wait for it
			return errorf("the process outlives the shop that was killed: %s", state)
		}
		return nil
	})
}

// hashesApart fails the test when a program does not hash passwords in a process of its own.
func (s *shop) hashesApart(program *process.Process) {
	s.t.Helper()
	s.hashAPassword()
	if n := len(hashersOf(program.Pid())); n != 1 {
		s.t.Errorf("%d processes hash passwords, want one", n)
	}
}

// hashersOf returns the processes that hash passwords for another one.
func hashersOf(parent int) (pids []int) {
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		if p := read(dir); p.name == "hash-passwords" && p.parent == parent {
			pid, _ := strconv.Atoi(filepath.Base(dir))
			pids = append(pids, pid)
		}
	}
	return pids
}

// stat is what proc(5)'s stat has about a process; empty when it has ended.
type stat struct {
	name, state string
	parent      int
}

func read(dir string) (s stat) {
	text, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return s
	}
	_, rest, _ := strings.Cut(string(text), "(")
	s.name, rest, _ = strings.Cut(rest, ") ")
	if fields := strings.Fields(rest); len(fields) > 1 {
		s.state = fields[0]
		s.parent, _ = strconv.Atoi(fields[1])
	}
	return s
}
