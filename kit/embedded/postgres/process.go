package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is one run of the server program.
type process struct {
	cmd     *exec.Cmd
	parent  *parentWatch
	log     *serverLog
	output  *os.File      // our end of its standard error
	logDone chan struct{} // closed when the log is read to its end
	exited  chan struct{} // closed when the program has ended and exitErr is set
	exitErr error
}

const pollPause = 10 * time.Millisecond

// killsAtStart is how many servers may be killed while they start before that is an error.
const killsAtStart = 5

// launch waits until no earlier server runs, starts one and waits until it takes
// connections. Recovery may take long after a crash: only ctx and Close bound it. A server
// that is killed while it starts is started again.
func (p *Server) launch(ctx context.Context) (*process, error) {
	for kills := 0; ; {
		if err := p.awaitPredecessor(ctx); err != nil {
			return nil, err
		}
		if err := p.cluster.removeTornLocks(ctx); err != nil {
			return nil, err
		}
		s, err := p.cluster.startProcess(p.settings, &serverLog{logger: p.logger, limit: &p.limit})
		if err != nil {
			return nil, err
		}
		err = s.awaitReady(ctx, p.cluster.dataDir())
		if err == nil {
			return s, nil
		}
		s.stop(ctx.Done())
		killed := s.wasKilled()
		if killed {
			kills++
		}
		// The main process of an earlier server was killed and its workers have not ended yet:
		// they still hold the shared memory.
		occupied := strings.Contains(s.log.end(), "shared memory block")
		if ctx.Err() != nil || !killed && !occupied || kills == killsAtStart {
			return nil, explainStart(err, s.log.end())
		}
		if err := sleep(ctx, 10*pollPause); err != nil {
			return nil, err
		}
	}
}

// explainStart adds what the server printed, unless one sentence is enough.
func explainStart(err error, output string) error {
	if reportsFull(output) {
		return whyDown(err, output)
	}
	return fmt.Errorf("%w; its output:\n%s", err, output)
}

// startProcess starts the program from a goroutine that keeps its thread: on Linux the
// kernel signals the child when the thread that started it ends.
func (c cluster) startProcess(settings []string, log *serverLog) (*process, error) {
	output, input, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	var files handover
	defer files.close()
	data, dataErr := files.path(c.account, c.dataDir())
	sockets, socketsErr := files.path(c.account, c.socketDir)
	if err := errors.Join(dataErr, socketsErr); err != nil {
		return nil, errors.Join(err, input.Close(), output.Close())
	}
	args := append([]string{"-D", data, "-c", "unix_socket_directories=" + sockets}, settings...)
	cmd := c.account.command(c.dataDir(), c.program("postgres"), args...)
	files.to(cmd)
	cmd.Stdout, cmd.Stderr = input, input
	s := &process{cmd: cmd, log: log, output: output, logDone: make(chan struct{}), exited: make(chan struct{})}

	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine, after the server
		parent, err := startWatched(cmd)
		s.parent = parent
		started <- err
		if err == nil {
			s.exitErr = cmd.Wait()
			close(s.exited)
		}
	}()
	err = <-started
	input.Close()
	if err != nil {
		output.Close()
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	go func() {
		defer close(s.logDone)
		s.log.follow(output)
	}()
	return s, nil
}

// awaitReady polls the server's lock file, which holds its state: the eighth line,
// PM_STATUS in PostgreSQL's sources.
func (s *process) awaitReady(ctx context.Context, dataDir string) error {
	for {
		if file, err := readPidFile(dataDir); err == nil && file.pid == s.cmd.Process.Pid && file.status == "ready" {
			return nil
		}
		select {
		case <-s.exited:
			return fmt.Errorf("PostgreSQL ended while it started: %w", s.failure())
		case <-ctx.Done():
			return fmt.Errorf("wait for PostgreSQL to start: %w", context.Cause(ctx))
		case <-time.After(pollPause):
		}
	}
}

// failure returns how the program ended. Call it after exited is closed.
func (s *process) failure() error {
	if s.exitErr != nil {
		return s.exitErr
	}
	return errors.New("exit status 0")
}

