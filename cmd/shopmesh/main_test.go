package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/shopmesh/shopmesh/kit/command"
	"github.com/shopmesh/shopmesh/services/identity"
)

// childVariable makes this test program the command itself, for what only a
// process of its own can show: signals and its true output.
const childVariable = "COMMAND_TEST_CHILD"

func TestMain(m *testing.M) {
	identity.HashPasswords() // the command starts this program again for that, without the variable
	if os.Getenv(childVariable) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// result is what a command line printed and its exit code.
type result struct {
	code           int
	stdout, stderr string
}

// run runs a command line in this process.
func run(t *testing.T, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := execute(t.Context(), args, &stdout, &stderr)
	return result{code, stdout.String(), stderr.String()}
}

// tempDir is a directory that other users may pass through, as the database's own
// user must when the tests run as root; t.TempDir's parents are closed to them.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "shopmesh-cmd-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func TestVersionIsPrinted(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"version"}, {"--version"}} {
		got := run(t, args...)
		if got.code != 0 || got.stderr != "" || !regexp.MustCompile(`^shopmesh \S+ \(commit \S+( of \S+)?, go1\.\S+, [a-z]+/[a-z0-9]+\)\n$`).MatchString(got.stdout) {
			t.Errorf("%v: %+v", args, got)
		}
	}
	got := run(t, "version", "--json")
	var object map[string]string
	if err := json.Unmarshal([]byte(got.stdout), &object); err != nil || object["version"] == "" || object["go"] == "" || object["commit"] == "" || object["platform"] == "" {
		t.Errorf("%+v: %v", got, err)
	}
}

// What can't be tried ends with 2 and one sentence on standard error:
// what is wrong, with which value, and what to do.
func TestWrongCommandLines(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(dir, "foreign")
	if err := os.Mkdir(foreign, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(foreign, "thesis.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	missing, stale := filepath.Join(dir, "missing"), filepath.Join(foreign, "thesis.txt")
	for _, row := range []struct {
		line string
		want []string
	}{
		{"versio", []string{`unknown command "versio"`, "Did you mean this?", "version"}},
		{"aduit", []string{`unknown command "aduit"`, "audit"}},
		{"up extra", []string{"takes no argument", `"extra"`, "shopmesh up --help"}},
		{"up --demoo", []string{"--demoo", "shopmesh up --help"}},
		{"up --listen", []string{"--listen", "shopmesh up --help"}},
		{"up --listen 8080", []string{`"8080"`, "HOST:PORT"}},
		{"up --listen 0.0.0.0:8080", []string{`"0.0.0.0:8080"`, "loopback", "127.0.0.1"}},
		{"up --internal-listen :9090", []string{`":9090"`, "loopback"}},
		{"up --data=", []string{"--data is empty: name the shop's directory"}},
		{"audit --data=", []string{"--data is empty"}},
		{"backup --data= x", []string{"--data is empty"}},
		{"restore --data= x", []string{"--data is empty"}},
		{"up --settings " + missing, []string{"--settings", missing}},
		{"audit --wait soon", []string{`"soon"`, "--wait", "shopmesh audit --help"}},
		{"audit --wait -1s", []string{"-1s", "such as 60s"}},
		{"audit --addr 127.0.0.1:9090", []string{"127.0.0.1:9090", "http://HOST:PORT"}},
		{"audit --data " + dir + " --addr http://127.0.0.1:9090", []string{"--data", "--addr", "keep one"}},
		{"audit --addr http://127.0.0.1:1", []string{"127.0.0.1:1", "refused"}},
		{"audit --data " + missing, []string{"no shop in " + missing, "--data"}},
		{"audit --data " + empty, []string{"no shop in " + empty, "--data"}},
		{"audit --data " + foreign, []string{foreign, "thesis.txt"}},
		{"backup", []string{"one file", "got 0", "shopmesh backup --help"}},
		{"backup a b", []string{"one file", "got 2"}},
		{"service-keys", []string{"one directory", "got 0", "shopmesh service-keys --help"}},
		{"backup " + stale, []string{stale, "is there already"}},
		{"backup --data " + missing + " " + missing + ".backup", []string{"no shop in " + missing, "--data"}},
		{"backup --data " + empty + " " + filepath.Join(empty, "mine"), []string{"own directory", "elsewhere"}},
		{"backup --data " + dir + " " + filepath.Join(missing, "mine"), []string{missing}},
		{"restore", []string{"one file", "got 0", "shopmesh restore --help"}},
		{"restore " + missing, []string{missing, "no such file"}},
		{"restore --data " + empty + " " + stale, []string{stale, "shopmesh backup did not write it"}},
	} {
		t.Run(row.line, func(t *testing.T) {
			t.Parallel()
			got := run(t, strings.Fields(row.line)...)
			if got.code != command.ExitUsage || got.stdout != "" || !strings.HasPrefix(got.stderr, "shopmesh: ") {
				t.Errorf("%+v", got)
			}
			for _, want := range row.want {
				if !strings.Contains(got.stderr, want) {
					t.Errorf("%q is missing: %s", want, got.stderr)
				}
			}
		})
	}
	t.Cleanup(func() {
		if left, err := os.ReadDir(empty); err != nil || len(left) > 0 {
			t.Errorf("an audit left %v in an empty directory: %v", left, err)
		}
		if _, err := os.Stat(missing); err == nil {
			t.Error("an audit made a directory")
		}
	})
}

// Every command explains itself on standard output, with each of its flags.
func TestHelp(t *testing.T) {
	t.Parallel()
	for line, wants := range map[string][]string{
		"":               {"shopmesh up --demo", "audit", "backup", "demo", "completion", "restore", "up", "version"},
		"backup --help":  {"exits 0", "--data", "--json", "not encrypted"},
		"restore --help": {"exits 0", "--data", "--json", "shopmesh up", "shopmesh audit"},
		"--help":         {"shopmesh up --demo", "audit", "completion", "up", "version"},
		"help audit":     {"exits 0", "--wait", "--addr", "--data", "--json"},
		"audit --help":   {"exits 0", "--wait", "--addr", "--data", "--json"},
		"up --help":      {"--data", "--listen", "--internal-listen", "--settings", "--demo", "--reflection", "--json", "SHOPMESH_SMTP_URL", "SHOPMESH_LOG_LEVEL", "127.0.0.1:8080"},
		"version --help": {"--json"},
		"demo --help":    {"exits 0", "--addr", "--json", "changes nothing"},
	} {
		got := run(t, strings.Fields(line)...)
		if got.code != 0 || got.stderr != "" {
			t.Errorf("%q: %+v", line, got)
		}
		for _, want := range wants {
			if !strings.Contains(got.stdout, want) {
				t.Errorf("%q lacks %q: %s", line, want, got.stdout)
			}
		}
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if got := run(t, "completion", shell); got.code != 0 || got.stderr != "" || !strings.Contains(got.stdout, "shopmesh") {
			t.Errorf("%s: code %d, %d bytes, %s", shell, got.code, len(got.stdout), got.stderr)
		}
	}
	// What the completion scripts call when somebody presses the key.
	if got := run(t, "__complete", "au"); got.code != 0 || !strings.HasPrefix(got.stdout, "audit\t") {
		t.Errorf("au completes to %+v", got)
	}
	if got := run(t, "__complete", "up", "--inter"); got.code != 0 || !strings.HasPrefix(got.stdout, "--internal-listen\t") {
		t.Errorf("up --inter completes to %+v", got)
	}
}
