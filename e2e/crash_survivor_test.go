//go:build crashpoints

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/e2e/internal/process"
	"github.com/shopmesh/shopmesh/kit/crashpoint"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/payment/stripefake"
)

// survivor is a shop that may be set to die at a point, and its users, who start it
// again and go on with what they were at.
type survivor struct {
	*oneProcess
	settings string
	crossed  string           // the file of its crossings
	point    crashpoint.Point // where it dies; empty for nowhere
	part     int              // how many crossings came before the story's own part
	died     bool
	cards    *stripefake.Fake // nil when the shop takes none
	webhooks bool             // Stripe sends its events to the shop
	env      []string         // Stripe's address for the shop
	mug      string           // the code of the product that it sells, with 10 in stock
}

// template is a data directory of a shop that sells mugs and has no order yet. Every
// run gets a copy, which costs less than making another.
type template struct {
	data string
	mug  string
}

func newTemplate(t *testing.T) template {
	t.Helper()
	s := &survivor{oneProcess: &oneProcess{shop: shop{t: t}, data: filepath.Join(tempDir(t), "data")}}
	s.crossed = filepath.Join(t.TempDir(), "crossed")
	s.begin()
	mug := s.sell(euros(16, 50), 10)
	s.quiet()
	if code := s.stop(); code != 0 {
		t.Fatalf("SIGTERM ended the template with exit code %d", code)
	}
	return template{data: s.data, mug: mug.GetCode()}
}

// revive starts a copy of the template with a story's settings.
func (tpl template) revive(t *testing.T, story crashStory, point crashpoint.Point) *survivor {
	t.Helper()
	dir := tempDir(t)
	s := &survivor{
		oneProcess: &oneProcess{shop: shop{t: t}, data: filepath.Join(dir, "data")},
		settings:   filepath.Join(dir, "settings.json"), crossed: filepath.Join(dir, "crossed"),
		point: point, mug: tpl.mug,
	}
	// The database's files belong to its own user where the tests run as root.
	if out, err := exec.Command("cp", "-a", tpl.data, s.data).CombinedOutput(); err != nil {
		t.Fatalf("copy the template: %v\n%s", err, out)
	}
	if err := os.WriteFile(s.settings, []byte(story.settings()), 0o600); err != nil {
		t.Fatal(err)
	}
	if story.cards {
		s.takeCards()
	}
	s.begin()
	return s
}

const webhookSecret = "whsec_crash"

// takeCards starts a Stripe that sends no events until receive is called: what it did is
// looked up.
func (s *survivor) takeCards() {
	const key = "sk_test_crash"
	s.cards = stripefake.New(stripefake.Config{Key: key})
	s.t.Cleanup(s.cards.Close)
	server := httptest.NewServer(s.cards)
	s.t.Cleanup(server.Close)
	s.env = []string{"SHOPMESH_SECRET_STRIPE_KEY=" + key, "SHOPMESH_SECRET_STRIPE_WEBHOOK=" + webhookSecret, "SHOPMESH_STRIPE_URL=" + server.URL}
}

// begin starts the shop, and again when it died before it served.
func (s *survivor) begin() {
	s.t.Helper()
	env := append([]string{crashpoint.FileVariable + "=" + s.crossed}, s.env...)
	if !s.died {
		env = append(env, crashpoint.PointVariable+"="+string(s.point))
	}
	var args []string
	if s.settings != "" {
		args = append(args, "--settings", s.settings)
	}
	path := program(s.t, "cmd/shopmesh", "crashpoints")
	_, ready, err := process.StartShop(process.Command{
		Path: path, Args: append([]string{"--data", s.data}, args...), Env: env,
		Started: func(p *process.Process) {
			s.process = p
			endWith(s.t, p, path)
		},
	})
	if err != nil {
		s.bury(err)
		s.begin()
		return
	}
	s.connectReady(ready)
	if s.webhooks {
		s.receive()
	}
}

// bury takes note of the death, which must be the planned one.
func (s *survivor) bury(because error) {
	s.t.Helper()
	if s.process == nil || s.died || s.point == "" || !s.process.Killed() {
		s.t.Fatalf("the shop ended by itself: %v", because)
	}
	s.died = true
}

// until has a user try something until it succeeds, and starts the shop again when
// it died meanwhile.
func (s *survivor) until(what string, try func(ctx context.Context) error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), testkit.Patience)
	defer cancel()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	var last error // before the time was over
	for {
		attempt, over := context.WithTimeout(ctx, 10*time.Second)
		err := try(attempt)
		over()
		if err == nil {
			return
		}
		if last == nil || ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			s.t.Fatalf("%s: not within %v: %v", what, testkit.Patience, last)
		case <-s.process.Ended():
			s.bury(err)
			s.begin()
		case <-tick.C:
		}
	}
}

// quiet waits until nothing is under way, and fails when the audit finds anything.
func (s *survivor) quiet() {
	s.t.Helper()
	s.until("a quiet shop", func(ctx context.Context) error {
		var out, errs bytes.Buffer
		cmd := exec.CommandContext(ctx, program(s.t, "cmd/shopmesh", "crashpoints"), "audit", "--json", "--wait", "9s", "--addr", s.internal[0], "--token-file", "-")
		cmd.Stdin = strings.NewReader(s.token)
		cmd.Stdout, cmd.Stderr = &out, &errs
		failed := cmd.Run()
		var r process.Report
		if err := json.Unmarshal(out.Bytes(), &r); err != nil {
			return errorf("audit: %w, %w: %s", failed, err, errs.String())
		}
		if failed != nil || len(r.Pending) > 0 || len(r.Findings) > 0 {
			return errorf("audit: %w: findings %v, pending %v", failed, r.Findings, r.Pending)
		}
		return nil
	})
}

// ownPart begins the story's own part: the shop dies at each point that the story first
// reaches in it, also where another story reaches the same point.
func (s *survivor) ownPart() {
	s.t.Helper()
	s.quiet()
	s.part = len(s.crossings())
}

// crossings are what the shop passed, in order, over all its lives.
func (s *survivor) crossings() []crashpoint.Crossing {
	s.t.Helper()
	text, err := os.ReadFile(s.crossed)
	if err != nil {
		s.t.Fatal(err)
	}
	var all []crashpoint.Crossing
	for line := range strings.Lines(string(text)) {
		var c crashpoint.Crossing
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			s.t.Fatalf("%q: %v", line, err)
		}
		all = append(all, c)
	}
	return all
}
