//go:build rest

package e2e

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

const (
	openapiDocument = "../gen/openapi/shopmesh.openapi.json"
	restTools       = "../bin/schemathesis/bin/"
)

var restSeed = flag.Int("rest.seed", 7, "the seed of schemathesis")

// The OpenAPI document is valid, and the REST API keeps to it: whatever schemathesis
// sends, also in sequences of calls, is answered with a status, a type, a body and a
// reason that the document lists, and never with a failure of the server. What fits the
// document is accepted and what doesn't is refused, but for what rest/hooks.py names.
//
// It calls as the owner, by a token of the operator's socket, behind which there is no
// account: what is for an account alone is refused.
//
// A seed sends the same requests each time, but for the ids and etags that the shop gave.
func TestRESTKeepsItsDocument(t *testing.T) {
	t.Parallel()
	s := up(t)
	s.sellAs("LAMP", euros(16, 50), 1_000_000) // rest/schemathesis.toml names the code
	for range 5 {
		// Schemathesis seldom makes up an order that the shop takes, and what follows an order needs one.
		s.reached(s.place(request("sandbox_ok", of("LAMP", 2))).GetId(), orderv1.OrderState_ORDER_STATE_CONFIRMED)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	document, tools, config := absolute(t, openapiDocument), absolute(t, restTools), absolute(t, "rest/schemathesis.toml")
	if out, err := exec.CommandContext(ctx, filepath.Join(tools, "python"), "-m", "openapi_spec_validator", document).CombinedOutput(); err != nil {
		t.Fatalf("the document is not valid: %v\n%s", err, out)
	}
	st := exec.CommandContext(ctx, filepath.Join(tools, "st"), "--config-file", config, "run", document,
		"--url", s.api["order"], "--header", "Authorization: Bearer "+s.token, "--seed", strconv.Itoa(*restSeed), "--workers", "1", "--continue-on-failure", "--warnings", "off")
	st.Dir = t.TempDir() // it leaves notes of its run behind
	// Python orders sets by a hash that differs from process to process unless it is fixed.
	st.Env = append(os.Environ(), "SCHEMATHESIS_HOOKS="+absolute(t, "rest/hooks.py"), "PYTHONHASHSEED=0")
	if out, err := st.CombinedOutput(); err != nil {
		t.Errorf("schemathesis: %v; again with make test-rest ARGS=-rest.seed=%d\n%s", err, *restSeed, out)
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
