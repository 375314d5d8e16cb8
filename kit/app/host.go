package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/fx"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/load"
	"github.com/shopmesh/shopmesh/kit/operations"
	"github.com/shopmesh/shopmesh/kit/operator"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/telemetry"
)

// operate is the permission that the internal listener needs beyond RPCs.
const operate = optionsv1.Permission_PERMISSION_OPERATIONS

// host serves the contexts of a process: it starts last and stops first.
type host struct {
	process    Process
	log        processLog
	services   []Service
	streams    *rpc.Streams // of the API
	operators  *rpc.Streams // of the internal port
	load       *load.Limiter
	health     *rpc.Health
	readiness  *readiness
	supervisor *supervisor
	contexts   map[string]contextDeps

	identification Identification

	apiHandler, internalHandler http.Handler
	operatorHandler             http.Handler
	api, internal               *rpc.Listener
	operator                    *operator.Socket // nil without one

	// failed gets the error that ends the process.
	failed chan error
	// background holds what runs beside the supervisor: the monitor and the topics.
	background sync.WaitGroup
	cancel     context.CancelFunc
	// draining ends when the process stops, and with it what operators let run for long.
	draining context.Context //nolint:containedctx // of the process, not of a call
	drain    context.CancelFunc
}

type hostParams struct {
	fx.In

	Lifecycle fx.Lifecycle
	Process   Process
	Log       processLog
	Telemetry *telemetry.Telemetry
	Peers     *peer.Peers
	Services  []Service     `group:"services"`
	Contexts  []contextDeps `group:"contexts"`
}

func newHost(in hostParams) (*host, error) {
	h := &host{
		process: in.Process, log: in.Log, services: in.Services,
		streams: rpc.NewStreams(in.Process.Streams), operators: rpc.NewStreams(in.Process.Streams.Operators()), health: rpc.NewHealth(),
		load:       load.New(load.DefaultLimits(), in.Log.Logger),
		supervisor: newSupervisor(in.Log.Logger), contexts: make(map[string]contextDeps),
		failed: make(chan error, 2),
	}
	h.draining, h.drain = context.WithCancel(context.Background())
	for _, deps := range in.Contexts {
		h.contexts[deps.name] = deps
	}
	h.readiness = newReadiness(in.Contexts, h.supervisor)
	h.readiness.process = append(slices.Clone(in.Process.Conditions), h.load.Condition)
	h.readiness.process = append(h.readiness.process, in.Peers.Conditions()...)
	if err := h.identify(&in); err != nil {
		return nil, err
	}
	if err := h.makeHandlers(in); err != nil {
		return nil, err
	}
	in.Lifecycle.Append(fx.StartStopHook(h.start, h.stop))
	return h, nil
}

// makeHandlers builds the two servers. The internal one holds all RPCs of the API
// and, beyond them, what operators use.
func (h *host) makeHandlers(in hostParams) error {
	config := rpc.Config{
		Log: in.Log.Logger, Authenticator: in.Process.Authenticator, Reflection: &optionsv1.Authorization{Permission: operate},
		Streams: h.operators, Transient: pg.Transient, Refused: h.refused,
		Tracer: in.Telemetry.Tracer, Meter: in.Telemetry.Meter, Propagator: in.Telemetry.Propagator,
	}
	internal, err := rpc.NewServer(config) // takes all calls: operators must get in when nobody else does
	if err != nil {
		return err
	}
	config.Streams, config.Reflection = h.streams, &optionsv1.Authorization{Public: true}
	api, err := rpc.NewServer(config)
	if err != nil {
		return err
	}
	var gateways []rpc.GatewayFunc
	forOperator := http.NewServeMux()
	plain := maps.Clone(in.Process.API)
	if plain == nil {
		plain = make(map[string]http.Handler)
	}
	var pages rpc.Pages
	var contexts []operations.Context
	names := make([]string, 0, len(h.services))
	for _, service := range h.services {
		names = append(names, service.Name)
		if service.Register != nil {
			service.Register(api)
			service.Register(internal)
		}
		gateways = append(gateways, service.Gateway...)
		maps.Copy(plain, service.HTTP)
		if service.Pages != nil {
			pages = service.Pages
		}
		for pattern, handler := range service.Operator {
			forOperator.Handle(pattern, handler)
		}
		if service.Operations != nil {
			observed := withSettings{service.Operations, h.contexts[service.Name].applied}
			contexts = append(contexts, observed)
			h.readiness.operations[service.Name] = observed
		}
	}
	h.operatorHandler = forOperator
	h.readiness.watch(h.health, api)
	in.Peers.Here(api, names...)
	edge, err := h.openEdge(in.Telemetry.Meter)
	if err != nil {
		return err
	}
	if missing := in.Peers.Missing(); h.process.NeedsPeers && len(missing) > 0 {
		return fmt.Errorf("%s is not set, and %s calls %s: give its URL", peerVariable(missing[0]), h.process.Name, missing[0])
	}
	operations.NewServer(h.log.Logger, contexts...).Register(internal)

	h.apiHandler, err = rpc.NewHandler(api, rpc.HandlerConfig{
		Gateways: gateways, Health: h.health, Reflection: in.Process.Reflection, Extra: plain, Pages: pages, Streams: h.streams,
		// A proxy on this machine passes on the shop's own name.
		LocalOnly: !in.Process.Edge.Public(in.Process.Listen),
		Proxies:   in.Process.Edge.Proxies, Origins: edge.origins, Load: h.load, Limits: edge.limits, Refused: h.refused,
	})
	if err != nil {
		return err
	}
	extra := internalHandlers(h.draining, h.readiness, in.Process, in.Telemetry, h.refused)
	if in.Process.Internal != nil {
		maps.Copy(extra, in.Process.Internal(in.Process.Authenticator, h.refused))
	}
	h.internalHandler, err = rpc.NewHandler(internal, rpc.HandlerConfig{
		Gateways: append(gateways, operationsGateway()), Health: h.health, Reflection: true, Extra: extra,
		LocalOnly: OnLoopback(in.Process.InternalListen),
	})
	return err
}

