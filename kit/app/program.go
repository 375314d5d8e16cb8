package app

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"

	"go.uber.org/fx"

	"github.com/shopmesh/shopmesh/kit/telemetry"
)

// Program is a context as a command of its own.
type Program struct {
	// Name is the context's name.
	Name string
	// Peers are the contexts that it calls: it does not start without their URLs.
	Peers []string
	// Contexts are all that there are. The URL of one that is no peer is taken, so that
	// all services can be given the same.
	Contexts []string
	// Variables are read beside those of every service.
	Variables []Variable
	// Commands are what it does beside serving, help and version.
	Commands []Command
	// Prepare completes what was read from the environment; nil for nothing.
	Prepare func(*Environment) error
}

// Command is what a program does in place of serving when its first argument names it.
type Command struct {
	// Name is that argument.
	Name string
	// About is a line for --help.
	About string
	// Run gets all arguments, the name too, and returns the exit code.
	Run func(args []string, stdout, stderr io.Writer) int
}

// Main is the whole main function of a service of its own. Without arguments it serves
// the module until SIGTERM or SIGINT; it also answers --help, version and its commands.
func Main(program Program, module func(Environment) (fx.Option, error)) {
	os.Exit(program.run(os.Args[1:], os.Environ(), os.Stdout, os.Stderr, module))
}

func (p Program) run(args, environ []string, stdout, stderr io.Writer, module func(Environment) (fx.Option, error)) int {
	switch {
	case len(args) == 0:
	case slices.Contains([]string{"help", "--help", "-h"}, args[0]):
		_, _ = io.WriteString(stdout, p.help())
		return exitOK
	case slices.Equal(args, []string{"version"}), slices.Equal(args, []string{"--version"}):
		_, _ = io.WriteString(stdout, ReadBuild().Line(p.Name))
		return exitOK
	case slices.Equal(args, []string{"version", "--json"}):
		_ = json.NewEncoder(stdout).Encode(ReadBuild())
		return exitOK
	default:
		return p.runCommand(args, stdout, stderr)
	}
	log, env, problems := p.environment(environ, stderr)
	var option fx.Option
	if len(problems) == 0 && p.Prepare != nil {
		if err := p.Prepare(&env); err != nil {
			problems = append(problems, err)
		}
	}
	if len(problems) == 0 {
		var err error
		if option, err = module(env); err != nil {
			problems = append(problems, err)
		}
	}
	for _, problem := range problems {
		log.Error(fmt.Sprintf("%s can't start: %v", p.Name, problem))
	}
	if len(problems) > 0 {
		return exitUsage
	}
	return Run(env.Process, option)
}

func (p Program) runCommand(args []string, stdout, stderr io.Writer) int {
	var names strings.Builder
	for _, command := range p.Commands {
		if command.Name == args[0] {
			return command.Run(args, stdout, stderr)
		}
		names.WriteString(command.Name + ", ")
	}
	telemetry.LogTo(stderr, slog.LevelInfo).Error(fmt.Sprintf(
		"%s takes no argument but %sversion and --help, and got %q: it is configured by environment variables", p.Name, names.String(), strings.Join(args, " ")))
	return exitUsage
}

func (p Program) help() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Runs the context %s as a process of its own, until SIGTERM or SIGINT.\n\n", p.Name)
	b.WriteString("Usage:\n")
	usage := func(argument, about string) { fmt.Fprintf(&b, "  %s %-10s %s\n", p.Name, argument, about) }
	usage("", "serve")
	for _, command := range p.Commands {
		usage(command.Name, command.About)
	}
	usage("version", "print version, commit, date and platform (--json for programs)")
	usage("--help", "print this")
	b.WriteString("\nEnvironment (a name ending in * can be given as NAME_FILE, which names a file that holds the value):\n")
	for _, v := range p.known() {
		if len(v.Contexts) > 0 && !slices.Contains(v.Contexts, p.Name) {
			continue
		}
		name := v.Name
		if v.Credential {
			name += " *"
		}
		fmt.Fprintf(&b, "  %-32s %s\n", name, v.About)
	}
	b.WriteString("\nTraces go where OTEL_EXPORTER_OTLP_ENDPOINT points. See docs/operations.md.\n")
	return b.String()
}

// known are all variables that may be set.
func (p Program) known() []Variable {
	known := append(variables(), p.Variables...)
	for _, context := range p.Contexts {
		about, readers := "the URL of "+context+"; required", []string{p.Name}
		if !slices.Contains(p.Peers, context) {
			about, readers = "", []string{""}
		}
		known = append(known, Variable{Name: peerVariable(context), About: about, Contexts: readers})
	}
	return known
}

// peerVariable names the variable that holds a context's URL.
func peerVariable(context string) string { return Prefix + strings.ToUpper(context) + "_URL" }
