package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/shopmesh/shopmesh/kit/command"
)

// Filling a shop again changes nothing and fails no call: a second `up --demo` logs
// none, and `shopmesh demo` fills a shop that runs, alone or beside others.
func TestFillingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	data := filepath.Join(tempDir(t), "data")
	first := up(t, data, "--demo")
	api := first.ready(t)
	token := ownersToken(t, data)
	before := stockOf(t, token, api, "KI-MUG-INK")
	if before == "" || before == "0" {
		t.Fatalf("the demo's mug has the stock %q", before)
	}
	// Sold out is no reason to fill it up again.
	var adjusted struct{ Stock struct{ OnHand string } }
	post(t, token, api+"/v1/stock:adjust", `{"requestId":"0198f3c2-5a77-7c3e-9d0e-2f6a4b8c1d22","productCode":"KI-MUG-INK","delta":"-`+before+`","reason":"sold"}`, &adjusted)
	first.stop(t, syscall.SIGTERM)

	second := up(t, data, "--demo")
	api = second.ready(t)
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := run(t, "demo", "--addr", api); got.code != command.ExitFailed || !strings.Contains(got.stderr, "--token-file") {
		t.Errorf("without a token: %+v", got)
	}
	if got := run(t, "demo", "--addr", api, "--token-file", file); got.code != 0 || got.stderr != "" || !strings.HasPrefix(got.stdout, "The shop has the demo's ") {
		t.Errorf("shopmesh demo: %+v", got)
	}
	if after := stockOf(t, token, api, "KI-MUG-INK"); after != "" && after != "0" {
		t.Errorf("it was filled up to %s again", after)
	}
	if got := run(t, "demo", "--addr", "http://127.0.0.1:1", "--addr", api, "--token-file", file); got.code != 0 {
		t.Errorf("one of two addresses answers: %+v", got)
	}
	if got := run(t, "demo", "--addr", "http://127.0.0.1:1"); got.code != command.ExitFailed || !strings.Contains(got.stderr, "pass --addr") {
		t.Errorf("nobody answers: %+v", got)
	}
	second.stop(t, syscall.SIGTERM)
	for line := range strings.Lines(second.stderr.String()) {
		// The call without a token alone fails.
		if (strings.Contains(line, "call failed") || strings.Contains(line, "calls fail")) && !strings.Contains(line, "UNAUTHENTICATED") {
			t.Errorf("the second start logs %s", line)
		}
	}
}

func stockOf(t *testing.T, token, api, code string) string {
	t.Helper()
	var found struct{ Stock struct{ OnHand string } }
	get(t, token, api+"/v1/stock:lookup?productCode="+code, &found)
	return found.Stock.OnHand
}
