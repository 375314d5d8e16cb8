package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1/customerv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1/inventoryv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1/notificationv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1/paymentv1connect"
)

// shop is a running shop, in whatever shape.
type shop struct {
	t *testing.T
	// api is the address of the API of a context; internal those of the internal ports.
	api      map[string]string
	internal []string
	inbox    string // where /inbox.json is

	category catalogv1connect.CategoryServiceClient
	product  catalogv1connect.ProductServiceClient
	customer customerv1connect.CustomerServiceClient
	stock    inventoryv1connect.InventoryServiceClient
	order    orderv1connect.OrderServiceClient
	payment  paymentv1connect.PaymentServiceClient
	mail     notificationv1connect.NotificationServiceClient
}

// connectTo makes the clients from the addresses.
func (s *shop) connectTo(api map[string]string, internal []string, inbox string) {
	s.api, s.internal, s.inbox = api, internal, inbox
	client := func(name string) *connect.Client {
		return connect.NewClient(connecthttp.NewTransport(http.DefaultClient, api[name]))
	}
	s.category = catalogv1connect.NewCategoryServiceClient(client("catalog"))
	s.product = catalogv1connect.NewProductServiceClient(client("catalog"))
	s.customer = customerv1connect.NewCustomerServiceClient(client("customer"))
	s.stock = inventoryv1connect.NewInventoryServiceClient(client("inventory"))
	s.order = orderv1connect.NewOrderServiceClient(client("order"))
	s.payment = paymentv1connect.NewPaymentServiceClient(client("payment"))
	s.mail = notificationv1connect.NewNotificationServiceClient(client("notification"))
}

var contexts = []string{"catalog", "customer", "inventory", "order", "payment", "notification"}

// program builds a command of the project once per run, and returns its path.
func program(t *testing.T, pkg string) string {
	t.Helper()
	programs.Lock()
	defer programs.Unlock()
	if programs.dir == "" {
		dir, err := os.MkdirTemp("", "shopmesh-e2e-") //nolint:usetesting // it serves every test of the run
		if err != nil {
			t.Fatal(err)
		}
		programs.dir = dir
	}
	path := filepath.Join(programs.dir, filepath.Base(pkg))
	if _, err := os.Stat(path); err == nil {
		return path
	}
	build := exec.Command("go", "build", "-o", path, "github.com/shopmesh/shopmesh/"+pkg)
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
	return path
}

// programs are what this run built; TestMain removes them.
var programs struct {
	sync.Mutex
	dir string
}

func TestMain(m *testing.M) {
	code := m.Run()
	if programs.dir != "" {
		_ = os.RemoveAll(programs.dir)
	}
	os.Exit(code)
}

// process is a program under test.
type process struct {
	cmd    *exec.Cmd
	ended  chan struct{}
	state  error
	stderr *tail
}

// tail keeps the end of what a process logged, for the report of a failed test.
type tail struct {
	mu    sync.Mutex
	lines []string
}

func (l *tail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, strings.Split(strings.TrimRight(string(p), "\n"), "\n")...)
	if n := len(l.lines); n > 200 {
		l.lines = l.lines[n-200:]
	}
	return len(p), nil
}

func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

// ready is the line that a program prints when it serves.
type ready struct {
	Ready struct {
		API      string `json:"api"`
		Internal string `json:"internal"`
		Data     string `json:"data"`
	} `json:"ready"`
}

// launch starts a program and returns it; stdout goes to out.
func launch(t *testing.T, out io.Writer, env []string, path string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(path, args...), ended: make(chan struct{}), stderr: &tail{}}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = out, p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.state = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("%s logged last:\n%s", filepath.Base(path), p.stderr)
		}
	})
	return p
}

// stop asks the process to end and waits; it returns the exit code.
func (p *process) stop() int {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(40 * time.Second):
		p.kill()
	}
	return p.cmd.ProcessState.ExitCode()
}

// kill ends the process at once, as a power cut would.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// oneProcess is a shop in one process, and how to stop and start it.
type oneProcess struct {
	shop
	*process
	data string
}

