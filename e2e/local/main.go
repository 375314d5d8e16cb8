// Command local runs the services, each as a process of its own, against a
// PostgreSQL, Apache Kafka and a mail inbox that it starts for them, with the files of
// deploy/local. It prefixes each line of their logs with the service's name, and stops
// everything on Ctrl-C or when one of them ends. `make up-distributed` calls it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/shopmesh/shopmesh/e2e/internal/process"
	"github.com/shopmesh/shopmesh/services"
)

// options are the flags.
type options struct {
	kafka, data, files string
	demo               bool
	bound              time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.kafka, "kafka", os.Getenv("SHOPMESH_TEST_KAFKA_LIB"), "`folder` with Apache Kafka's jars")
	flag.StringVar(&o.data, "data", "", "`folder` that PostgreSQL, Kafka and the inbox keep their data in; empty for one that is removed at the end")
	flag.StringVar(&o.files, "files", "deploy/local", "`folder` with the environment and the SQL")
	flag.BoolVar(&o.demo, "demo", false, "fill the shop with the demo product line")
	flag.DurationVar(&o.bound, "for", 0, "how long to run once all are ready; 0 for until Ctrl-C")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "local:", err)
		os.Exit(1)
	}
}

func run(o options) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if o.data == "" {
		if o.data, err = os.MkdirTemp("", "shopmesh-local-"); err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(o.data) }()
	}
	programs, err := build(filepath.Join(o.data, "bin"))
	if err != nil {
		return err
	}
	resources, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer resources.close()
	return serve(ctx, o, programs, resources)
}

// build builds the services and shopmesh, and returns their paths by name.
func build(dir string) (map[string]string, error) {
	fmt.Println("building the services")
	programs := make(map[string]string)
	commands := []string{"cmd/shopmesh"}
	for _, s := range services.Contexts() {
		commands = append(commands, "services/"+s+"/cmd/"+s)
	}
	for _, command := range commands {
		_ = os.Remove(filepath.Join(dir, filepath.Base(command))) // one of an earlier run may be old
		path, err := process.Build(dir, command)
		if err != nil {
			return nil, err
		}
		programs[filepath.Base(command)] = path
	}
	return programs, nil
}

// serve starts the services, prints where they are, and stops them when ctx ends or one
// of them does.
func serve(ctx context.Context, o options, programs map[string]string, resources *resources) error {
	out := &prefixed{w: os.Stdout}
	ended := make(chan string, len(services.Contexts()))
	var all []*process.Process
	defer func() {
		// At once: each waits for nobody else.
		var stopping sync.WaitGroup
		for _, p := range all {
			stopping.Go(func() { p.Stop() })
		}
		stopping.Wait()
		fmt.Println("all services have stopped")
	}()
	env := make(map[string]map[string]string)
	for _, s := range services.Contexts() {
		var err error
		if env[s], err = environment(o.files, s); err != nil {
			return err
		}
		p, err := process.Start(process.Command{
			Path: programs[s], Env: resources.environment(s, env[s]), Log: out.as(s), OwnGroup: true,
		})
		if err != nil {
			return fmt.Errorf("start %s: %w", s, err)
		}
		all = append(all, p)
		go func() {
			<-p.Ended()
			ended <- s
		}()
	}
	if err := awaitReady(ctx, env, ended); err != nil {
		return err
	}
	if o.demo {
		token, err := process.Token(programs["shopmesh"], resources.socket, "owner")
		if err != nil {
			return err
		}
		seed := exec.CommandContext(ctx, programs["shopmesh"], "demo", "--token-file", "-",
			"--addr", "http://"+env["catalog"]["SHOPMESH_LISTEN"], "--addr", "http://"+env["inventory"]["SHOPMESH_LISTEN"])
		seed.Stdin, seed.Stdout, seed.Stderr = strings.NewReader(token), os.Stdout, os.Stderr
		if err := seed.Run(); err != nil {
			return fmt.Errorf("fill in the demo: %w", err)
		}
	}
	announce(env, resources)
	var over <-chan time.Time
	if o.bound > 0 {
		over = time.After(o.bound)
	}
	select {
	case <-ctx.Done():
		return nil
	case <-over:
		return nil
	case s := <-ended:
		return fmt.Errorf("%s ended: see its last lines", s)
	}
}

// awaitReady returns when every service takes requests.
func awaitReady(ctx context.Context, env map[string]map[string]string, ended <-chan string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for _, s := range services.Contexts() {
		for {
			err := process.CheckReady(ctx, "http://"+env[s]["SHOPMESH_INTERNAL_LISTEN"])
			if err == nil {
				break
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("%s is not ready: %w", s, err)
			case s := <-ended:
				return fmt.Errorf("%s ended: see its last lines", s)
			case <-time.After(100 * time.Millisecond):
			}
		}
	}
	return nil
}

func announce(env map[string]map[string]string, resources *resources) {
	fmt.Println("\nThe services are ready. Ctrl-C stops them all.")
	token := "  go run ./cmd/shopmesh token --as owner --socket " + resources.socket + " > token"
	audit := "  go run ./cmd/shopmesh audit --token-file token"
	for _, s := range services.Contexts() {
		api, internal := "http://"+env[s]["SHOPMESH_LISTEN"], "http://"+env[s]["SHOPMESH_INTERNAL_LISTEN"]
		fmt.Printf("  %-13s %s  operators: %s/readyz\n", s, api, internal)
		audit += " --addr " + internal
	}
	fmt.Printf("  %-13s %s/inbox\n  %-13s http://%s\n\nType next, in another terminal:\n",
		"mails", resources.inboxURL, "the shop", env["storefront"]["SHOPMESH_LISTEN"])
	fmt.Printf("%s\n  go run ./cmd/shopmesh demo --token-file token --addr http://%s --addr http://%s\n%s\n\n",
		token, env["catalog"]["SHOPMESH_LISTEN"], env["inventory"]["SHOPMESH_LISTEN"], audit)
}
