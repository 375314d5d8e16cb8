//go:build rest

package e2e

import (
	"context"
	"flag"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

const (
	openapiDocument = "../gen/openapi/shopmesh.openapi.json"
	restTools       = "../bin/schemathesis/bin/"
)

var restSeed = flag.Int("rest.seed", 7, "the seed of schemathesis")

// The OpenAPI document is valid, and the REST API keeps to it: whatever schemathesis
// sends, also in sequences of calls, is answered with a status, a type and a body
// that the document lists, and never with a failure of the server.
func TestRESTKeepsItsDocument(t *testing.T) {
	t.Parallel()
	s := up(t)
	s.sell(euros(16, 50), 10)
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	document, tools, config := absolute(t, openapiDocument), absolute(t, restTools), absolute(t, "rest/schemathesis.toml")
	if out, err := exec.CommandContext(ctx, filepath.Join(tools, "python"), "-m", "openapi_spec_validator", document).CombinedOutput(); err != nil {
		t.Fatalf("the document is not valid: %v\n%s", err, out)
	}
	st := exec.CommandContext(ctx, filepath.Join(tools, "st"), "--config-file", config, "run", document,
		"--url", s.api["order"], "--seed", strconv.Itoa(*restSeed), "--workers", "1", "--continue-on-failure", "--warnings", "off")
	st.Dir = t.TempDir() // it leaves notes of its run behind
	if out, err := st.CombinedOutput(); err != nil {
		t.Errorf("schemathesis: %v; again with ARGS=-rest.seed=%d\n%s", err, *restSeed, out)
	}
	s.mustAudit()
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	whole, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return whole
}