func (h *host) start(ctx context.Context) error {
	var err error
	if h.api, err = rpc.Listen(ctx, h.process.Listen, rpc.APIConnections); err != nil {
		return err
	}
	if h.internal, err = rpc.Listen(ctx, h.process.InternalListen, rpc.InternalConnections); err != nil {
		return errors.Join(err, h.api.Shutdown(ctx))
	}
	if err := h.openOperatorSocket(ctx); err != nil {
		return errors.Join(err, h.api.Shutdown(ctx), h.internal.Shutdown(ctx))
	}
	if certificate := h.process.Edge.Certificate; certificate != nil {
		h.api.Encrypt(certificate.Config())
		h.internal.Encrypt(certificate.Config())
		h.readiness.process = append(h.readiness.process, certificate.Condition)
	}
	h.api.Serve(h.apiHandler, h.log.Logger)
	h.internal.Serve(h.internalHandler, h.log.Logger)
	h.readiness.process = append(h.readiness.process, h.api.Condition, h.internal.Condition)

	// The workers outlive the start.
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	h.cancel = cancel
	h.readiness.check(ctx)
	h.background.Go(func() { h.readiness.monitor(background) })
	h.background.Go(func() { h.watchListeners(background) })
	if !h.process.Idle {
		h.background.Go(func() { h.startIdentification(background) })
		for _, service := range h.services {
			h.followSettings(service.Name)
			h.background.Go(func() { h.startRunners(background, service) })
		}
	}
	h.log.InfoContext(ctx, "serving", "api", h.api.URL(), "internal", h.internal.URL())
	h.warnExposed(ctx)
	addresses := Addresses{API: h.api.URL(), Internal: h.internal.URL()}
	if h.operator != nil {
		addresses.OperatorSocket = h.operator.Path()
	}
	h.process.Ready(addresses)
	return nil
}

func (h *host) openOperatorSocket(ctx context.Context) error {
	if h.process.OperatorSocket == "" {
		return nil
	}
	var err error
	h.operator, err = operator.Listen(ctx, h.process.OperatorSocket, h.operatorHandler, h.log.Logger)
	return err
}

// warnExposed logs that others than this machine's users can call.
func (h *host) warnExposed(ctx context.Context) {
	for port, address := range map[string]string{"API": h.process.Listen, "internal": h.process.InternalListen} {
		if !OnLoopback(address) {
			h.log.WarnContext(ctx, "the "+port+" port can be reached from other machines: "+
				"see \"Before you expose it\" in docs/operations.md", "address", address)
		}
	}
}

// startRunners creates a service's topics, however long the broker is away, and then
// starts its runners. Requests are answered meanwhile.
func (h *host) startRunners(ctx context.Context, service Service) {
	deps, ok := h.contexts[service.Name]
	var changed <-chan struct{}
	if ok {
		changed = deps.settings.Changed() // before they are created, so that no change falls between
		if !h.ensureTopics(ctx, service.Name, deps.kafka, service.topics) {
			return
		}
	}
	if ok {
		for _, runner := range deps.runners(service) {
			h.supervisor.start(service.Name, runner)
		}
	}
	for _, runner := range service.Runners {
		h.supervisor.start(service.Name, runner)
	}
	for ok {
		select {
		case <-ctx.Done():
			return
		case <-changed:
			changed = deps.settings.Changed()
			ok = h.ensureTopics(ctx, service.Name, deps.kafka, service.topics)
		}
	}
}

