package passwords

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

const (
	// nicer is how much lower the priority of the process that hashes is than the shop's: it
	// gets a tenth of the time that a busy thread of the shop gets.
	nicer = 10
	// lowest is the lowest priority that there is.
	lowest = 19
	// longestHash bounds a hash, which takes some 30 ms on a machine that has time for it, and
	// seconds beside a crowd of busy threads.
	longestHash = 30 * time.Second
	// idleLife is how long the process is kept while nobody signs in.
	idleLife = time.Minute
	// maxPassword and maxSalt bound what the process reads: a password is 256 characters of up
	// to four bytes.
	maxPassword = 1024
	maxSalt     = 255
	// maxLastWords bounds what is kept of what the process printed before it ended.
	maxLastWords = 2048
)

// ErrProcess is returned when the process that hashes can't be started or does not answer.
var ErrProcess = errors.New("the process that hashes passwords does not work")

// process hashes in a process of its own, with a priority below the shop's: neither the
// garbage nor the processor time of hashes holds up other calls. It is started for the
// first hash, and again when it was ended from outside. It is not safe for concurrent use.
type process struct {
	// command is this program, with arguments that have it call Serve.
	command []string
	// longest is how long a hash may take before the process is taken for stuck.
	longest time.Duration

	running *running // nil while there is none
}

// running is a process that was started.
type running struct {
	cmd       *exec.Cmd
	requests  *os.File
	answers   *os.File
	lastWords lastWords
}

// lastWords keeps the beginning of what a process prints.
type lastWords struct{ kept []byte }

func (w *lastWords) Write(text []byte) (int, error) {
	w.kept = append(w.kept, text[:min(len(text), maxLastWords-len(w.kept))]...)
	return len(text), nil
}

// hash derives a hash. One that a running process does not answer is tried once more by
// another, unless ctx has ended.
func (p *process) hash(ctx context.Context, password string, costs params, salt []byte) (derived, error) {
	if len(password) > maxPassword || len(salt) > maxSalt {
		return derived{}, fmt.Errorf("a password of %d bytes with a salt of %d can't be hashed: %d and %d are the most", len(password), len(salt), maxPassword, maxSalt)
	}
	request := encodeRequest(password, costs, salt)
	defer clear(request)
	there := p.running != nil
	made, err := p.send(ctx, request)
	if err != nil && there && ctx.Err() == nil {
		made, err = p.send(ctx, request)
	}
	if err != nil {
		return derived{}, fmt.Errorf("%w: %w", ErrProcess, err)
	}
	return made, nil
}

// send has the process answer a request, and ends one that does not.
func (p *process) send(ctx context.Context, request []byte) (derived, error) {
	if err := p.start(); err != nil {
		return derived{}, err
	}
	answer := make([]byte, answerBytes)
	err := p.running.exchange(ctx, p.longest, request, answer)
	if err == nil && !bytes.HasPrefix(answer, answerBegins[:]) {
		err = errors.New("it answered what is no hash")
	}
	if err != nil {
		return derived{}, errors.Join(err, p.end())
	}
	answer = answer[len(answerBegins):]
	return derived{hash: answer[8:], worked: time.Duration(binary.BigEndian.Uint64(answer))}, nil //nolint:gosec // our own process wrote it
}

// exchange sends a request and reads the answer, until ctx ends and no longer than a time.
func (r *running) exchange(ctx context.Context, longest time.Duration, request, answer []byte) error {
	until := func(deadline time.Time) error {
		return errors.Join(r.requests.SetWriteDeadline(deadline), r.answers.SetReadDeadline(deadline))
	}
	if err := until(time.Now().Add(longest)); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = until(time.Now()) })()
	if _, err := r.requests.Write(request); err != nil {
		return err
	}
	_, err := io.ReadFull(r.answers, answer)
	return err
}

func (p *process) start() error {
	if p.running != nil {
		return nil
	}
	in, requests, err := os.Pipe()
	if err != nil {
		return err
	}
	answers, out, err := os.Pipe()
	if err != nil {
		return errors.Join(err, in.Close(), requests.Close())
	}
	r := &running{cmd: exec.Command(p.command[0], p.command[1:]...), requests: requests, answers: answers}
	r.cmd.Args[0] = filepath.Base(os.Args[0])
	r.cmd.Stdin, r.cmd.Stdout, r.cmd.Stderr = in, out, &r.lastWords
	r.cmd.Dir = "/"
	// None of the shop's secrets, and a collector that waits to be called.
	r.cmd.Env = []string{"GOMAXPROCS=1", "GOGC=off"}
	err = errors.Join(r.cmd.Start(), in.Close(), out.Close())
	if err != nil {
		if r.cmd.Process != nil {
			_ = r.cmd.Process.Kill()
			_ = r.cmd.Wait()
		}
		return errors.Join(err, requests.Close(), answers.Close())
	}
	p.running = r
	return nil
}

