package process

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// Report is what `shopmesh audit --json` prints.
type Report struct {
	Orders   int64 `json:"orders"`
	Findings []struct {
		Kind    string `json:"kind"`
		Subject string `json:"subject"`
		Message string `json:"message"`
	} `json:"findings"`
	Pending []map[string]any `json:"pending"`
}

// Audit runs `shopmesh audit` on the internal ports, with a token that may operate, and
// returns what it printed and its exit code.
func Audit(program string, internal []string, token string, wait time.Duration) (Report, int, error) {
	args := []string{"audit", "--json", "--wait", wait.String(), "--token-file", "-"}
	for _, a := range internal {
		args = append(args, "--addr", a)
	}
	var out, errs bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(token), &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return Report{}, 0, err
	}
	var r Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		return Report{}, 0, fmt.Errorf("shopmesh audit printed %q: %w\n%s", out.String(), err, errs.String())
	}
	return r, cmd.ProcessState.ExitCode(), nil
}