// up starts the shop in one process on a data directory of its own.
func up(t *testing.T, args ...string) *oneProcess {
	t.Helper()
	s := &oneProcess{shop: shop{t: t}, data: filepath.Join(tempDir(t), "data")}
	s.start(args...)
	return s
}

// tempDir is a directory that other users may pass through, as the database's own
// user must when the tests run as root; t.TempDir's parents are closed to them.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "shopmesh-e2e-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// start starts the shop again on the same directory.
func (s *oneProcess) start(args ...string) {
	s.t.Helper()
	read, write := io.Pipe()
	s.process = launch(s.t, write, nil, program(s.t, "cmd/shopmesh"),
		append([]string{"up", "--data", s.data, "--listen", "127.0.0.1:0", "--internal-listen", "127.0.0.1:0", "--json"}, args...)...)
	p := s.process
	go func() {
		<-p.ended
		_ = write.CloseWithError(errors.New("the process ended"))
	}()
	line, err := bufio.NewReader(read).ReadBytes('\n')
	if err != nil {
		s.t.Fatalf("shopmesh up: %v\n%s", err, s.stderr)
	}
	go func() { _, _ = io.Copy(io.Discard, read) }()
	var r ready
	if err := json.Unmarshal(line, &r); err != nil || r.Ready.API == "" || r.Ready.Internal == "" {
		s.t.Fatalf("shopmesh up printed %q: %v", line, err)
	}
	api := map[string]string{}
	for _, c := range contexts {
		api[c] = r.Ready.API
	}
	s.connectTo(api, []string{r.Ready.Internal}, r.Ready.Internal)
}

// report is what `shopmesh audit --json` prints.
type report struct {
	Orders   int64 `json:"orders"`
	Findings []struct {
		Kind    string `json:"kind"`
		Subject string `json:"subject"`
		Message string `json:"message"`
	} `json:"findings"`
	Pending []map[string]any `json:"pending"`
}

// audit runs `shopmesh audit` and returns what it printed and its exit code.
func (s *shop) audit(wait time.Duration) (report, int) {
	s.t.Helper()
	args := []string{"audit", "--json", "--wait", wait.String()}
	for _, a := range s.internal {
		args = append(args, "--addr", a)
	}
	var out, errs bytes.Buffer
	cmd := exec.Command(program(s.t, "cmd/shopmesh"), args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		s.t.Fatalf("shopmesh audit printed %q: %v\n%s", out.String(), err, errs.String())
	}
	return r, cmd.ProcessState.ExitCode()
}

// mustAudit fails the test when the audit finds anything within a minute.
func (s *shop) mustAudit() report {
	s.t.Helper()
	r, code := s.audit(time.Minute)
	if code != 0 || len(r.Findings) > 0 || len(r.Pending) > 0 {
		s.t.Fatalf("audit exited %d: findings %v, pending %v", code, r.Findings, r.Pending)
	}
	return r
}

// mailTo is a mail in the inbox.
type mailTo struct {
	To      string              `json:"to"`
	Subject string              `json:"subject"`
	Text    string              `json:"text"`
	HTML    string              `json:"html"`
	Headers map[string][]string `json:"headers"`
}

// mails returns the mails to an address, newest first.
func (s *shop) mails(address string) []mailTo {
	s.t.Helper()
	res, err := http.Get(s.inbox + "/inbox.json")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var all, mine []mailTo
	if err := json.NewDecoder(res.Body).Decode(&all); err != nil {
		s.t.Fatalf("read /inbox.json: %v", err)
	}
	for _, m := range all {
		if m.To == address {
			mine = append(mine, m)
		}
	}
	return mine
}

// eventually asks until cond says yes, or fails with what it said last.
func eventually(t *testing.T, within time.Duration, cond func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := cond(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("not within %v: %v", within, err)
		case <-tick.C:
		}
	}
}

func errorf(format string, args ...any) error { return fmt.Errorf(format, args...) }
