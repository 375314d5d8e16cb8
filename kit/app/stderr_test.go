package app_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
)

// A collector that is away is reported in the log's format, as are Go's own log and
// everything else that reaches standard error.
func TestStandardErrorHasOneFormat(t *testing.T) {
	t.Parallel()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), childVariable+"=1", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1",
		"OTEL_TRACES_SAMPLER_ARG=1", "OTEL_BSP_SCHEDULE_DELAY=50", "OTEL_EXPORTER_OTLP_TIMEOUT=200")
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	errs, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill() })
	lines := bufio.NewScanner(out)
	var addresses []string
	for range 2 {
		if !lines.Scan() {
			t.Fatalf("the process ended: %v", lines.Err())
		}
		addresses = append(addresses, lines.Text())
	}
	res, err := http.Post(addresses[1]+operationsv1connect.OperationsServiceGetStatusProcedure, "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	written := bufio.NewScanner(errs)
	for exported := false; !exported; {
		if !written.Scan() {
			t.Fatalf("the exporter's error was not logged: %v", written.Err())
		}
		if !json.Valid(written.Bytes()) {
			t.Errorf("no JSON line on standard error: %q", written.Text())
		}
		exported = strings.Contains(written.Text(), `"telemetry can't be exported"`)
	}
	_ = in.Close()
	_ = command.Process.Signal(syscall.SIGTERM)
	for written.Scan() {
		if !json.Valid(written.Bytes()) {
			t.Errorf("no JSON line on standard error: %q", written.Text())
		}
	}
	if err := command.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}
