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

// The edit of row 19: a sentence of catalog, in the answer about a product that there is not.
const (
	edited   = "services/catalog/internal/domain/errors.go"
	sentence = "no product has the id or code %q"
	unknown  = gateway + "/v1/products:lookup?code=NO-SUCH-PRODUCT"
)

// Row 19: with warm images all services are deployed and take an order within 90 s, and a changed
// line of a service answers within 20 s, under `skaffold dev`. What is edited is a copy of the
// tree: whatever becomes of the test, the tree is as it was.
func TestRow19Skaffold(t *testing.T) {
	stock(t)
	tree := elsewhere(t)
	secrets := filepath.Join("deploy", "components", "secrets", "generated")
	if err := os.CopyFS(filepath.Join(tree, secrets), os.DirFS(filepath.Join(root(t), secrets))); err != nil {
		t.Fatal(err)
	}
	built := filepath.Join(t.TempDir(), "build.json")
	build := func() { skaffold(t, tree, "build", "--file-output", built) }
	build() // the images that are to be warm

	image := runs(t, "catalog")
	// What is unchanged is not started anew, so that there is something to deploy only if it is gone.
	kubectl(t, "-n", "shop", "delete", "deployment", "-l", "shopmesh.dev/part=service", "--cascade=foreground")
	began := time.Now()
	dev := develop(t, tree)
	defer dev.stop(t, image)
	eventually(t, 2*patience, func() error { return dev.watches(1) })
	build()
	skaffold(t, tree, "verify", "--build-artifacts", built)
	verified := time.Since(began)
	if verified > 90*time.Second {
		t.Errorf("the shop was deployed and verified after %v", verified)
	}

	after := strings.Replace(sentence, "no product", fmt.Sprintf("no product of %d", began.UnixNano()), 1)
	began = time.Now()
	edit(t, tree, sentence, after)
	says(t, strings.ReplaceAll(after, " %q", ""))
	ran := time.Since(began)
	if ran > 20*time.Second {
		t.Errorf("the edit answered after %v", ran)
	}
	eventually(t, patience, func() error { return dev.watches(2) })
	edit(t, tree, after, sentence)
	eventually(t, patience, func() error { return dev.watches(3) })
	says(t, strings.ReplaceAll(sentence, " %q", ""))
	t.Logf("row 19: deployed and verified within %v, an edit answered within %v", verified.Round(time.Second), ran.Round(100*time.Millisecond))
}

// skaffold runs a verb of skaffold with the profile test in a tree.
func skaffold(t *testing.T, tree, verb string, args ...string) {
	t.Helper()
	inTree(t, tree, "skaffold", append([]string{verb, "--profile", "test"}, args...)...)
}

// edit replaces a sentence of catalog.
func edit(t *testing.T, tree, old, with string) {
	t.Helper()
	file := filepath.Join(tree, edited)
	text, err := os.ReadFile(file) //nolint:gosec // of the copy
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(old)) {
		t.Fatalf("%s does not say %q", edited, old)
	}
	if err := os.WriteFile(file, bytes.ReplaceAll(text, []byte(old), []byte(with)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// says waits until catalog's answer about a product that there is not has a text. The driver
// waits: commands that ask again and again would take the processors from the build.
func says(t *testing.T, text string) {
	t.Helper()
	drive[[]answer](t, outside, "request", "-url", unknown, "-ca", certificate(t), "-until", text, "-within", patience.String())
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
		"--wait-for-deletions=false") // it reads each of the objects before each deployment, for three seconds
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

// stop ends it, and lets catalog run the image that it ran before.
func (d *developing) stop(t *testing.T, image string) {
	t.Helper()
	_ = syscall.Kill(-d.cmd.Process.Pid, syscall.SIGTERM)
	<-d.ended
	kubectl(t, "-n", "shop", "set", "image", "deployment/catalog", "service="+image)
	kubectl(t, "-n", "shop", "rollout", "status", "deployment/catalog", "--timeout=180s")
}
