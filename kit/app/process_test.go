package app_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"github.com/google/uuid"
	"go.uber.org/fx"
	"google.golang.org/protobuf/types/known/wrapperspb"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/operations"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

const topic = "shopmesh.parcel.parcel.v1"

func migrations() fstest.MapFS {
	return fstest.MapFS{"00001_parcels.sql": {Data: []byte("-- +goose Up\ncreate table parcels (id int);")}}
}

// parcel is a small context: it consumes what it publishes itself.
type parcel struct {
	operations.Base
	consumed chan string
	pool     *pg.Pool
	relay    *outbox.Relay
	// books is how many large records the audit has; 0: a small one. sent counts them.
	books int
	sent  atomic.Int64
}

func (p *parcel) Audit(_ context.Context, emit func(*operationsv1.AuditRecord) error) error {
	noise := make([]byte, 75_000) // a reply is compressed, and should stay large
	_, _ = rand.Read(noise)
	for range p.books {
		page := &operationsv1.Pending{Kind: base64.StdEncoding.EncodeToString(noise), Count: 1}
		if err := emit(&operationsv1.AuditRecord{Record: &operationsv1.AuditRecord_Pending{Pending: page}}); err != nil {
			return err
		}
		p.sent.Add(1)
	}
	return emit(&operationsv1.AuditRecord{Record: &operationsv1.AuditRecord_Pending{Pending: &operationsv1.Pending{Kind: "OUTBOX", Count: 1}}})
}

func (p *parcel) publish(ctx context.Context, id uuid.UUID, text string) error {
	return p.pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		tx.OnCommit(p.relay.Wake)
		return outbox.Write(ctx, tx, "/shopmesh/parcel",
			outbox.Event{Topic: topic, Key: id, Version: 1, Message: wrapperspb.String(text), Time: time.Now()})
	})
}

func module(cfg app.ContextConfig, out chan<- *parcel, more ...app.Runner) fx.Option {
	return fx.Module("parcel",
		app.Context("parcel", cfg, migrations()),
		app.Join(func(pool *pg.Pool, relay *outbox.Relay, broker kafka.Config, id app.NewID, now app.Clock) app.Service {
			p := &parcel{consumed: make(chan string, 10), pool: pool, relay: relay}
			handle := consumer.New("parcel.parcels", pool, consumer.Config{Kafka: broker, Topics: []string{topic}},
				func(_ context.Context, _ *pg.Tx, batch []consumer.Event) error {
					for _, event := range batch {
						var text wrapperspb.StringValue
						if err := consumer.Decode(event, &text); err != nil {
							return err
						}
						p.consumed <- text.GetValue()
					}
					return nil
				})
			p.Base = operations.NewBase("parcel", pool, relay, handle)
			out <- p
			return app.Service{
				Name: "parcel", Topics: func() []kafka.Topic { return []kafka.Topic{{Name: topic, Partitions: 1}} }, Operations: p,
				Runners: append([]app.Runner{{Name: "consumer", Run: handle.Run}}, more...),
			}
		}),
	)
}

