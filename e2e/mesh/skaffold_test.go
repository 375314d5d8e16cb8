//go:build mesh

package mesh

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The edits of row 19: a sentence of catalog and one of the kit, each in an answer of catalog.
var (
	ofCatalog = sentence{
		file: "services/catalog/internal/domain/errors.go",
		text: "no product has the id or code",
		url:  gateway + "/v1/products:lookup?code=NO-SUCH-PRODUCT",
	}
	ofTheKit = sentence{
		file: "kit/page/page.go",
		text: "is not one of ours",
		url:  gateway + "/v1/products?page_token=none",
	}
)

// Row 19: with warm images all services are deployed and take an order within 90 s; under
// `skaffold dev` a changed line of a service is in an answer within 20 s, one of the kit within
// 90 s. What is edited is a copy of the tree: whatever becomes of the test, the tree is as it was.
func TestRow19Skaffold(t *testing.T) {
	stock(t)
	tree := elsewhere(t)
	secrets := filepath.Join("deploy", "components", "secrets", "generated")
	if err := os.CopyFS(filepath.Join(tree, secrets), os.DirFS(filepath.Join(root(t), secrets))); err != nil {
		t.Fatal(err)
	}
	built := filepath.Join(t.TempDir(), "build.json")
	skaffold(t, tree, "build", "--file-output", built) // the images that are to be warm

	// What is unchanged is not started anew, so that there is something to deploy only if it is gone.
	kubectl(t, "-n", "shop", "delete", "deployment", "-l", "shopmesh.dev/part=service", "--cascade=foreground")
	began := time.Now()
	skaffold(t, tree, "run")
	skaffold(t, tree, "verify", "--build-artifacts", built)
	verified := time.Since(began)
	if verified > 90*time.Second {
		t.Errorf("the shop was deployed and verified after %v", verified)
	}

	dev := develop(t, tree)
	defer func() {
		dev.stop()
		skaffold(t, tree, "deploy", "--build-artifacts", built)
	}()
	eventually(t, patience, func() error { return dev.watches(1) })
	service := ofCatalog.change(t, tree)
	if service > 20*time.Second {
		t.Errorf("the edit of a service answered after %v", service)
	}
	t.Logf("row 19: deployed and verified within %v; an edit answered within %v", verified.Round(time.Second), service.Round(100*time.Millisecond))
	t.Run("kit", func(t *testing.T) { // compiles all services
		eventually(t, patience, func() error { return dev.watches(2) })
		kubectl(t, "-n", "shop", "rollout", "status", "deployment/catalog", "--timeout=180s")
		kit := ofTheKit.change(t, tree)
		if kit > 90*time.Second {
			t.Errorf("the edit of the kit answered after %v", kit)
		}
		t.Logf("row 19: an edit of the kit answered within %v", kit.Round(time.Second))
	})
}

// skaffold runs a verb of skaffold with the profile test in a tree.
func skaffold(t *testing.T, tree, verb string, args ...string) {
	t.Helper()
	inTree(t, tree, "skaffold", append([]string{verb, "--profile", "test"}, args...)...)
}

// sentence is a text of a program that it answers with.
type sentence struct {
	file string // of the tree
	text string
	url  string // what answers with it
}

// change writes another sentence into a tree, and returns how long it took until it was answered.
// The driver waits: commands that ask again and again would take the processors from the build.
func (s sentence) change(t *testing.T, tree string) time.Duration {
	t.Helper()
	began := time.Now()
	after := fmt.Sprintf("%s, since %d,", s.text, began.UnixNano())
	file := filepath.Join(tree, s.file)
	text, err := os.ReadFile(file) //nolint:gosec // of the copy
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(s.text)) {
		t.Fatalf("%s does not say %q", s.file, s.text)
	}
	if err := os.WriteFile(file, bytes.ReplaceAll(text, []byte(s.text), []byte(after)), 0o600); err != nil {
		t.Fatal(err)
	}
	drive[[]answer](t, outside, "request", "-url", s.url, "-ca", certificate(t), "-until", after, "-within", patience.String())
	return time.Since(began)
}

// developing is a `skaffold dev` that runs.
type developing struct {
	mu      sync.Mutex
	printed bytes.Buffer
	cmd     *exec.Cmd
	ended   chan struct{}
}

// Write keeps what skaffold prints.
func (d *developing) Write(text []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.printed.Write(text)
}

// develop starts `skaffold dev`, which deploys, and follows the files of a tree.
func develop(t *testing.T, tree string) *developing {
	t.Helper()
	d := &developing{ended: make(chan struct{})}
	d.cmd = command(context.WithoutCancel(t.Context()), "skaffold", "dev", "--profile", "test", "--cleanup=false", "--tail=false", "--auto-build", "--auto-deploy",
		// Else it reads each of the objects before each deployment, for three seconds, and starts a kubectl for each of the
		// workloads after it, which take the processors from the new pods for three more.
		"--wait-for-deletions=false", "--status-check=false")
	d.cmd.Dir, d.cmd.Stdout, d.cmd.Stderr = tree, d, d
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it and what it starts are ended together
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(d.ended)
		_ = d.cmd.Wait()
	}()
	return d
}

// watches is nil when it has deployed a number of times, and waits for changes.
func (d *developing) watches(times int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	text := d.printed.String()
	if strings.Count(text, "Watching for changes") >= times {
		return nil
	}
	return fmt.Errorf("skaffold dev has not deployed %d times:\n%s", times, text[max(0, len(text)-4000):])
}

// stop ends it.
func (d *developing) stop() {
	_ = syscall.Kill(-d.cmd.Process.Pid, syscall.SIGTERM)
	<-d.ended
}
