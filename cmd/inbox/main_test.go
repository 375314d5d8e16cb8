package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/shopmesh/shopmesh/kit/command"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// running is the program in this process.
type running struct {
	ended  chan int // gets the exit code
	stderr *testkit.Lines
	// pages is where HTTP is served, and smtp where mails are taken.
	pages, smtp string
}

// start runs the program until ctx ends, and waits until it serves.
func start(ctx context.Context, t *testing.T, environ ...string) running {
	t.Helper()
	p := running{ended: make(chan int, 1), stderr: &testkit.Lines{}}
	go func() { p.ended <- run(ctx, nil, environ, io.Discard, p.stderr) }()
	testkit.Eventually(t, "it serves", func() bool {
		select {
		case code := <-p.ended:
			t.Fatalf("it ended with %d: %s", code, p.stderr)
		default:
		}
		for line := range strings.Lines(p.stderr.String()) {
			var serving struct{ Msg, Pages, SMTP string }
			if json.Unmarshal([]byte(line), &serving) == nil && serving.Msg == "serving" {
				p.pages, p.smtp = strings.TrimSuffix(serving.Pages, "/inbox"), serving.SMTP
			}
		}
		return p.pages != ""
	})
	return p
}

func (p running) get(t *testing.T, path string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.pages+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func (p running) send(t *testing.T, to, subject string) {
	t.Helper()
	message := fmt.Sprintf("Message-ID: <%s@shop.example>\r\nFrom: shop@shop.example\r\nTo: %s\r\nSubject: %[1]s\r\n\r\nHello.\r\n", subject, to)
	if err := smtp.SendMail(p.smtp, nil, "shop@shop.example", []string{to}, []byte(message)); err != nil {
		t.Fatal(err)
	}
}

// mails returns the recipients and subjects of /inbox.json.
func (p running) mails(t *testing.T) string {
	t.Helper()
	status, body := p.get(t, "/inbox.json")
	var mails []struct{ To, Subject string }
	if err := json.Unmarshal([]byte(body), &mails); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s: %v", status, body, err)
	}
	return fmt.Sprint(mails)
}

