package app

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/http/pprof"
	"slices"
	"strconv"
	"sync"
	"time"

	"connectrpc.com/connect/v2"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/operations"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/telemetry"
)

const (
	// checkInterval is how often the contexts' databases are queried.
	checkInterval = time.Second
	// checkTimeout is how long a database may take to answer.
	checkTimeout = 2 * time.Second
)

// readiness reports whether the process takes requests: it is not draining, and the
// database of each context answers. A broker that is away or a runner that fails is
// shown, but the process stays ready, because calls are answered without them.
type readiness struct {
	contexts   []contextDeps
	supervisor *supervisor
	// operations reports what is wrong with a context that is ready, and process what is
	// with the process.
	operations map[string]operations.Context
	process    []func(context.Context) error

	mu         sync.Mutex
	draining   bool
	causes     map[string]string
	conditions map[string][]string // of contexts; of the process under ""
	checked    bool
	health     *rpc.Health
	// services are the full names of the services of each context.
	services map[string][]string
}

func newReadiness(contexts []contextDeps, supervisor *supervisor) *readiness {
	return &readiness{
		contexts: contexts, supervisor: supervisor, operations: make(map[string]operations.Context),
		causes: make(map[string]string), conditions: make(map[string][]string), services: make(map[string][]string),
	}
}

// watch keeps grpc.health.v1 in step, for the services of server.
func (r *readiness) watch(health *rpc.Health, server *connect.Server) {
	r.health = health
	for spec := range server.Specs() {
		context, service := servedBy(spec.Procedure)
		if !slices.Contains(r.services[context], service) {
			r.services[context] = append(r.services[context], service)
		}
	}
	r.publish()
}

