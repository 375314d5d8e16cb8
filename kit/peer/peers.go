package peer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectinprocess"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/token"
	"go.opentelemetry.io/otel/propagation"
)

// Peers makes clients of other contexts: within the process where the context runs here,
// else over gRPC at the context's URL. A client may be made before the process is
// complete; the peer is looked up at the first call.
type Peers struct {
	*network

	signer *token.ServiceSigner // nil shows no token
}

// network is what all Peers of a process share.
type network struct {
	urls       map[string]string
	links      map[string]*link
	propagator propagation.TextMapPropagator
	http       *http.Transport
	here       atomic.Pointer[local]

	mu        sync.Mutex
	remote    map[string]connect.Transport
	requested map[string]bool // the contexts that Client was called for
}

// local is the server of this process and the contexts that it holds.
type local struct {
	transport connect.Transport
	contexts  map[string]bool
}

const (
	// Timeout is how long a call to another context may take when its caller has no
	// deadline.
	Timeout = 5 * time.Second

	// maxResponseBytes is the largest answer of a peer that is read.
	maxResponseBytes = 16 << 20
	// idleTimeout is how long a connection to a peer stays open without a call.
	idleTimeout = 2 * time.Minute
)

// silence is how long a connection to a peer may bring nothing before a ping is sent on
// it, and how long the ping's answer may take. A proxy may keep a connection open that
// passes nothing on, and every call would use it.
const silence = 5 * time.Second

// New returns Peers that know the URLs of contexts in other processes, such
// as {"catalog": "http://catalog:8080"}. A nil propagator passes no trace on. The log
// shows peers that can't be reached; nil is slog.Default.
func New(urls map[string]string, propagator propagation.TextMapPropagator, log *slog.Logger) *Peers {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	protocols.SetHTTP2(true)
	if propagator == nil {
		propagator = propagation.NewCompositeTextMapPropagator()
	}
	p := &network{
		urls: urls, links: make(map[string]*link, len(urls)), propagator: propagator, remote: make(map[string]connect.Transport), requested: make(map[string]bool),
		http: &http.Transport{
			Protocols: protocols, IdleConnTimeout: idleTimeout,
			HTTP2: &http.HTTP2Config{SendPingTimeout: silence, PingTimeout: silence},
		},
	}
	for name := range urls {
		p.links[name] = newLink(p.http, name, log)
	}
	return &Peers{network: p}
}

// As returns the same Peers for a context whose calls show who it is, by the tokens of this
// signer, and for whom it calls: the token of the caller in the call's context, if it has
// one. Without As, and with a nil signer, calls show nothing.
func (p *Peers) As(signer *token.ServiceSigner) *Peers {
	return &Peers{network: p.network, signer: signer}
}

// Conditions return, each for one peer, why it can't be reached; the answer is nil when it
// can, or when nobody tried of late.
func (p *Peers) Conditions() []func(context.Context) error {
	var all []func(context.Context) error
	for _, name := range slices.Sorted(maps.Keys(p.links)) {
		all = append(all, p.links[name].why)
	}
	return all
}

// Here sets which contexts run in this process, on which server.
func (p *Peers) Here(server *connect.Server, contexts ...string) {
	here := &local{transport: opaqueTransport{connectinprocess.New(server)}, contexts: make(map[string]bool, len(contexts))}
	for _, name := range contexts {
		here.contexts[name] = true
	}
	p.here.Store(here)
}

// Client returns a client of a context, such as "catalog", for its generated New…Client
// function. Calls without a deadline get Timeout. A call to a context that neither runs
// here nor has a URL fails with UNAVAILABLE.
func (p *Peers) Client(context string) *connect.Client {
	p.mu.Lock()
	p.requested[context] = true
	p.mu.Unlock()
	return connect.NewClient(&peerTransport{peers: p.network, context: context}, p.interceptor(context))
}

// Reaches reports whether a context runs here or has a URL. It is called when the
// process is complete.
func (p *Peers) Reaches(context string) bool {
	here := p.here.Load()
	return p.urls[context] != "" || here != nil && here.contexts[context]
}

// Missing returns the contexts that Client was called for and that run neither here nor
// at a known URL.
func (p *Peers) Missing() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(p.requested)) {
		if !p.Reaches(name) {
			missing = append(missing, name)
		}
	}
	return missing
}

