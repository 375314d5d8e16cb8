// Command hand ends and pauses processes of a node for e2e/mesh: those of a container, by its
// id, and Kubernetes' own, by their name. It runs in a pod that sees all processes of its node,
// because the images of the services hold no shell and no kill.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "hand:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("usage: hand VERB [FLAGS]; VERB is wait, find or signal")
	}
	verb := args[0]
	var o options
	if err := o.parse(verb, args[1:]); err != nil {
		return err
	}
	switch verb {
	case "wait": // the pod's main process: the tests start the others beside it
		end := make(chan os.Signal, 1)
		signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
		<-end
		return nil
	case "find":
		found, err := o.find()
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(found)
	case "signal":
		return o.begin()
	case "act":
		return o.act()
	default:
		return fmt.Errorf("%q is no verb", verb)
	}
}

// options say which processes get what.
type options struct {
	containers, process, signal string
	pause                       time.Duration
	pids                        []string
}

func (o *options) parse(verb string, args []string) error {
	flags := flag.NewFlagSet(verb, flag.ContinueOnError)
	flags.StringVar(&o.containers, "containers", "", "ids of containers, separated by commas: all of their processes")
	flags.StringVar(&o.process, "process", "", "the name of a program, such as kubelet")
	flags.StringVar(&o.signal, "signal", "KILL", "KILL, TERM, or STOP with -pause")
	flags.DurationVar(&o.pause, "pause", 0, "after this time they go on")
	if err := flags.Parse(args); err != nil {
		return err
	}
	o.pids = flags.Args()
	return nil
}

// find returns the processes, of which there must be some for each container.
func (o *options) find() ([]process, error) {
	var all []process
	if o.process != "" {
		found, err := named(o.process)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	for id := range strings.FieldsFuncSeq(o.containers, func(r rune) bool { return r == ',' }) {
		found, err := inContainer(id)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("no process of the container %s is here", id)
		}
		all = append(all, found...)
	}
	if len(all) == 0 {
		return nil, errors.New("there is no such process")
	}
	return all, nil
}

// begin prints which processes there are, and leaves it to another process to signal them a
// moment later: the answer of this one comes through the kubelet, which may be what is hit.
func (o *options) begin() error {
	found, err := o.find()
	if err != nil {
		return err
	}
	args := []string{"act", "-signal", o.signal, "-pause", o.pause.String()}
	for _, p := range found {
		args = append(args, strconv.Itoa(p.PID))
	}
	self := exec.Command("/proc/self/exe", args...) //nolint:gosec,noctx // ourselves, to live on after this process
	self.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := self.Start(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}

// moment is how long a signal waits until the answer has reached whoever asked.
const moment = 500 * time.Millisecond

func (o *options) act() error {
	sent, ok := map[string]syscall.Signal{"KILL": syscall.SIGKILL, "TERM": syscall.SIGTERM, "STOP": syscall.SIGSTOP}[o.signal]
	if !ok || (sent == syscall.SIGSTOP) != (o.pause > 0) {
		return fmt.Errorf("the signal %q with a pause of %v is not known", o.signal, o.pause)
	}
	time.Sleep(moment)
	err := o.send(sent)
	if o.pause > 0 {
		time.Sleep(o.pause)
		err = errors.Join(err, o.send(syscall.SIGCONT))
	}
	return err
}

func (o *options) send(s syscall.Signal) error {
	var errs []error
	for _, text := range o.pids {
		pid, err := strconv.Atoi(text)
		if err != nil || pid < 2 {
			return fmt.Errorf("%q is no process", text)
		}
		// One may have ended meanwhile, with its parent.
		if err := syscall.Kill(pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
			errs = append(errs, fmt.Errorf("%v to %d: %w", s, pid, err))
		}
	}
	return errors.Join(errs...)
}
