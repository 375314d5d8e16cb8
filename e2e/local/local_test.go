//go:build distributed

package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The files of deploy/local are enough to run all services by hand: roles and
// databases by the SQL, everything else by the environment.
func TestDistributedByHand(t *testing.T) {
	command := exec.CommandContext(t.Context(), "go", "run", ".", "-files", "../../deploy/local", "-demo", "-for", "1s")
	command.Env = os.Environ()
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	if err := command.Run(); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{"The shop has the demo's 207 products.", "The services are ready.", "order        | {", "all services have stopped"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing:\n%s", want, out.String())
		}
	}
}