// ensureTopics creates the topics that are missing and sets their retentions, however long
// the broker is away. It reports false when ctx ended.
func (h *host) ensureTopics(ctx context.Context, name string, broker kafka.Config, topics func() []kafka.Topic) bool {
	for pause := newBackoff(); ; {
		err := kafka.EnsureTopics(ctx, broker, withPartitions(topics()))
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		h.log.WarnContext(ctx, "topics are not there yet", "context", name, "error", err.Error())
		if !pause.wait(ctx) {
			return false
		}
	}
}

func withPartitions(topics []kafka.Topic) []kafka.Topic {
	topics = slices.Clone(topics)
	for i := range topics {
		topics[i].Partitions = cmp.Or(topics[i].Partitions, Partitions)
	}
	return topics
}

func (h *host) watchListeners(ctx context.Context) {
	select {
	case err := <-h.api.Failed():
		h.failed <- fmt.Errorf("the API's listener broke: %w", err)
	case err := <-h.internal.Failed():
		h.failed <- fmt.Errorf("the internal listener broke: %w", err)
	case <-ctx.Done():
	}
}

// stop reports that the process is no longer ready, ends streams, answers what was
// accepted, and then lets the workers finish.
func (h *host) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, DrainTimeout)
	defer cancel()
	h.readiness.drain()
	h.api.Drain()
	h.internal.Drain()
	if h.process.DrainDelay > 0 {
		select {
		case <-time.After(h.process.DrainDelay):
		case <-ctx.Done():
		}
	}
	h.streams.Drain()
	h.operators.Drain()
	h.drain()
	problems := h.shutListeners(ctx)
	for _, service := range h.services {
		if service.Drain == nil {
			continue
		}
		if err := service.Drain(ctx); err != nil {
			problems = append(problems, fmt.Errorf("drain %s: %w", service.Name, err))
		}
	}
	h.cancel()
	h.background.Wait()
	if err := h.supervisor.stop(ctx); err != nil {
		return errors.Join(append(problems, err)...)
	}
	h.writeRefusals(ctx)
	return errors.Join(problems...)
}

// writeRefusals writes the last refused calls of each context, when no runner does any more.
func (h *host) writeRefusals(ctx context.Context) {
	if h.process.Idle {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	for _, deps := range h.contexts {
		if err := deps.activity.writeRefusals(ctx); err != nil {
			h.log.WarnContext(ctx, "the last refused calls are not in the activity log", "context", deps.name, "error", err.Error())
		}
	}
}

// shutListeners stops accepting calls and waits for those that were accepted: at the
// API's listener first, so that probes and operators still see on the internal one that
// the process drains. What takes longer is cut off early enough for the runners to
// finish.
func (h *host) shutListeners(ctx context.Context) []error {
	const forInternal, forWorkers = 2 * time.Second, 5 * time.Second
	shut := func(listener *rpc.Listener, left time.Duration) error {
		deadline, _ := ctx.Deadline() // stop has set it
		ctx, cancel := context.WithDeadline(ctx, deadline.Add(-left))
		defer cancel()
		return listener.Shutdown(ctx)
	}
	var problems []error
	if err := shut(h.api, forInternal+forWorkers); err != nil {
		problems = append(problems, fmt.Errorf("answer the last API requests: %w", err))
	}
	if h.operator != nil {
		closing, cancel := context.WithTimeout(ctx, forInternal)
		defer cancel()
		problems = append(problems, h.operator.Close(closing)) // errors.Join leaves nil out
	}
	if err := shut(h.internal, forWorkers); err != nil {
		problems = append(problems, fmt.Errorf("answer the last internal requests: %w", err))
	}
	return problems
}

// refused notes a call for the activity log of the context that it is to; what is the
// process' own, such as its profiles, for that of the first context.
func (h *host) refused(ctx context.Context, call activity.Call, err error) {
	name, _ := servedBy("/" + call.RPC)
	deps, ok := h.contexts[name]
	if !ok {
		if deps, ok = h.firstContext(); !ok {
			return
		}
	}
	deps.activity.refusals.Note(ctx, call, err)
}

// servedBy returns the context that an RPC's service belongs to, by its package
// shopmesh.<context>.v1, and the service's full name.
func servedBy(procedure string) (context, service string) {
	service, _, _ = strings.Cut(strings.TrimPrefix(procedure, "/"), "/")
	if parts := strings.Split(service, "."); len(parts) > 2 && parts[0] == "shopmesh" {
		context = parts[1]
	}
	return context, service
}
