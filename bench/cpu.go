package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ticksPerSecond is the unit of /proc's CPU times (USER_HZ, 100 on every Linux).
const ticksPerSecond = 100

// usage is the CPU time that each part has used so far.
type usage struct{ postgres, shop, bench time.Duration }

// all is the CPU time of all parts, the load generator's too.
func (u usage) all() time.Duration { return u.postgres + u.shop + u.bench }

func (u usage) minus(o usage) usage {
	return usage{u.postgres - o.postgres, u.shop - o.shop, u.bench - o.bench}
}

// measure reads the CPU times: of the shop's process, of PostgreSQL's postmaster
// with all its children, ended ones included, and of ourselves.
func measure(shop, postmaster int) (usage, error) {
	var u usage
	own, _, err := cpuOf(shop)
	if err != nil {
		return u, err
	}
	u.shop = own
	self, ended, err := cpuOf(postmaster)
	if err != nil {
		return u, err
	}
	u.postgres = self + ended
	for _, child := range childrenOf(postmaster) {
		if own, _, err := cpuOf(child); err == nil {
			u.postgres += own
		}
	}
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return u, err
	}
	u.bench = time.Duration(r.Utime.Nano() + r.Stime.Nano())
	return u, nil
}

// cpuOf returns a process' own CPU time and that of its ended children (proc(5), stat).
func cpuOf(pid int) (own, ended time.Duration, err error) {
	fields, err := stat(pid)
	if err != nil {
		return 0, 0, err
	}
	ticks := func(from int) time.Duration {
		a, _ := strconv.Atoi(fields[from])
		b, _ := strconv.Atoi(fields[from+1])
		return time.Duration(a+b) * time.Second / ticksPerSecond
	}
	return ticks(11), ticks(13), nil
}

// stat returns the fields of /proc/PID/stat after the command's name: [0] is the state.
func stat(pid int) ([]string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, fmt.Errorf("CPU times are read from /proc, which this system lacks: %w", err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 15 {
		return nil, fmt.Errorf("/proc/%d/stat is not understood: %q", pid, text)
	}
	return fields, nil
}

func childrenOf(pid int) []int {
	var children []int
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		child, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if fields, err := stat(child); err == nil && fields[1] == strconv.Itoa(pid) {
			children = append(children, child)
		}
	}
	return children
}

// resident returns a process' resident memory and its peak, in MiB.
func resident(pid int) (now, peak float64) { return memoryOf(pid, "VmRSS"), memoryOf(pid, "VmHWM") }

// memoryOf reads a line of proc(5)'s status that is a size, in MiB; 0 when the process has ended.
func memoryOf(pid int, name string) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), name+":")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kB, _ := strconv.ParseFloat(fields[0], 64)
	return kB / 1024
}