// An auditor may leave a stream unread while it waits for another one, longer than the
// API's clients may. Found with a million orders in the books.
func TestAnAuditorMayWait(t *testing.T) {
	t.Parallel()
	const unread = 100 * time.Millisecond
	made := make(chan *parcel, 1)
	process := serve(t, app.Process{Streams: rpc.StreamLimits{PerClient: 10, Idle: time.Minute, Lifetime: time.Hour, Send: unread}}, module(contextOf(t), made))
	p := <-made
	p.books = 500 // 50 MB: more than all buffers between us
	operators := operationsv1connect.NewOperationsServiceClient(connect.NewClient(connecthttp.NewTransport(http.DefaultClient, process.Internal)))
	audit, err := operators.Audit(t.Context(), &operationsv1.AuditRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := audit.Receive(); err != nil {
		t.Fatal(err)
	}
	sent, since := int64(0), time.Now()
	testkit.Eventually(t, "the server has waited for us", func() bool {
		if now := p.sent.Load(); now != sent {
			sent, since = now, time.Now()
		}
		return time.Since(since) > 5*unread
	})
	if sent >= int64(p.books) {
		t.Fatalf("nothing waits: %d records were sent", sent)
	}
	n := 1
	for ; ; n++ {
		if _, err := audit.Receive(); err != nil {
			if !errors.Is(err, io.EOF) {
				t.Errorf("the audit ended after %d records: %v", n, err)
			}
			break
		}
	}
	if n != p.books+1 {
		t.Errorf("%d records came, %d were to come", n, p.books+1)
	}
}

// running is a process that a test started.
type running struct {
	app.Addresses
	stop func() error
}

func serve(t *testing.T, process app.Process, modules ...fx.Option) running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready := make(chan app.Addresses, 1)
	process.Listen, process.InternalListen = "127.0.0.1:0", "127.0.0.1:0"
	process.Ready = func(a app.Addresses) { ready <- a }
	if process.Log == nil {
		process.Log = testkit.Log(t)
	}
	if process.Authenticator == nil {
		process.Authenticator = testkit.Everyone(testkit.Owner())
	}
	ended := make(chan error, 1)
	go func() { ended <- app.Serve(ctx, process, modules...) }()
	stop := sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = stop() })
	select {
	case addresses := <-ready:
		return running{addresses, stop}
	case err := <-ended:
		t.Fatalf("it ended: %v", err)
	case <-time.After(testkit.Patience):
		t.Fatalf("it is not ready within %v", testkit.Patience)
	}
	return running{}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	res, err := http.Get(url)
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

func contextOf(t *testing.T) app.ContextConfig {
	t.Helper()
	return app.ContextConfig{
		Database: pg.Config{URL: testkit.DatabaseURL(t, fstest.MapFS{})}, Kafka: testkit.Broker(t), SoleWriter: true,
	}
}