// end ends the process, and returns how it ended, as an error, for whoever has to find out
// why it did not answer.
func (p *process) end() error {
	r := p.running
	if r == nil {
		return nil
	}
	p.running = nil
	_ = r.cmd.Process.Kill() // one that ended before keeps its status
	_, _ = r.requests.Close(), r.answers.Close()
	_ = r.cmd.Wait()
	return fmt.Errorf("it ended with %s %s", r.cmd.ProcessState, bytes.TrimSpace(r.lastWords.kept))
}

// A request is the costs, the lengths of salt and password, and both of these. An answer is
// answerBegins, by which what a program prints by mistake is not taken for a hash, the
// processor time that the hash took in nanoseconds, and the hash.
const (
	requestHead = 4 + 4 + 1 + 1 + 2
	answerBytes = len(answerBegins) + 8 + hashBytes
)

var answerBegins = [4]byte{0xa2, 'i', 'd', 0x13} //nolint:gochecknoglobals // a constant

func encodeRequest(password string, costs params, salt []byte) []byte {
	b := make([]byte, 0, requestHead+len(salt)+len(password))
	b = binary.BigEndian.AppendUint32(b, costs.memory)
	b = binary.BigEndian.AppendUint32(b, costs.time)
	b = append(b, costs.threads, byte(len(salt)))               //nolint:gosec // hash bounds it
	b = binary.BigEndian.AppendUint16(b, uint16(len(password))) //nolint:gosec // hash bounds it
	return append(append(b, salt...), password...)
}

// Serve is the process that hashes: it answers requests until there are no more, as when
// the shop has ended, however that came about. Signals that are meant for the shop, such as
// Ctrl-C on a terminal, don't end it: the shop may have hashes to finish.
func Serve(requests io.Reader, answers io.Writer) error {
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	_ = os.WriteFile("/proc/self/comm", []byte("hash-passwords"), 0) // what top shows on Linux
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})    // no file holds a password
	lowerPriority()
	head, rest := make([]byte, requestHead), make([]byte, maxSalt+maxPassword)
	for {
		if _, err := io.ReadFull(requests, head); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read what to hash: %w", err)
		}
		costs := params{memory: binary.BigEndian.Uint32(head), time: binary.BigEndian.Uint32(head[4:]), threads: head[8]}
		salt := int(head[9])
		all := salt + int(binary.BigEndian.Uint16(head[10:]))
		if all > len(rest) {
			return fmt.Errorf("a request of %d bytes came, and %d are the most", all, len(rest))
		}
		if _, err := io.ReadFull(requests, rest[:all]); err != nil {
			return fmt.Errorf("read what to hash: %w", err)
		}
		before := processorTime()
		hash := derive(rest[salt:all], costs, rest[:salt])
		clear(rest)
		answer := binary.BigEndian.AppendUint64(answerBegins[:], uint64(max(0, processorTime()-before))) //nolint:gosec // not negative
		if _, err := answers.Write(append(answer, hash...)); err != nil {
			return fmt.Errorf("answer a hash: %w", err)
		}
		runtime.GC() // there is little but the garbage of the hash, so this is quick
	}
}

// processorTime is what this process has used so far.
func processorTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// lowerPriority is for the whole process. On Linux each thread has a priority of its own,
// and one that starts has that of the thread that starts it: the threads are gone through
// until there is none that was not lowered.
func lowerPriority() {
	own, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	if err != nil {
		return
	}
	if runtime.GOOS != "linux" {
		_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, min(own+nicer, lowest))
		return
	}
	nice := min(20-own+nicer, lowest) // Linux itself returns 20 less the nice value (getpriority(2), notes)
	lowered := map[int]bool{}
	for before := -1; len(lowered) > before; {
		before = len(lowered)
		threads, _ := filepath.Glob("/proc/self/task/[0-9]*")
		for _, thread := range threads {
			id, err := strconv.Atoi(filepath.Base(thread))
			if err == nil && !lowered[id] {
				lowered[id] = true
				_ = syscall.Setpriority(syscall.PRIO_PROCESS, id, nice)
			}
		}
	}
}
