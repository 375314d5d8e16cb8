package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/shopmesh/shopmesh/e2e/internal/process"
)

// component is a program of the shop that is started again whenever it has ended.
type component struct {
	name string
	// start starts it and returns when it serves; it hands the process to began first.
	start func(began func(*process.Process)) error
	log   func(format string, args ...any)

	closing chan struct{}
	done    chan struct{}

	mu      sync.Mutex
	current *process.Process
	killed  bool          // we ended the current process ourselves
	delay   time.Duration // before the next start
	held    chan struct{} // closed when it may start again; nil for at once
	deaths  []string      // ends that were not ours, with the last words
}

func newComponent(name string, log func(format string, args ...any), start func(began func(*process.Process)) error) *component {
	c := &component{name: name, start: start, log: log, closing: make(chan struct{}), done: make(chan struct{})}
	go c.supervise()
	return c
}

// again is how soon a program that ended by itself is started again.
const again = 300 * time.Millisecond

func (c *component) supervise() {
	defer close(c.done)
	for {
		c.mu.Lock()
		c.current, c.killed, c.delay = nil, false, again
		c.mu.Unlock()
		err := c.start(func(current *process.Process) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.current, c.killed, c.delay = current, false, again
		})
		c.mu.Lock()
		current := c.current
		c.mu.Unlock()
		if current != nil {
			select {
			case <-current.Ended():
			case <-c.closing:
				current.Resume()
				current.Stop()
			}
		}
		c.mu.Lock()
		delay := c.delay
		if !c.killed && !c.isClosing() {
			end := "it could not be started"
			if current != nil {
				end = current.Log()
			}
			c.log("%s ended by itself (%v):\n%s", c.name, err, lastLines(end, 5))
			c.deaths = append(c.deaths, inShort(fmt.Sprintf("%s: %s", c.name, lastLines(end, 2))))
		}
		c.mu.Unlock()
		select {
		case <-c.closing:
			return
		case <-time.After(max(delay, 10*time.Millisecond)):
		}
		c.mu.Lock()
		held := c.held
		c.mu.Unlock()
		if held == nil {
			continue
		}
		select {
		case <-c.closing:
			return
		case <-held:
		}
	}
}

// longestDelay is the longest that a program stays dead that is not held.
const longestDelay = 5 * time.Second

// hold kills the process and keeps it dead until release is called.
func (c *component) hold() (release func()) {
	held := make(chan struct{})
	c.mu.Lock()
	c.held = held
	c.mu.Unlock()
	// One that is dead already may be about to start.
	for begin := time.Now(); !c.kill(0) && time.Since(begin) < longestDelay; {
		time.Sleep(20 * time.Millisecond)
	}
	return func() {
		c.mu.Lock()
		c.held = nil
		c.mu.Unlock()
		close(held)
	}
}

// ends are those that were not ours.
func (c *component) ends() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.deaths)
}

func lastLines(text string, n int) string {
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

func (c *component) isClosing() bool {
	select {
	case <-c.closing:
		return true
	default:
		return false
	}
}

// kill ends the process with SIGKILL, wherever it is, and has it started again
// after a delay. It reports false when it does not run.
func (c *component) kill(delay time.Duration) bool {
	c.mu.Lock()
	current := c.current
	if current == nil || ended(current) {
		c.mu.Unlock()
		return false
	}
	c.killed, c.delay = true, delay
	c.mu.Unlock()
	current.Kill()
	return true
}

// pause stops the process until resume, which never wakes another one.
func (c *component) pause() (resume func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	current := c.current
	if current == nil || ended(current) {
		return func() {}
	}
	current.Pause()
	return current.Resume
}

func ended(p *process.Process) bool {
	select {
	case <-p.Ended():
		return true
	default:
		return false
	}
}

// close stops the program for good.
func (c *component) close() {
	close(c.closing)
	<-c.done
}

// end kills the program for good.
func (c *component) end() {
	if c.closing == nil { // it never began
		return
	}
	c.mu.Lock()
	current := c.current
	c.mu.Unlock()
	close(c.closing)
	if current != nil {
		current.Kill()
	}
	<-c.done
}

// postmaster is the PostgreSQL server in one folder of dir.
type postmaster struct{ dir string }

// home is the server's data folder; all its processes work in it.
func (p postmaster) home() string {
	found, err := filepath.Glob(filepath.Join(p.dir, "*", "PG_VERSION"))
	if err != nil || len(found) != 1 {
		return ""
	}
	return filepath.Dir(found[0])
}

// owns reports whether a process is one of the server's: a number alone may be a
// stranger's by now.
func (p postmaster) owns(pid int) bool {
	home := p.home()
	where, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	return err == nil && home != "" && where == home
}

// pids returns the server's process and those of its children, the server first;
// none when it does not run.
func (p postmaster) pids() []int {
	text, err := os.ReadFile(filepath.Join(p.home(), "postmaster.pid"))
	if err != nil {
		return nil
	}
	pid, err := strconv.Atoi(strings.SplitN(string(text), "\n", 2)[0])
	if err != nil || pid <= 1 || !p.owns(pid) {
		return nil
	}
	return append([]int{pid}, childrenOf(pid)...)
}

// signal sends a signal to one of the server's processes; false when it is gone.
func (p postmaster) signal(pid int, s syscall.Signal) bool {
	return p.owns(pid) && syscall.Kill(pid, s) == nil
}

// isClients reports whether a process serves a client's connection.
func isClients(pid int) bool {
	title, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && strings.HasPrefix(string(title), "postgres: shopmesh_")
}

// childrenOf lists a process' children (proc(5)).
func childrenOf(parent int) []int {
	var children []int
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
	for _, file := range tasks {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for field := range strings.FieldsSeq(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil {
				children = append(children, pid)
			}
		}
	}
	return children
}
