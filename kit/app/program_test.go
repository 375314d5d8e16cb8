package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/fx"
)

func runProgram(t *testing.T, environ []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = orderProgram().run(args, environ, &out, &errs, func(Environment) (fx.Option, error) {
		t.Fatal("it serves")
		return nil, nil
	})
	return code, out.String(), errs.String()
}

// A service's command explains what it is and how it is configured.
func TestAServiceExplainsItself(t *testing.T) {
	t.Parallel()
	for _, arg := range []string{"--help", "-h", "help"} {
		code, out, errs := runProgram(t, nil, arg)
		if code != 0 || errs != "" {
			t.Errorf("%s: %d %s", arg, code, errs)
		}
		for _, want := range []string{"order version", "SHOPMESH_DATABASE_URL *", "SHOPMESH_CATALOG_URL", "127.0.0.1:8080", "SHOPMESH_REFLECTION"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s lacks %q: %s", arg, want, out)
			}
		}
		for _, foreign := range []string{"SHOPMESH_PAYMENT_URL", "SHOPMESH_SMTP_URL"} {
			if strings.Contains(out, foreign) {
				t.Errorf("%s shows %s, which order does not read", arg, foreign)
			}
		}
	}
	code, out, _ := runProgram(t, nil, "version")
	if line := regexp.MustCompile(`^order \S+ \(commit \S+( of \S+)?, go1\.\S+, [a-z]+/[a-z0-9]+\)\n$`); code != 0 || !line.MatchString(out) {
		t.Errorf("version: %d %q", code, out)
	}
	code, out, _ = runProgram(t, nil, "version", "--json")
	var build Build
	if err := json.Unmarshal([]byte(out), &build); code != 0 || err != nil || build.Commit == "" || build.Platform == "" {
		t.Errorf("version --json: %d %q: %v", code, out, err)
	}
}

// A service's commands run in place of serving, get their arguments, and are explained.
func TestAServiceHasCommands(t *testing.T) {
	t.Parallel()
	program := orderProgram()
	program.Commands = []Command{{Name: "count", About: "print how many arguments follow", Run: func(args []string, stdout, stderr io.Writer) int {
		_, _ = fmt.Fprint(stdout, args[0], len(args)-1)
		_, _ = io.WriteString(stderr, "counted")
		return 7
	}}}
	run := func(args ...string) (code int, stdout, stderr string) {
		var out, errs bytes.Buffer
		code = program.run(args, nil, &out, &errs, func(Environment) (fx.Option, error) {
			t.Error("it serves")
			return nil, nil
		})
		return code, out.String(), errs.String()
	}
	if code, out, errs := run("count", "--help", "x"); code != 7 || out != "count2" || errs != "counted" {
		t.Errorf("the command: %d %q %q", code, out, errs)
	}
	if code, out, _ := run("--help"); code != 0 || !strings.Contains(out, "\n  order count      print how many arguments follow\n  order version    print") {
		t.Errorf("--help: %d %q", code, out)
	}
	if code, _, errs := run("recount"); code != exitUsage || !strings.Contains(errs, "no argument but count, version and --help, and got") {
		t.Errorf("another argument: %d %q", code, errs)
	}
	if code, _, errs := run("version", "count"); code != exitUsage || errs == "" {
		t.Errorf("a command that is not first: %d %q", code, errs)
	}
}

// What stops the start is written as lines of the log's format, one sentence each.
func TestWhatStopsAStartIsLogged(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		args, environ []string
		want          []string
	}{
		"an argument": {[]string{"serve"}, nil, []string{"order takes no argument but version and --help, and got \"serve\": it is configured by environment variables"}},
		"nothing is configured": {nil, nil, []string{
			"order can't start: SHOPMESH_CATALOG_URL is not set, and order calls catalog: give its URL, such as http://catalog:8080",
			"order can't start: SHOPMESH_DATABASE_URL is not set: give the database's URL, such as postgres://order:…@db:5432/order",
			"order can't start: SHOPMESH_KAFKA_BROKERS is not set: give the brokers' addresses, such as kafka-0:9092,kafka-1:9092",
		}},
	} {
		code, out, errs := runProgram(t, row.environ, row.args...)
		if code != exitUsage || out != "" {
			t.Errorf("%s: %d %q", name, code, out)
		}
		var got []string
		for line := range strings.Lines(errs) {
			var record struct{ Level, Msg string }
			if err := json.Unmarshal([]byte(line), &record); err != nil || record.Level != "ERROR" {
				t.Errorf("%s: %q: %v", name, line, err)
			}
			got = append(got, record.Msg)
		}
		if strings.Join(got, "\n") != strings.Join(row.want, "\n") {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}
