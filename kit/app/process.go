package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/dig"
	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/telemetry"
	"github.com/shopmesh/shopmesh/kit/token"
)

// The exit codes of a process.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	// exitInterrupted is 128 + SIGINT: a second signal ended the process at once.
	exitInterrupted = 130
)

// DrainTimeout is how long a process may take to stop: within what Kubernetes
// grants by default, 30 seconds.
const DrainTimeout = 25 * time.Second

// Process is how a process is reached and observed.
type Process struct {
	// Name is the process's name: the context's, or "shopmesh" for all of them.
	Name string
	// Version is the build's version.
	Version string
	// Listen is the address of the API, such as "127.0.0.1:8080".
	Listen string
	// InternalListen is the address for operators and probes.
	InternalListen string
	// Reflection serves gRPC reflection on the API's address, too.
	Reflection bool
	// Peers are the URLs of contexts in other processes, by name.
	Peers map[string]string
	// Signers sign the tokens by which each context of the process, by its name, shows the
	// contexts that it calls who it is. The calls of a context without one show nothing.
	Signers map[string]*token.ServiceSigner
	// NeedsPeers refuses to start when a context that is called is neither in this
	// process nor among Peers.
	NeedsPeers bool
	// Idle answers requests but starts no runner: nothing is consumed, charged or
	// sent. It is for looking at data whose process is stopped.
	Idle bool
	// Internal returns further handlers of the internal listener, by net/http pattern, which
	// find out by the Authenticator who calls and note whom they refuse; nil for none.
	Internal func(authz.Authenticator, rpc.Refused) map[string]http.Handler
	// API are further handlers of the API's listener, by net/http pattern.
	API map[string]http.Handler
	// OperatorSocket is where the handlers of Service.Operator are served, to the user that
	// the process runs as; empty for nowhere.
	OperatorSocket string
	// Edge is how the outside world reaches the process.
	Edge Edge
	// Identify returns how the process finds out who calls, when that needs other contexts;
	// nil for Authenticator. A process with neither does not start.
	Identify func(*peer.Peers, *slog.Logger) Identification
	// Authenticator finds out who calls.
	Authenticator authz.Authenticator
	// OpenMetrics lets everybody who reaches the internal listener read /metrics.
	OpenMetrics bool
	// DrainDelay is how long requests are still taken after readiness went, so
	// that load balancers notice.
	DrainDelay time.Duration
	// Conditions report what is wrong with the process though it takes requests, nil for
	// nothing; readiness shows it.
	Conditions []func(context.Context) error
	// Streams bounds streams; rpc.DefaultStreamLimits by default.
	Streams rpc.StreamLimits
	// Log is where the process writes; standard error by default.
	Log *slog.Logger
	// Ready is called once, when requests are answered.
	Ready func(Addresses)
}

// Addresses are the URLs at which a process answers, with their true ports.
type Addresses struct {
	API      string
	Internal string
	// OperatorSocket is the path of the operator's socket; empty without one.
	OperatorSocket string
}

// Run serves modules until the process gets SIGTERM or SIGINT, drains, and returns
// the exit code. A second signal ends it at once.
func Run(process Process, modules ...fx.Option) int {
	process = process.withDefaults()
	telemetry.RouteLibraries(process.Log)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer OnSignal(process.Log, cancel)()
	if err := Serve(ctx, process, modules...); err != nil {
		process.Log.Error("the process failed", "error", err.Error())
		return exitFailed
	}
	process.Log.Info("stopped")
	return exitOK
}

// OnSignal calls stop when the process gets SIGTERM or SIGINT; a second signal ends
// the process at once. The returned function gives the signals back.
func OnSignal(log *slog.Logger, stop func()) (release func()) {
	signals := make(chan os.Signal, 2) // both are kept while nobody looks
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	done := make(chan struct{})
	go func() {
		select {
		case got := <-signals:
			log.Info("stopping; again to stop at once", "signal", got.String())
			stop()
		case <-done:
			return
		}
		select {
		case <-signals:
			os.Exit(exitInterrupted)
		case <-done:
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
	}
}

// Serve serves modules until ctx ends, and drains. It returns nil when all of it
// went well.
func Serve(ctx context.Context, process Process, modules ...fx.Option) error {
	process = process.withDefaults()
	config, err := telemetry.FromEnv(process.Name, process.Version)
	if err != nil {
		return err
	}
	measured, err := telemetry.New(ctx, config)
	if err != nil {
		return err
	}
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if err := measured.Shutdown(stopping); err != nil {
			process.Log.Debug("telemetry was not sent", "error", err.Error())
		}
	}()
	started := make(chan *host, 1)
	graph := fx.New(
		graphOf(process, processContext{ctx, config.Export}, measured),
		fx.Options(modules...),
		fx.Invoke(func(h *host) { started <- h }),
	)
	if err := graph.Err(); err != nil {
		_ = stop(graph)
		return plain(err)
	}
	// The contexts are open: what is left to start is quick.
	if err := graph.Start(ctx); err != nil {
		_ = stop(graph)
		if ctx.Err() != nil {
			return nil
		}
		return plain(err)
	}
	h := <-started
	select {
	case <-ctx.Done():
		err = nil
	case err = <-h.failed:
	}
	return errors.Join(err, stop(graph))
}

// stop ends what was started, newest first, within DrainTimeout and a little.
func stop(graph *fx.App) error {
	ctx, cancel := context.WithTimeout(context.Background(), DrainTimeout+2*time.Second)
	defer cancel()
	if err := graph.Stop(ctx); err != nil {
		return fmt.Errorf("stop: %w", plain(err))
	}
	return nil
}

// plain returns the error itself without the graph around it.
func plain(err error) error { return dig.RootCause(err) }

// Graph returns what a process provides to modules, for fx.ValidateApp in tests of
// a composition.
func Graph(process Process) fx.Option {
	return fx.Options(
		graphOf(process.withDefaults(), processContext{context.Background(), false}, &telemetry.Telemetry{}),
		fx.Invoke(func(*host) {}),
	)
}

// processContext ends when the process receives a signal to stop.
type processContext struct {
	context.Context //nolint:containedctx // constructors that wait get it from the graph

	traced bool
}

// processLog is the log of the whole process; contexts have their own.
type processLog struct{ *slog.Logger }

func graphOf(process Process, ctx processContext, measured *telemetry.Telemetry) fx.Option {
	return fx.Options(
		fx.Supply(process, ctx, measured, processLog{process.Log}),
		fx.StartTimeout(migrateTimeout),
		fx.StopTimeout(DrainTimeout+2*time.Second),
		fx.WithLogger(func() fxevent.Logger { return fxevent.NopLogger }),
		fx.Provide(
			func(t *telemetry.Telemetry) trace.TracerProvider { return t.Tracer },
			func(t *telemetry.Telemetry) metric.MeterProvider { return t.Meter },
			newPeers,
			newHost,
		),
	)
}

func newPeers(lc fx.Lifecycle, process Process, t *telemetry.Telemetry) *peer.Peers {
	peers := peer.New(process.Peers, t.Propagator, process.Log)
	lc.Append(fx.StopHook(peers.Close))
	return peers
}

func (p Process) withDefaults() Process {
	if p.Log == nil {
		p.Log = telemetry.LogTo(os.Stderr, slog.LevelInfo)
	}
	if p.Streams == (rpc.StreamLimits{}) {
		p.Streams = rpc.DefaultStreamLimits()
	}
	if p.Ready == nil {
		p.Ready = func(Addresses) {}
	}
	return p
}
