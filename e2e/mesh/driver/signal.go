package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// signals are those that the tests send, by name.
var signals = map[string]syscall.Signal{"KILL": syscall.SIGKILL, "STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT} //nolint:gochecknoglobals // a constant

// signalContainer sends a signal to each process of a container of this node, and returns how
// many there were. It needs the node's process ids and the right to signal them: the pod "hand".
func signalContainer(_ context.Context, args []string) (any, error) {
	var container, name string
	if err := parse("signal", args, func(f *flag.FlagSet) {
		f.StringVar(&container, "container", "", "the container's id")
		f.StringVar(&name, "signal", "KILL", "KILL, STOP or CONT")
	}); err != nil {
		return nil, err
	}
	signal, known := signals[name]
	if !known || len(container) < 12 {
		return nil, fmt.Errorf("signal %q of container %q", name, container)
	}
	groups, err := filepath.Glob("/proc/[0-9]*/cgroup")
	if err != nil {
		return nil, err
	}
	reached := 0
	for _, group := range groups {
		// A process may have ended since.
		if text, err := os.ReadFile(group); err != nil || !strings.Contains(string(text), container) { //nolint:gosec // a file of the kernel's
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(group)))
		if err != nil {
			return nil, err
		}
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return nil, fmt.Errorf("process %d: %w", pid, err)
		}
		reached++
	}
	if reached == 0 {
		return nil, fmt.Errorf("no process belongs to the container %s", container)
	}
	return reached, nil
}
