//go:build mesh

package mesh

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/e2e/internal/installed"
)

// chromium is a browser beside the tests, driven by its DevTools protocol through two pipes. It
// calls the cluster from the driver's pod outside the mesh, by the names that are known there.
type chromium struct {
	t       *testing.T
	in      io.Writer
	mu      sync.Mutex
	next    int
	answers map[int]chan devtools
}

// devtools is an answer in that protocol.
type devtools struct {
	ID     int
	Result json.RawMessage
	Error  *struct{ Message string }
}

// browser starts Chromium.
func browser(t *testing.T) *chromium {
	t.Helper()
	program, err := installed.Chromium()
	if err != nil {
		t.Fatal(err)
	}
	toBrowser, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, fromBrowser, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{
		"--headless", "--remote-debugging-pipe", "--user-data-dir=" + t.TempDir(), "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--proxy-server=" + tunnel(t), "--ignore-certificate-errors-spki-list=" + fingerprint(t), // the certificate signs itself
	}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox") // Chromium's own needs a user who is not root
	}
	ctx, stop := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, program, append(args, "about:blank")...) //nolint:gosec // a browser of whoever runs the tests
	cmd.ExtraFiles = []*os.File{toBrowser, fromBrowser}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Start(); err != nil {
		stop()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait()
		_, _ = in.Close(), out.Close()
		// Its other processes write into its folder, which goes next, until they have ended, too.
		ended := time.After(30 * time.Second)
		for !errors.Is(syscall.Kill(-cmd.Process.Pid, 0), syscall.ESRCH) {
			select {
			case <-time.After(50 * time.Millisecond):
			case <-ended:
				return
			}
		}
	})
	_, _ = toBrowser.Close(), fromBrowser.Close()
	b := &chromium{t: t, in: in, answers: map[int]chan devtools{}}
	go b.read(out)
	return b
}

// read passes answers on to those who wait; events have no id, and nobody waits for them.
func (b *chromium) read(from io.Reader) {
	messages := bufio.NewReader(from)
	for {
		message, err := messages.ReadBytes(0)
		if err != nil {
			return
		}
		var read devtools
		if json.Unmarshal(message[:len(message)-1], &read) != nil {
			continue
		}
		b.mu.Lock()
		if waiting := b.answers[read.ID]; waiting != nil {
			waiting <- read
			delete(b.answers, read.ID)
		}
		b.mu.Unlock()
	}
}

// call calls a method of the protocol, in a page where session names one.
func (b *chromium) call(session, method string, params map[string]any, into any) {
	b.t.Helper()
	if err := b.ask(session, method, params, into); err != nil {
		b.t.Fatal(err)
	}
}

// ask is call, with the error.
func (b *chromium) ask(session, method string, params map[string]any, into any) error {
	answer := make(chan devtools, 1)
	b.mu.Lock()
	b.next++
	message := map[string]any{"id": b.next, "method": method, "params": params}
	if session != "" {
		message["sessionId"] = session
	}
	b.answers[b.next] = answer
	text, err := json.Marshal(message)
	if err == nil {
		_, err = b.in.Write(append(text, 0))
	}
	b.mu.Unlock()
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	select {
	case got := <-answer:
		if got.Error != nil {
			return fmt.Errorf("%s: %s", method, got.Error.Message)
		}
		if err := json.Unmarshal(got.Result, into); err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
		return nil
	case <-time.After(patience):
		return fmt.Errorf("%s: the browser does not answer", method)
	}
}

// page is a page in the browser.
type page struct {
	*chromium
	session string
}

// open opens a page. The shop's pages that are data forbid all scripts, so that is set aside: the
// scripts are the tests'.
func (b *chromium) open(url string) page {
	b.t.Helper()
	p := b.blank("")
	b.call(p.session, "Page.setBypassCSP", map[string]any{"enabled": true}, &struct{}{})
	p.goTo(url)
	return p
}

// blank opens an empty page, in a context of its own cookies where one is named.
func (b *chromium) blank(context string) page {
	b.t.Helper()
	where := map[string]any{"url": "about:blank"}
	if context != "" {
		where["browserContextId"] = context
	}
	var target struct{ TargetID string }
	b.call("", "Target.createTarget", where, &target)
	var attached struct{ SessionID string }
	b.call("", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	p := page{b, attached.SessionID}
	b.call(p.session, "Page.enable", nil, &struct{}{})
	return p
}

// goTo leads a page to an address, as one that is typed.
func (p page) goTo(url string) {
	p.t.Helper()
	var navigated struct{ ErrorText string }
	p.call(p.session, "Page.navigate", map[string]any{"url": url}, &navigated)
	if navigated.ErrorText != "" {
		p.t.Fatalf("open %s: %s", url, navigated.ErrorText)
	}
}

// run runs the body of an async function in a page and reads what it returns.
func (p page) run(script string, into any) {
	p.t.Helper()
	if err := p.try(script, into); err != nil {
		p.t.Fatal(err)
	}
}

// try is run, with the error: a page that is about to be left has no answer.
func (p page) try(script string, into any) error {
	var got struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct{ Exception struct{ Description string } }
	}
	err := p.ask(p.session, "Runtime.evaluate", map[string]any{"expression": "(async () => {" + script + "})()", "awaitPromise": true, "returnByValue": true}, &got)
	if err != nil {
		return fmt.Errorf("%s\nin the browser: %w", script, err)
	}
	if got.ExceptionDetails != nil {
		return fmt.Errorf("%s\nin the browser: %s", script, got.ExceptionDetails.Exception.Description)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(got.Result.Value, into); err != nil {
		return fmt.Errorf("%s\nin the browser: %w: %s", script, err, got.Result.Value)
	}
	return nil
}

// tunnel is a proxy for the browser: each of its connections leads through the driver's pod.
func tunnel(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			http.Error(w, "for https:// alone", http.StatusMethodNotAllowed)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		if _, err := io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
			return
		}
		cmd := command(t.Context(), "kubectl", "-n", "shop-test", "exec", "-i", "deployment/outside", "-c", "driver", "--", "/ko-app/driver", "pipe", "-address", r.Host)
		cmd.Stdin, cmd.Stdout, cmd.WaitDelay = conn, conn, time.Second
		_ = cmd.Run() // the browser sees that it ended
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return "http://" + listener.Addr().String()
}

// fingerprint is the hash of the ingress's public key.
func fingerprint(t *testing.T) string {
	t.Helper()
	block, _ := pem.Decode([]byte(certificate(t)))
	if block == nil {
		t.Fatal("the ingress has no certificate")
	}
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(parsed.RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(hash[:])
}