// What comes over SMTP is on the pages and in /inbox.json, also after the program was stopped
// by SIGTERM and started again. It is not parallel, because the signal reaches all that runs in
// this process.
func TestMailsAreTakenAndShown(t *testing.T) {
	environ := []string{dataVariable + "=" + filepath.Join(t.TempDir(), "mails"), smtpListenVariable + "=127.0.0.1:0", listenVariable + "=127.0.0.1:0"}
	first := start(t.Context(), t, environ...)
	if got := first.mails(t); got != "[]" {
		t.Errorf("before the first mail: %s", got)
	}
	first.send(t, "ada@example.com", "one")
	if got := first.mails(t); got != "[{ada@example.com one}]" {
		t.Errorf("after a mail: %s", got)
	}
	if status, page := first.get(t, "/inbox"); status != http.StatusOK || !strings.Contains(page, "ada@example.com") {
		t.Errorf("the page: %d %s", status, page)
	}
	for path, want := range map[string]string{"/livez": `{"live":true}`, "/readyz": `{"ready":true}`} {
		if status, body := first.get(t, path); status != http.StatusOK || strings.TrimSpace(body) != want {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := <-first.ended; code != 0 {
		t.Fatalf("it ended with %d: %s", code, first.stderr)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	second := start(ctx, t, environ...)
	second.send(t, "bob@example.com", "two")
	if got := second.mails(t); got != "[{bob@example.com two} {ada@example.com one}]" {
		t.Errorf("after another start: %s", got)
	}
	stop()
	if code := <-second.ended; code != 0 {
		t.Errorf("it ended with %d: %s", code, second.stderr)
	}
	for _, p := range []running{first, second} {
		if log := p.stderr.String(); strings.Contains(log, `"WARN"`) || strings.Contains(log, `"ERROR"`) {
			t.Errorf("it logged %s", log)
		}
	}
}

// A mail that can't be stored is shown and leaves the program ready, because it would get no
// other mail else; one that stops is not ready.
func TestReadinessShowsWhatIsWrong(t *testing.T) {
	t.Parallel()
	var full error
	ready := &readiness{condition: func(context.Context) error { return full }}
	check := func(wantStatus int, wantBody string) {
		t.Helper()
		answer := httptest.NewRecorder()
		ready.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		if body := strings.TrimSpace(answer.Body.String()); answer.Code != wantStatus || body != wantBody {
			t.Errorf("%d %s, want %d %s", answer.Code, body, wantStatus, wantBody)
		}
	}
	check(http.StatusOK, `{"ready":true}`)
	full = errors.New("mails are not kept: the disk is full")
	check(http.StatusOK, `{"ready":true,"conditions":["mails are not kept: the disk is full"]}`)
	ready.draining.Store(true)
	check(http.StatusServiceUnavailable, `{"ready":false,"cause":"the process drains","conditions":["mails are not kept: the disk is full"]}`)
}

// Pages that other machines reach are warned about; those of loopback answer to its names alone,
// so that no page of another site reads them by a name of its own.
func TestWhoReachesThePagesReadsTheMails(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	begin := func(listen string) running {
		return start(ctx, t, dataVariable+"="+t.TempDir(), smtpListenVariable+"=127.0.0.1:0", listenVariable+"="+listen)
	}
	foreign := func(p running) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.pages+"/inbox.json", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "mails.example"
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	local, open := begin("127.0.0.1:0"), begin("0.0.0.0:0")
	testkit.Eventually(t, "it warns", func() bool {
		return strings.Contains(open.stderr.String(), "whoever reaches them reads every customer's mail")
	})
	if log := local.stderr.String(); strings.Contains(log, "WARN") {
		t.Errorf("on loopback it logged %s", log)
	}
	if status := foreign(local); status != http.StatusForbidden {
		t.Errorf("by another name, on loopback: %d", status)
	}
	if status := foreign(open); status != http.StatusOK {
		t.Errorf("by another name, on all addresses: %d", status)
	}
	stop()
	for _, p := range []running{local, open} {
		if code := <-p.ended; code != 0 {
			t.Errorf("it ended with %d: %s", code, p.stderr)
		}
	}
}

// What is missing, wrong or unknown stops the start with a sentence that names the variable.
func TestWrongVariablesStopTheStart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	data := dataVariable + "=" + t.TempDir()
	for want, environ := range map[string][]string{
		"inbox can't start: SHOPMESH_INBOX_DATA is not set: name a folder, such as /var/lib/shopmesh/inbox":                  nil,
		"inbox can't start: SHOPMESH_INBOX_DATA: " + file + " is no directory":                                               {dataVariable + "=" + file},
		`inbox can't start: SHOPMESH_INBOX_SMTP_LISTEN: "1025" is no address: write HOST:PORT or :PORT`:                      {data, smtpListenVariable + "=1025"},
		`inbox can't start: SHOPMESH_INBOX_LISTEN: "8025" is no address: write HOST:PORT or :PORT`:                           {data, listenVariable + "=8025"},
		`inbox can't start: SHOPMESH_LOG_LEVEL: "loud" is none of debug, info, warn, error`:                                  {data, "SHOPMESH_LOG_LEVEL=loud"},
		"inbox can't start: SHOPMESH_INBOX_SMPT_LISTEN is no variable of Shopmesh: did you mean SHOPMESH_INBOX_SMTP_LISTEN?": {data, "SHOPMESH_INBOX_SMPT_LISTEN=:25"},
		"inbox can't start: SHOPMESH_DATABASE_URL is no variable of Shopmesh: unset it; --help lists those that are":         {data, "SHOPMESH_DATABASE_URL=postgres://db"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), nil, environ, &stdout, &stderr)
		var line struct{ Level, Msg string }
		if err := json.Unmarshal(stderr.Bytes(), &line); err != nil || code != command.ExitUsage || line.Msg != want || line.Level != "ERROR" || stdout.Len() > 0 {
			t.Errorf("%v: %d %s, want %s", environ, code, &stderr, want)
		}
	}
}

// An address that is taken, and a folder that another process has, end the start.
func TestWhatIsTakenEndsTheStart(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	data := t.TempDir()
	first := start(ctx, t, dataVariable+"="+data, smtpListenVariable+"=127.0.0.1:0", listenVariable+"=127.0.0.1:0")
	taken := strings.TrimPrefix(first.pages, "http://")
	for want, environ := range map[string][]string{
		data:                 {dataVariable + "=" + data, smtpListenVariable + "=127.0.0.1:0", listenVariable + "=127.0.0.1:0"},
		first.smtp:           {dataVariable + "=" + t.TempDir(), smtpListenVariable + "=" + first.smtp, listenVariable + "=127.0.0.1:0"},
		"listen on " + taken: {dataVariable + "=" + t.TempDir(), smtpListenVariable + "=127.0.0.1:0", listenVariable + "=" + taken},
	} {
		var stderr bytes.Buffer
		if code := run(t.Context(), nil, environ, io.Discard, &stderr); code != command.ExitFailed || !strings.Contains(stderr.String(), want) {
			t.Errorf("%v: %d %s", environ, code, &stderr)
		}
	}
	stop()
	if code := <-first.ended; code != 0 {
		t.Errorf("the first ended with %d: %s", code, first.stderr)
	}
}

// The program explains itself, and takes no other argument.
func TestTheCommandLine(t *testing.T) {
	t.Parallel()
	for line, row := range map[string]struct {
		code           int
		stdout, stderr string
	}{
		"--help":    {0, listenVariable, ""},
		"version":   {0, "inbox ", ""},
		"--version": {0, "inbox ", ""},
		"serve":     {command.ExitUsage, "", `inbox takes no argument, and got "serve"; see inbox --help`},
		"--data x":  {command.ExitUsage, "", "see inbox --help"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), strings.Fields(line), nil, &stdout, &stderr)
		if code != row.code || !strings.Contains(stdout.String(), row.stdout) || !strings.Contains(stderr.String(), row.stderr) {
			t.Errorf("%s: %d %s %s", line, code, &stdout, &stderr)
		}
	}
}