// wasKilled reports whether the program, or its process that recovers, ended by SIGKILL: an
// operator sends that, or the kernel when memory is short. Call it after stop.
func (s *process) wasKilled() bool {
	var exit *exec.ExitError
	if !errors.As(s.exitErr, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL || strings.Contains(s.log.end(), "was terminated by signal 9")
}

// stop requests a fast shutdown, an immediate one when hurry is closed, and kills what
// does not follow within five seconds. It returns when the program has ended.
func (s *process) stop(hurry <-chan struct{}) {
	defer s.release()
	s.signal(syscall.SIGINT)
	select {
	case <-s.exited:
		return
	case <-hurry:
	}
	s.signal(syscall.SIGQUIT)
	select {
	case <-s.exited:
		return
	case <-time.After(5 * time.Second):
	}
	s.signal(syscall.SIGKILL)
	<-s.exited
}

func (s *process) signal(signal syscall.Signal) {
	// An error means that it has ended already, which is what the caller waits for.
	_ = s.cmd.Process.Signal(signal)
}

// release frees what belongs to a program that has ended. Worker processes that outlive it
// for a short time may still hold its output: what they write last is awaited for a second.
func (s *process) release() {
	s.parent.release()
	select {
	case <-s.logDone:
	case <-time.After(time.Second):
	}
	s.output.Close()
	<-s.logDone
}

// awaitPredecessor waits until the server of an earlier, killed process has ended. The
// kernel has signalled it to shut down; it is signalled again in case that came too early
// for it. It is never adopted: it is not our child, so it would outlive us.
func (p *Server) awaitPredecessor(ctx context.Context) error {
	const patience = 10 * time.Second
	begin, signalled := time.Now(), false
	for first := begin; ; {
		file, err := readPidFile(p.cluster.dataDir())
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		// One that was killed keeps its pid until its parent has waited for it, and a new server
		// refuses to start meanwhile. Where its parent never does, that refusal is a better
		// report than waiting here for ever.
		zombie := isZombieServer(file.pid) && time.Since(first) < patience
		if !zombie && !isServerOf(file.pid, p.cluster.dataDir()) {
			return nil
		}
		if !signalled {
			p.logger.Info("waiting for the PostgreSQL of an earlier run to shut down", "pid", file.pid)
		}
		switch waited := time.Since(begin); {
		case !signalled:
			signalled = true
			_ = syscall.Kill(file.pid, syscall.SIGINT)
		case waited > patience:
			begin = time.Now()
			_ = syscall.Kill(file.pid, syscall.SIGQUIT)
		}
		if err := sleep(ctx, pollPause); err != nil {
			return fmt.Errorf("wait for the PostgreSQL of an earlier run (pid %d) to shut down: %w", file.pid, err)
		}
	}
}

// removeTornLocks removes lock files that are empty because a server was killed between
// creating and writing them: PostgreSQL refuses to start while they exist. A server that is
// about to write its own has a second for it.
func (c cluster) removeTornLocks(ctx context.Context) error {
	for _, lock := range []string{filepath.Join(c.dataDir(), "postmaster.pid"), filepath.Join(c.socketDir, ".s.PGSQL."+socketPort+".lock")} {
		for begin := time.Now(); ; {
			info, err := os.Stat(lock)
			if err != nil || info.Size() > 0 { // what can't be read here, the server reports
				break
			}
			if time.Since(begin) > time.Second {
				if err := os.Remove(lock); err != nil {
					return fmt.Errorf("remove a lock that a killed PostgreSQL left: %w", err)
				}
				break
			}
			if err := sleep(ctx, pollPause); err != nil {
				return fmt.Errorf("wait for a lock of PostgreSQL to be written: %w", err)
			}
		}
	}
	return nil
}

// pidFile is the server's own lock file.
type pidFile struct {
	pid    int
	status string // starting, stopping or ready; empty while the file is written
}

func readPidFile(dataDir string) (pidFile, error) {
	text, err := os.ReadFile(filepath.Join(dataDir, "postmaster.pid"))
	if err != nil {
		return pidFile{}, fmt.Errorf("read the server's state: %w", err)
	}
	lines := strings.Split(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil {
		return pidFile{}, nil //nolint:nilerr // it was killed before it wrote its pid
	}
	const statusLine = 7
	if len(lines) <= statusLine {
		return pidFile{pid: pid}, nil
	}
	return pidFile{pid: pid, status: strings.TrimSpace(lines[statusLine])}, nil
}

// runBounded runs a program to its end or until the context ends, and returns what it printed.
func runBounded(ctx context.Context, cmd *exec.Cmd) (string, error) {
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		return "", err
	}
	ended := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer ended()
	err := cmd.Wait()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return output.String(), err
}