// A process migrates its databases, makes its topics, runs its workers, and shows
// operators all of it on the internal listener alone.
func TestAProcessServesItsContexts(t *testing.T) {
	t.Parallel()
	parcels := make(chan *parcel, 1)
	process := serve(t, app.Process{Name: "parcel"}, module(contextOf(t), parcels))
	p := <-parcels
	if err := p.publish(t.Context(), uuid.New(), "hello"); err != nil {
		t.Fatal(err)
	}
	select {
	case text := <-p.consumed:
		if text != "hello" {
			t.Errorf("consumed %q", text)
		}
	case <-time.After(testkit.Patience):
		t.Fatal("the event was not consumed")
	}
	operators := operationsv1connect.NewOperationsServiceClient(connect.NewClient(connecthttp.NewTransport(http.DefaultClient, process.Internal)))
	status, err := operators.GetStatus(t.Context(), &operationsv1.GetStatusRequest{Context: "parcel"})
	if err != nil || !status.GetContexts()[0].GetReady() || status.GetContexts()[0].GetSchemaVersion() != 1 {
		t.Errorf("status %v, %v", status, err)
	}
	audit, err := operators.Audit(t.Context(), &operationsv1.AuditRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if record, err := audit.Receive(); err != nil || record.GetContext() != "parcel" || record.GetRecord().GetPending().GetCount() != 1 {
		t.Errorf("audit %v, %v", record, err)
	}
	_ = audit.Close()

	code, body := get(t, process.Internal+"/readyz")
	if code != http.StatusOK || !json.Valid([]byte(body)) || !strings.Contains(body, `"context":"parcel","ready":true`) || !strings.Contains(body, `"worker":"relay","running":true`) {
		t.Errorf("readyz: %d %s", code, body)
	}
	if code, body := get(t, process.Internal+"/metrics"); code != http.StatusOK || !strings.Contains(body, "go_goroutines") || !strings.Contains(body, "rpc_server_duration") {
		t.Errorf("metrics: %d %.500s", code, body)
	}
	for _, path := range []string{"/livez", "/debug/pprof/goroutine?debug=1", "/v1/operations/status"} {
		if code, _ := get(t, process.Internal+path); code != http.StatusOK {
			t.Errorf("internal %s: %d", path, code)
		}
	}
	for _, path := range []string{"/readyz", "/livez", "/metrics", "/debug/pprof/", "/v1/operations/status"} {
		if code, _ := get(t, process.API+path); code != http.StatusNotFound {
			t.Errorf("API %s: %d", path, code)
		}
	}
	res, err := http.Post(process.API+operationsv1connect.OperationsServiceGetStatusProcedure, "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusNotFound {
		t.Errorf("OperationsService on the API: %d", res.StatusCode)
	}
	if err := process.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// An idle process answers and looks, but moves nothing: no runner starts, and what
// was to be published waits until a process that works takes over.
func TestAnIdleProcessMovesNothing(t *testing.T) {
	t.Parallel()
	cfg := contextOf(t)
	var runs atomic.Int64
	count := app.Runner{Name: "count", Run: func(ctx context.Context) error {
		runs.Add(1)
		<-ctx.Done()
		return nil
	}}
	parcels := make(chan *parcel, 2)
	idle := serve(t, app.Process{Name: "parcel", Idle: true}, module(cfg, parcels, count))
	if err := (<-parcels).publish(t.Context(), uuid.New(), "wait"); err != nil {
		t.Fatal(err)
	}
	operators := operationsv1connect.NewOperationsServiceClient(connect.NewClient(connecthttp.NewTransport(http.DefaultClient, idle.Internal)))
	if status, err := operators.GetStatus(t.Context(), &operationsv1.GetStatusRequest{Context: "parcel"}); err != nil || len(status.GetContexts()) != 1 {
		t.Errorf("status %v, %v", status, err)
	}
	if code, body := get(t, idle.Internal+"/readyz"); code != http.StatusOK || strings.Contains(body, `"worker"`) {
		t.Errorf("readyz: %d %s", code, body)
	}
	if err := idle.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if n := runs.Load(); n != 0 {
		t.Errorf("%d runners ran", n)
	}
	serve(t, app.Process{Name: "parcel"}, module(cfg, parcels, count))
	select {
	case text := <-(<-parcels).consumed:
		if text != "wait" {
			t.Errorf("consumed %q", text)
		}
	case <-time.After(testkit.Patience):
		t.Fatal("what the idle process kept was not published by the next")
	}
}

// The broker's absence delays events and nothing else: the process starts, is
// ready, and stops.
func TestAProcessStartsWithoutItsBroker(t *testing.T) {
	t.Parallel()
	cfg := contextOf(t)
	cfg.Kafka = kafka.Config{Brokers: []string{"127.0.0.1:1"}}
	parcels := make(chan *parcel, 1)
	process := serve(t, app.Process{Name: "parcel"}, module(cfg, parcels))
	if code, body := get(t, process.Internal+"/readyz"); code != http.StatusOK {
		t.Errorf("readyz: %d %s", code, body)
	}
	if err := (<-parcels).publish(t.Context(), uuid.New(), "later"); err != nil {
		t.Errorf("publish: %v", err)
	}
	if err := process.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// A worker that fails or panics is started again and shown; the process stays up.
func TestWorkersAreStartedAgain(t *testing.T) {
	t.Parallel()
	var runs atomic.Int64
	failing := app.Runner{Name: "fragile", Run: func(ctx context.Context) error {
		switch runs.Add(1) {
		case 1:
			return errors.New("it broke")
		case 2:
			panic("it broke badly")
		default:
			<-ctx.Done()
			return nil
		}
	}}
	process := serve(t, app.Process{Name: "parcel"}, module(contextOf(t), make(chan *parcel, 1), failing))
	testkit.Eventually(t, "the worker runs for the third time", func() bool { return runs.Load() == 3 })
	testkit.Eventually(t, "it is shown as running", func() bool {
		code, body := get(t, process.Internal+"/readyz")
		return code == http.StatusOK && strings.Contains(body, `"worker":"fragile","running":true`)
	})
}

// What can't work is one plain sentence, before anything is served.
func TestAProcessThatCanNotStartReportsWhy(t *testing.T) {
	t.Parallel()
	broken := contextOf(t)
	broken.Database.URL = "postgres://nobody:hunter2@127.0.0.1:1/x?connect_timeout=1&sslmode=verify-full&sslrootcert=/nowhere"
	err := app.Serve(t.Context(), app.Process{Authenticator: testkit.Everyone(testkit.Owner()), Listen: "127.0.0.1:0", InternalListen: "127.0.0.1:0", Log: testkit.Log(t)},
		module(broken, make(chan *parcel, 1)))
	if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "could not build arguments") {
		t.Errorf("a broken URL: %v", err)
	}
	taken := serve(t, app.Process{Name: "first"})
	err = app.Serve(t.Context(), app.Process{Authenticator: testkit.Everyone(testkit.Owner()), Listen: strings.TrimPrefix(taken.API, "http://"), InternalListen: "127.0.0.1:0", Log: testkit.Log(t)})
	if err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("a taken address: %v", err)
	}
}

func TestTheGraphOfAProcessIsComplete(t *testing.T) {
	t.Parallel()
	if err := fx.ValidateApp(app.Graph(app.Process{}), module(app.ContextConfig{}, make(chan *parcel, 1))); err != nil {
		t.Error(err)
	}
}

// The process itself gets SIGTERM while many requests are in work: it reports that it
// is not ready, answers all of them, and ends with 0.
func TestSIGTERMCutsOffNoRequest(t *testing.T) {
	t.Parallel()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), childVariable+"=1")
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill() })
	lines := bufio.NewScanner(out)
	next := func() string {
		if !lines.Scan() {
			t.Fatalf("the process ended: %v", lines.Err())
		}
		return lines.Text()
	}
	api, internal := next(), next()

	const callers = 200
	var calling sync.WaitGroup
	var answered atomic.Int64
	for range callers {
		calling.Go(func() {
			res, err := http.Get(api + "/slow")
			if err != nil {
				t.Errorf("cut off: %v", err)
				return
			}
			defer func() { _ = res.Body.Close() }()
			if body, err := io.ReadAll(res.Body); err != nil || string(body) != "whole" {
				t.Errorf("cut off: %q, %v", body, err)
				return
			}
			answered.Add(1)
		})
	}
	for range callers {
		next()
	}
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the process is not ready", func() bool {
		code, body := get(t, internal+"/readyz")
		return code == http.StatusServiceUnavailable && strings.Contains(body, "drains")
	})
	if code, body := get(t, internal+"/readyz?exclude=database"); code != http.StatusServiceUnavailable {
		t.Errorf("it drains, and is %d %s", code, body)
	}
	// Closing its input lets the handlers finish.
	_ = in.Close()
	calling.Wait()
	if err := command.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if answered.Load() != callers {
		t.Errorf("%d of %d answered", answered.Load(), callers)
	}
}

const childVariable = "APP_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		os.Exit(child())
	}
	os.Exit(m.Run())
}

// child is a process whose handlers finish when its input is closed.
func child() int {
	release := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(release)
	}()
	lines := make(chan string, 1000)
	go func() {
		for line := range lines {
			_, _ = os.Stdout.WriteString(line + "\n")
		}
	}()
	defer log.Print("a library's own line") // after Run set where it goes
	return app.Run(app.Process{
		Name: "child", Listen: "127.0.0.1:0", InternalListen: "127.0.0.1:0", Authenticator: testkit.Everyone(testkit.Owner()),
		Ready: func(a app.Addresses) { lines <- a.API; lines <- a.Internal },
		API: map[string]http.Handler{"GET /slow": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			lines <- "in"
			<-release
			_, _ = io.WriteString(w, "whole")
		})},
	})
}
