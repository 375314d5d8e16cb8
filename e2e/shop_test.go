package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect/v2"

	"github.com/shopmesh/shopmesh/e2e/internal/process"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1/configv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1/customerv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1/inventoryv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1/notificationv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1/paymentv1connect"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services"
)

// shop is a running shop, in whatever shape.
type shop struct {
	t *testing.T
	// api is the address of the API of a context; internal those of the internal ports.
	api      map[string]string
	internal []string
	inbox    string // where /inbox.json is
	token    string // an access token of the owner

	category catalogv1connect.CategoryServiceClient
	product  catalogv1connect.ProductServiceClient
	customer customerv1connect.CustomerServiceClient
	stock    inventoryv1connect.InventoryServiceClient
	config   configv1connect.ConfigServiceClient
	order    orderv1connect.OrderServiceClient
	cart     orderv1connect.CartServiceClient
	payment  paymentv1connect.PaymentServiceClient
	mail     notificationv1connect.NotificationServiceClient
}

// connectTo makes the clients from the addresses, and a token of the owner.
func (s *shop) connectTo(api map[string]string, internal []string, inbox, owner string) {
	s.api, s.internal, s.inbox, s.token = api, internal, inbox, owner
	client := func(name string) *connect.Client { return s.client(api[name]) }
	s.category = catalogv1connect.NewCategoryServiceClient(client("catalog"))
	s.product = catalogv1connect.NewProductServiceClient(client("catalog"))
	s.customer = customerv1connect.NewCustomerServiceClient(client("customer"))
	s.stock = inventoryv1connect.NewInventoryServiceClient(client("inventory"))
	s.config = configv1connect.NewConfigServiceClient(client("config"))
	s.order = orderv1connect.NewOrderServiceClient(client("order"))
	s.cart = orderv1connect.NewCartServiceClient(client("order"))
	s.payment = paymentv1connect.NewPaymentServiceClient(client("payment"))
	s.mail = notificationv1connect.NewNotificationServiceClient(client("notification"))
}

// client makes a client of an address whose calls show the owner's token.
func (s *shop) client(address string) *connect.Client {
	return testkit.Client(s.t, address, token.Show(s.token))
}

// http makes a client whose requests show the owner's token.
func (s *shop) http() *http.Client { return testkit.Showing(s.token) }

var contexts = services.Contexts()

// program builds a command of the project once per run, with build tags where they
// are given, and returns its path.
func program(t *testing.T, pkg string, tags ...string) string {
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
	path, err := process.Build(programs.dir, pkg, tags...)
	if err != nil {
		t.Fatal(err)
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

// launch starts a program of a test, which ends with it.
func launch(t *testing.T, c process.Command) *process.Process {
	t.Helper()
	p, err := process.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	endWith(t, p, c.Path)
	return p
}

// endWith stops a program when the test is over, and shows what it logged last when
// that failed.
func endWith(t *testing.T, p *process.Process, path string) {
	t.Cleanup(func() {
		p.Stop()
		if t.Failed() {
			t.Logf("%s logged last:\n%s", filepath.Base(path), p.Log())
		}
	})
}

// oneProcess is a shop in one process, and how to stop and start it.
type oneProcess struct {
	shop
	process *process.Process
	data    string
	env     []string
	log     io.Writer    // gets all that is logged; nil for nothing
	demo    process.Demo // of a shop that was started with --demo
}

// stop ends the shop by SIGTERM, waits, and returns the exit code.
func (s *oneProcess) stop() int { return s.process.Stop() }

// kill ends the shop at once, as a power cut would.
func (s *oneProcess) kill() { s.process.Kill() }

// up starts the shop in one process on a data directory of its own.
func up(t *testing.T, args ...string) *oneProcess {
	t.Helper()
	return upWith(t, nil, args...)
}

// upWith is up with variables on top of the environment.
func upWith(t *testing.T, env []string, args ...string) *oneProcess {
	t.Helper()
	s := &oneProcess{shop: shop{t: t}, data: filepath.Join(tempDir(t), "data"), env: env}
	s.start(args...)
	return s
}

// tempDir is a directory for the test's shop. t.TempDir would fail the test when a server of
// a killed shop, which ends by itself, still writes while the directory is removed.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "shopmesh-e2e-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// start starts the shop again on the same directory.
func (s *oneProcess) start(args ...string) {
	s.t.Helper()
	path := program(s.t, "cmd/shopmesh")
	p, ready, err := process.StartShop(process.Command{Path: path, Args: append([]string{"--data", s.data}, args...), Env: s.env, Log: s.log})
	if err != nil {
		s.t.Fatal(err)
	}
	endWith(s.t, p, path)
	s.process = p
	s.connectReady(ready)
}

// connectReady makes the clients of a shop that serves.
func (s *oneProcess) connectReady(ready process.Ready) {
	api := map[string]string{}
	for _, c := range contexts {
		api[c] = ready.API
	}
	s.demo = ready.Demo
	s.connectTo(api, []string{ready.Internal}, ready.Internal, ready.Token)
}

// audit runs `shopmesh audit` and returns what it printed and its exit code.
func (s *shop) audit(wait time.Duration) (process.Report, int) {
	s.t.Helper()
	r, code, err := process.Audit(program(s.t, "cmd/shopmesh"), s.internal, s.token, wait)
	if err != nil {
		s.t.Fatal(err)
	}
	return r, code
}

// mustAudit fails the test when the audit finds anything within a minute.
func (s *shop) mustAudit() process.Report {
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
	return to(address, s.allMails())
}

func to(address string, all []mailTo) (mine []mailTo) {
	for _, m := range all {
		if m.To == address {
			mine = append(mine, m)
		}
	}
	return mine
}

// allMails returns the inbox, newest first.
func (s *shop) allMails() []mailTo {
	s.t.Helper()
	all, err := s.readInbox()
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

func (s *shop) readInbox() ([]mailTo, error) {
	res, err := s.http().Get(s.inbox + "/inbox.json")
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	var all []mailTo
	if err := json.NewDecoder(res.Body).Decode(&all); err != nil {
		return nil, fmt.Errorf("read /inbox.json: %w", err)
	}
	return all, nil
}

// eventually calls cond until it returns nil, or fails with its last error after
// testkit.Patience.
func eventually(t *testing.T, cond func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
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
			t.Fatalf("not within %v: %v", testkit.Patience, err)
		case <-tick.C:
		}
	}
}

func errorf(format string, args ...any) error { return fmt.Errorf(format, args...) }