func (r *readiness) monitor(ctx context.Context) {
	ticker := time.NewTicker(checkInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			r.check(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// check queries every database at once.
func (r *readiness) check(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	causes := make([]string, len(r.contexts))
	conditions := make([][]string, len(r.contexts))
	var queries sync.WaitGroup
	for i, c := range r.contexts {
		queries.Go(func() {
			if err := c.pool.Ping(ctx); err != nil {
				causes[i] = "the database does not answer: " + pg.Explain(err).Error()
				return
			}
			if of, ok := r.operations[c.name]; ok {
				conditions[i] = texts(of.Conditions(ctx))
			}
		})
	}
	queries.Wait()
	var own []error
	for _, check := range r.process {
		if err := check(ctx); err != nil {
			own = append(own, err)
		}
	}
	r.mu.Lock()
	for i, c := range r.contexts {
		r.causes[c.name] = causes[i]
		r.conditions[c.name] = conditions[i]
	}
	r.conditions[""] = texts(own)
	r.checked = true
	r.mu.Unlock()
	r.publish()
}

func texts(errs []error) []string {
	var all []string
	for _, err := range errs {
		all = append(all, err.Error())
	}
	return all
}

// drain makes the process not ready for good.
func (r *readiness) drain() {
	r.mu.Lock()
	r.draining = true
	r.mu.Unlock()
	r.publish()
}

func (r *readiness) publish() {
	report := r.report()
	if r.health == nil {
		return
	}
	r.health.Set("", report.Ready)
	ready := make(map[string]bool, len(report.Contexts))
	for _, c := range report.Contexts {
		ready[c.Context] = c.Ready
	}
	for context, services := range r.services {
		state, known := ready[context]
		for _, service := range services {
			// A context without a database is ready when the process is.
			r.health.Set(service, (known && state) || (!known && report.Ready))
		}
	}
}

// report is what /readyz shows.
type report struct {
	Ready bool `json:"ready"`
	// Serving is Ready without the databases: the process has started and does not drain.
	Serving    bool            `json:"-"`
	Cause      string          `json:"cause,omitempty"`
	Conditions []string        `json:"conditions,omitempty"`
	Contexts   []contextReport `json:"contexts"`
}

type contextReport struct {
	Context string `json:"context"`
	Ready   bool   `json:"ready"`
	Cause   string `json:"cause,omitempty"`
	// Conditions are what is wrong though the context takes requests.
	Conditions []string       `json:"conditions,omitempty"`
	Workers    []workerReport `json:"workers,omitempty"`
}

type workerReport struct {
	Worker  string `json:"worker"`
	Running bool   `json:"running"`
	Cause   string `json:"cause,omitempty"`
}

func (r *readiness) report() report {
	r.mu.Lock()
	defer r.mu.Unlock()
	serving := r.checked && !r.draining
	all := report{Ready: serving, Serving: serving, Conditions: r.conditions[""], Contexts: []contextReport{}}
	switch {
	case r.draining:
		all.Cause = "the process drains"
	case !r.checked:
		all.Cause = "the process starts"
	}
	for _, deps := range r.contexts {
		one := contextReport{Context: deps.name, Cause: r.causes[deps.name], Conditions: r.conditions[deps.name]}
		one.Ready = r.checked && !r.draining && one.Cause == ""
		all.Ready = all.Ready && one.Ready
		for _, m := range r.supervisor.of(deps.name) {
			worker := workerReport{Worker: m.name, Running: true}
			if err := m.get(); err != nil {
				worker.Running, worker.Cause = false, err.Error()
			}
			one.Workers = append(one.Workers, worker)
		}
		all.Contexts = append(all.Contexts, one)
	}
	slices.SortFunc(all.Contexts, func(x, y contextReport) int { return cmp.Compare(x.Context, y.Context) })
	return all
}

// excludable is the one check that a caller of /readyz may leave out.
const excludable = "database"

// ServeHTTP answers /readyz: 200 when ready, else 503. With ?exclude=database, as
// Kubernetes' own servers take it, databases that are away are shown and don't count: where
// replicas share a database, all would leave the balancer at once, and clients would get
// its error in place of ours.
func (r *readiness) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	report := r.report()
	for _, check := range req.URL.Query()["exclude"] {
		if check != excludable {
			http.Error(w, "exclude: "+strconv.Quote(check)+" is no check that can be left out: write "+excludable, http.StatusBadRequest)
			return
		}
		report.Ready = report.Serving
	}
	w.Header().Set("Content-Type", "application/json")
	if !report.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(report)
}

// internalHandlers are what the internal listener serves beside RPCs: probes for everybody,
// and the rest for who may operate.
// A profile may run for minutes: it is cut short when the process stops.
func internalHandlers(draining context.Context, ready *readiness, process Process, t *telemetry.Telemetry, refused rpc.Refused) map[string]http.Handler {
	require := func(next http.Handler) http.Handler {
		return rpc.Require(process.Authenticator, operate, refused, next)
	}
	metrics := t.Handler()
	if !process.OpenMetrics {
		metrics = require(metrics)
	}
	return map[string]http.Handler{
		"GET /readyz": ready,
		"GET /livez": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte("{\"live\":true}\n"))
		}),
		"GET /operations":          operations.Page(),
		"GET /operations/{file}":   operations.Page(),
		"GET /metrics":             metrics,
		"/debug/pprof/":            require(endingWith(draining, pprof.Index)),
		"GET /debug/pprof/cmdline": require(http.HandlerFunc(pprof.Cmdline)),
		"GET /debug/pprof/profile": require(endingWith(draining, pprof.Profile)),
		"/debug/pprof/symbol":      require(http.HandlerFunc(pprof.Symbol)),
		"GET /debug/pprof/trace":   require(endingWith(draining, pprof.Trace)),
	}
}

// endingWith ends the context of each request when another context ends.
func endingWith(ending context.Context, next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(ending, cancel)()
		next(w, r.WithContext(ctx))
	})
}

func operationsGateway() rpc.GatewayFunc {
	return rpc.Gateway(operationsv1.RegisterOperationsServiceHandlerClient, operationsv1.NewOperationsServiceClient)
}
