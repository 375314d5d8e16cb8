package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/shopmesh/shopmesh/kit/testkit"
)

// Every line that the README has a newcomer type does what it claims, against
// the demo shop. Only the addresses differ: the test's are free ports.
func TestReadme(t *testing.T) {
	t.Parallel()
	s := up(t, "--demo")
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	tools := grpcurl(t)
	here := strings.NewReplacer(
		"http://127.0.0.1:8080", s.api["order"], "http://127.0.0.1:9090", s.internal[0],
		"127.0.0.1:9090", strings.TrimPrefix(s.internal[0], "http://"),
		"go run ./cmd/shopmesh token", program(t, "cmd/shopmesh")+" token --data "+s.data,
		"go run ./cmd/shopmesh audit", program(t, "cmd/shopmesh")+" audit --data "+s.data,
		"go run ./cmd/shopmesh owner create", program(t, "cmd/shopmesh")+" owner create --data "+s.data,
	)
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	var script strings.Builder // in one shell, as a reader has
	for _, block := range blocks {
		if strings.Contains(block[1], "make run") || strings.Contains(block[1], "skaffold build") {
			continue // what started this shop, and these tests; and what needs a cluster (make mesh-test)
		}
		script.WriteString(here.Replace(block[1]))
	}
	out := sh(t, tools, script.String())
	compact := strings.NewReplacer(`": `, `":`, `, "`, `,"`) // blanks vary
	for _, want := range []string{
		`"nextPageToken"`,                // the list of products
		`"code":"KI-MUG-INK"`,            // the product over REST and Connect
		`"state":"ORDER_STATE_PLACED"`,   // the order
		"shopmesh.order.v1.OrderService", // grpcurl list
		`"onHand"`,                       // the adjusted stock
		`"orders"`,                       // the list of orders
		`"context": "payment"`,           // the status
		"0 findings",                     // the audit
		`"accessToken"`,                  // the owner's session, and the shopper's
		`"lines":[{"productCode":"KI-MUG-INK","quantity":1`, // the shopper's cart
	} {
		if !strings.Contains(compact.Replace(out), compact.Replace(want)) {
			t.Errorf("nothing printed %s:\n%s", want, out)
		}
	}
	mail := s.oneMail("ada@example.com")
	if !strings.HasSuffix(mail.Subject, " confirmed") {
		t.Errorf("the mail's subject is %q", mail.Subject)
	}
}

// grpcurl builds the real program, and returns the folder that it is in.
func grpcurl(t *testing.T) string {
	t.Helper()
	tools := tempDir(t)
	build := exec.Command("go", "build", "-o", filepath.Join(tools, "grpcurl"), "github.com/fullstorydev/grpcurl/cmd/grpcurl")
	build.Dir = "../tools"
	build.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build grpcurl: %v\n%s", err, out)
	}
	return tools
}

// sh runs lines of the README as a shell would, and fails when a line fails.
func sh(t *testing.T, tools, script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", strings.ReplaceAll(script, "curl -s ", "curl -sS --fail-with-body "))
	cmd.Env = append(os.Environ(), "PATH="+tools+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s\nended with %v:\n%s", script, err, out)
	}
	return string(out)
}