// Close gives up idle connections.
func (p *Peers) Close() { p.http.CloseIdleConnections() }

func (p *network) transport(name string) (connect.Transport, error) {
	if here := p.here.Load(); here != nil && here.contexts[name] {
		return here.transport, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.remote[name]; ok {
		return known, nil
	}
	url, ok := p.urls[name]
	if !ok {
		return nil, connect.Errorf(connect.CodeUnavailable,
			"the context %s runs neither here nor at a known URL: set SHOPMESH_%s_URL", name, strings.ToUpper(name)).WithRemote()
	}
	transport := connecthttp.NewTransport(&http.Client{Transport: p.links[name]}, url, connecthttp.WithGRPC(), connecthttp.WithReadMaxBytes(maxResponseBytes))
	p.remote[name] = transport
	return transport, nil
}

// peerTransport finds its peer with each call.
type peerTransport struct {
	peers   *network
	context string
}

func (t *peerTransport) NewClientStream(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
	transport, err := t.peers.transport(t.context)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", spec.Procedure, err)
	}
	return transport.NewClientStream(ctx, spec)
}

// opaqueTransport calls within the process, and lets an error hold no more than it
// would over the wire: the cause stays the other context's own.
type opaqueTransport struct{ connect.Transport }

func (t opaqueTransport) NewClientStream(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
	stream, err := t.Transport.NewClientStream(ctx, spec)
	if err != nil {
		return nil, err
	}
	return opaqueStream{stream}, nil
}

type opaqueStream struct{ connect.ClientStream }

func (s opaqueStream) Receive(msg any) error {
	err := s.ClientStream.Receive(msg)
	var coded *connect.Error
	if !errors.As(err, &coded) || !coded.IsRemote() {
		return err
	}
	opaque := connect.NewError(coded.Code(), coded.Message())
	for _, detail := range coded.Details() {
		opaque = opaque.WithDetail(detail)
	}
	return opaque.WithRemote()
}

// interceptor gives a call its deadline, its trace and its tokens.
func (p *Peers) interceptor(callee string) connect.ClientInterceptor {
	return func(next connect.ClientFunc) connect.ClientFunc {
		return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
			info, ok := connect.CallInfoForClientContext(ctx)
			if !ok {
				return nil, fmt.Errorf("call %s: the call has no call info", spec.Procedure)
			}
			p.propagator.Inject(ctx, Carrier{info.RequestHeader()})
			if err := p.show(ctx, info.RequestHeader(), callee); err != nil {
				return nil, err
			}
			if _, bounded := ctx.Deadline(); bounded || spec.StreamType != connect.StreamTypeUnary {
				return next(ctx, spec)
			}
			ctx, cancel := context.WithTimeout(ctx, Timeout)
			stream, err := next(ctx, spec)
			if err != nil {
				cancel()
				return nil, err
			}
			return &timedStream{ClientStream: stream, cancel: cancel}, nil
		}
	}
}

// show puts into the headers who calls, and for whom.
func (p *Peers) show(ctx context.Context, header *connect.Header, callee string) error {
	if p.signer == nil {
		return nil
	}
	own, err := p.signer.For(callee)
	if err != nil {
		return err
	}
	header.Set(token.Authorization, "Bearer "+own)
	if visitor, ok := visitorOf(ctx); ok {
		visitor.show(header)
		return nil
	}
	caller := authz.Caller(ctx)
	if caller.Kind == authz.Service {
		if caller.OnBehalfOf == nil {
			return nil
		}
		caller = *caller.OnBehalfOf
	}
	if text := caller.Token(); text != "" {
		header.Set(token.Caller, text)
	}
	return nil
}

// timedStream ends its deadline's timer with the call.
type timedStream struct {
	connect.ClientStream

	cancel context.CancelFunc
}

func (s *timedStream) Receive(msg any) error {
	err := s.ClientStream.Receive(msg)
	if err != nil {
		s.cancel()
	}
	return err
}

func (s *timedStream) Close() error {
	defer s.cancel()
	return s.ClientStream.Close()
}

// Away reports whether a call failed because the peer could not be reached or did not
// answer in time. Trying again can help; whether the call had an effect is not known.
func Away(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	switch connect.CodeOf(err) {
	case connect.CodeUnavailable, connect.CodeDeadlineExceeded:
		return true
	default:
		return false
	}
}

var _ connect.Transport = (*peerTransport)(nil)
