package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// process is one of the node.
type process struct {
	PID  int    `json:"pid"`
	Name string `json:"name"`
}

// inContainer returns the processes of a container: its id is a part of their control group's
// path, whichever way the runtime names it.
func inContainer(id string) ([]process, error) {
	return processes(func(dir string, _ []string) bool {
		groups, err := os.ReadFile(filepath.Join(dir, "cgroup"))
		return err == nil && strings.Contains(string(groups), id)
	})
}

// named returns the processes that run a program, by its file's name or, where one file holds
// several programs, by its first argument.
func named(name string) ([]process, error) {
	return processes(func(_ string, line []string) bool {
		return filepath.Base(line[0]) == name || len(line) > 1 && line[1] == name
	})
}

func processes(match func(dir string, line []string) bool) ([]process, error) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var found []process
	for _, dir := range dirs {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil || pid == os.Getpid() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil || len(text) == 0 {
			continue // it ended meanwhile, or is the kernel's own
		}
		line := strings.Split(string(text), "\x00")
		if match(dir, line) {
			found = append(found, process{PID: pid, Name: filepath.Base(line[0])})
		}
	}
	return found, nil
}
