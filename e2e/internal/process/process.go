// Package process builds the project's programs and runs them as children, the way
// a test needs them: to be killed, paused, stopped and started again.
package process

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// stopBound is how long a program may take to end after SIGTERM.
const stopBound = 40 * time.Second

// Build builds a command of the project, named by its path inside the repository,
// into dir, unless it is there already, and returns its path. Builds with other tags
// are other programs.
func Build(dir, command string, tags ...string) (string, error) {
	path := filepath.Join(dir, strings.Join(append([]string{filepath.Base(command)}, tags...), "-"))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	args := []string{"build", "-o", path}
	if len(tags) > 0 {
		args = append(args, "-tags", strings.Join(append([]string{"grpcnotrace"}, tags...), ",")) // as the Makefile
	}
	build := exec.Command("go", append(args, "github.com/shopmesh/shopmesh/"+command)...)
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", command, err, out)
	}
	return path, nil
}

// Command is what to start.
type Command struct {
	Path string
	Args []string
	// Env comes on top of our own environment.
	Env []string
	// Stdout gets the program's output; nil drops it.
	Stdout io.Writer
	// Log gets what the program logs, besides the end that the Process keeps; nil
	// drops it.
	Log io.Writer
	// OwnGroup keeps Ctrl-C at our terminal from the program: its caller stops it.
	OwnGroup bool
	// Limited leaves the limits of the edge as they are; [StartShop] ends them otherwise.
	Limited bool
	// Started, when set, is called with the process at once: [StartShop] returns later.
	Started func(*Process)
}

// Process is a child that runs, or ran.
type Process struct {
	cmd   *exec.Cmd
	ended chan struct{}
	log   *tail
}

// Start starts a program.
func Start(c Command) (*Process, error) {
	p := &Process{cmd: exec.Command(c.Path, c.Args...), ended: make(chan struct{}), log: &tail{}}
	p.cmd.Env = append(os.Environ(), c.Env...)
	p.cmd.Stdout, p.cmd.Stderr = c.Stdout, p.log
	if c.Log != nil {
		p.cmd.Stderr = io.MultiWriter(p.log, c.Log)
	}
	if c.OwnGroup {
		p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	if c.Started != nil {
		c.Started(p)
	}
	return p, nil
}

// Pid is the process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Ended is closed when the process has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Killed reports that the process ended by SIGKILL; it waits for the end.
func (p *Process) Killed() bool {
	<-p.ended
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// Log returns the last 200 lines that the program logged.
func (p *Process) Log() string { return p.log.String() }

// Stop sends SIGTERM, waits for the end, and returns the exit code. A process that does
// not end within 40 s is killed.
func (p *Process) Stop() int {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(stopBound):
		p.Kill()
	}
	return p.cmd.ProcessState.ExitCode()
}

// Kill ends the process at once, as a power cut would, and waits for its end.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// Pause stops the process where it is (SIGSTOP); its connections stay open.
func (p *Process) Pause() { _ = p.cmd.Process.Signal(syscall.SIGSTOP) }

// Resume lets a paused process go on (SIGCONT).
func (p *Process) Resume() { _ = p.cmd.Process.Signal(syscall.SIGCONT) }

// Ready is the line that `shopmesh up --json` prints when it serves.
type Ready struct {
	API            string `json:"api"`
	Internal       string `json:"internal"`
	Data           string `json:"data"`
	OperatorSocket string `json:"operator_socket"`
	// Demo are the people of a shop that was started with --demo.
	Demo Demo `json:"demo"`
	// Token is an access token of the owner.
	Token string `json:"-"`
}

// Demo is what the demo's people sign in with.
type Demo struct {
	Owner, Staff, Customer Login
}

// Login is an address and its password.
type Login struct {
	Email, Password string
}

// StartShop starts `shopmesh up --json` with the command's further arguments, and
// returns when it serves.
func StartShop(c Command) (*Process, Ready, error) {
	args, fixed := c.Args, c.Limited
	if !fixed {
		var err error
		if args, fixed, err = unlimitedFile(args); err != nil {
			return nil, Ready{}, err
		}
	}
	read, write := io.Pipe()
	c.Args = append([]string{"up", "--json", "--listen", "127.0.0.1:0", "--internal-listen", "127.0.0.1:0"}, args...)
	c.Stdout = write
	p, err := Start(c)
	if err != nil {
		return nil, Ready{}, err
	}
	go func() {
		<-p.ended
		_ = write.Close()
	}()
	line, err := bufio.NewReader(read).ReadBytes('\n')
	if err != nil {
		p.Kill()
		return nil, Ready{}, fmt.Errorf("shopmesh up ended before it served: %w\n%s", err, p.Log())
	}
	go func() { _, _ = io.Copy(io.Discard, read) }()
	var printed struct{ Ready Ready }
	if err := json.Unmarshal(line, &printed); err != nil || printed.Ready.API == "" || printed.Ready.Internal == "" {
		p.Kill()
		return nil, Ready{}, errors.Join(fmt.Errorf("shopmesh up printed %q", line), err)
	}
	printed.Ready.Token, err = Token(c.Path, printed.Ready.OperatorSocket, "owner")
	if err == nil && !fixed {
		err = unlimit(printed.Ready)
	}
	if err != nil {
		p.Kill()
		return nil, Ready{}, err
	}
	return p, printed.Ready, nil
}

// tail keeps the end of what a process logged.
type tail struct {
	mu    sync.Mutex
	lines []string
}

func (l *tail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, strings.Split(strings.TrimRight(string(p), "\n"), "\n")...)
	if n := len(l.lines); n > 200 {
		l.lines = l.lines[n-200:]
	}
	return len(p), nil
}

func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}
