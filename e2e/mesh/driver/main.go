// Command driver makes the calls of e2e/mesh from inside a cluster: as a client outside the
// mesh, and as an operator in it. The tests run it in pods and read the JSON that it prints.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// verbs are what it does, by the first argument.
var verbs = map[string]func(ctx context.Context, args []string) (any, error){ //nolint:gochecknoglobals // a constant
	"orders":  placeOrders,
	"calls":   callAll,
	"request": request,
	"connect": tryConnections,
	"echo":    echo,
	"idle":    idle,
	"load":    load,
	"groups":  groups,
	"mails":   readMails,
	"pipe":    pipe,
	"probe":   probe,
	"provide": provide,
	"sell":    sell,
	"verify":  verify,
	"watch":   watch,
	"wait": func(ctx context.Context, _ []string) (any, error) {
		<-ctx.Done() // the pod's main process: the tests start the others beside it
		return nil, nil
	},
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "driver:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if len(args) == 0 || verbs[args[0]] == nil {
		return fmt.Errorf("usage: driver VERB [FLAGS]; got %q", args)
	}
	result, err := verbs[args[0]](ctx, args[1:])
	if err != nil || result == nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

// lasting is how long a verb goes on: for a time, and less where its standard input ends before, if that was asked for.
type lasting struct {
	time  time.Duration
	input bool
}

func (l *lasting) flags(f *flag.FlagSet, by time.Duration, usage string) {
	f.DurationVar(&l.time, "for", by, usage)
	f.BoolVar(&l.input, "until-input-ends", false, "no longer than the standard input lasts")
}

// over begins the time, and returns what is closed at its end.
func (l *lasting) over() <-chan struct{} {
	over := make(chan struct{})
	ended := make(chan struct{})
	if l.input {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			close(ended)
		}()
	}
	go func() {
		defer close(over)
		select {
		case <-time.After(l.time):
		case <-ended:
		}
	}()
	return over
}

// parse reads a verb's flags.
func parse(verb string, args []string, define func(*flag.FlagSet)) error {
	flags := flag.NewFlagSet(verb, flag.ContinueOnError)
	define(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%s takes flags alone, and got %q", verb, flags.Args())
	}
	return nil
}
