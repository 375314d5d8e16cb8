package rpc

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"connectrpc.com/connect/v2"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/limit"
	"github.com/shopmesh/shopmesh/kit/token"
)

// MaxLimitedClients is how many clients a process knows at most that have not their whole
// quotas.
const MaxLimitedClients = 100_000

// Rates are how often one client may call RPCs, by the option (shopmesh.options.v1.limit)
// of each: one address before it is known who calls, and one account after that. The zero
// Rates bound nothing.
type Rates struct {
	// Reads bounds the RPCs that name no limit, which are mostly reads.
	Reads limit.Rate
	// Orders bounds placing orders.
	Orders limit.Rate
	// SignIn bounds what tries a password or another secret.
	SignIn limit.Rate
	// Mails bounds what sends a mail to an address that the caller names.
	Mails limit.Rate
}

// class is what an RPC is counted as.
type class struct {
	name string
	now  atomic.Pointer[policy]
	// visitors counts the calls that services make as visitors of their pages, where now
	// bounds nothing; nil for what they don't call.
	visitors *class
}

// policy is the rate of a class, and as the header RateLimit-Policy has it.
type policy struct {
	rate   limit.Rate
	header []string
}

func (c *class) set(rate limit.Rate) {
	header := fmt.Sprintf("%q;q=%d;w=%d", c.name, rate.Quota, int64(rate.Window.Seconds()))
	c.now.Store(&policy{rate, []string{header}})
}

// limitKey is whom a state of the limiter belongs to: an address or an account, for one
// class.
type limitKey struct {
	class   string
	address netip.Prefix
	account string
}

// Limits count the calls of clients; the handlers of one process share them. Their rates can
// be replaced while calls are counted.
type Limits struct {
	classes map[optionsv1.Limit]*class
	// badTokens counts what claimed to be a service's token and was not.
	badTokens *class
	limiter   *limit.Limiter[limitKey]
	refused   metric.Int64Counter
}

// NewLimits returns Limits of rates. meter may be nil.
func NewLimits(rates Rates, meter metric.MeterProvider, clock func() time.Time) (*Limits, error) {
	if meter == nil {
		meter = metricnoop.NewMeterProvider()
	}
	refused, err := meter.Meter("github.com/shopmesh/shopmesh/kit/rpc").Int64Counter("rpc.server.rate_limited",
		metric.WithDescription("How many calls were refused because their client called too often, by limit, and by address or account."))
	if err != nil {
		return nil, fmt.Errorf("make the counter of limited calls: %w", err)
	}
	counted := func(name string) *class { return &class{name: name, visitors: &class{name: name}} }
	limits := &Limits{
		classes: map[optionsv1.Limit]*class{
			optionsv1.Limit_LIMIT_UNSPECIFIED: counted("reads"),
			optionsv1.Limit_LIMIT_ORDERS:      counted("orders"),
			optionsv1.Limit_LIMIT_SIGN_IN:     counted("sign-in"),
			optionsv1.Limit_LIMIT_MAILS:       counted("mails"),
		},
		badTokens: &class{name: "tokens"},
		limiter:   limit.New[limitKey](MaxLimitedClients, clock),
		refused:   refused,
	}
	limits.Set(rates)
	limits.SetForVisitors(Rates{})
	return limits, nil
}

// Set replaces the rates. A client that had used up its quota gets the new one back at its
// pace.
func (l *Limits) Set(rates Rates) {
	for option, rate := range rates.byLimit() {
		l.classes[option].set(rate)
	}
	l.badTokens.set(rates.Reads)
}

// SetForVisitors replaces the rates of calls that other services make as visitors of their
// pages. They hold where Set bounds nothing: what stands before this process and bounds its
// clients does not see these calls, because it has let through a page.
func (l *Limits) SetForVisitors(rates Rates) {
	for option, rate := range rates.byLimit() {
		l.classes[option].visitors.set(rate)
	}
}

func (r Rates) byLimit() map[optionsv1.Limit]limit.Rate {
	return map[optionsv1.Limit]limit.Rate{
		optionsv1.Limit_LIMIT_UNSPECIFIED: r.Reads, optionsv1.Limit_LIMIT_ORDERS: r.Orders,
		optionsv1.Limit_LIMIT_SIGN_IN: r.SignIn, optionsv1.Limit_LIMIT_MAILS: r.Mails,
	}
}

// of returns how an RPC is counted; nil when it is not. Health and reflection are not:
// they state nothing because they are not ours.
func (l *Limits) of(spec connect.Spec) *class {
	method, ok := spec.Schema.(protoreflect.MethodDescriptor)
	if l == nil || !ok || foreign(spec.Procedure) {
		return nil
	}
	option, _ := proto.GetExtension(method.Options(), optionsv1.E_Limit).(optionsv1.Limit)
	return l.classes[option]
}

// admission is where the client of a request stands with its limit.
type admission struct {
	limits *Limits
	class  *class // nil for a request that is not counted
	policy *policy
	// service is set for a call whose token claims to be a service's. Whether it is, is
	// found out later; it is counted when it is not.
	service bool
	// known is set once it is found out who calls.
	known bool
	// state is the tightest that was met; of no use before counted.
	state   limit.State
	counted bool
}

// admit counts a request for its client's address, before anything is done for it, and
// returns why it is refused.
func (x *exchange) admit(limits *Limits, of *class, header http.Header) *fault.Error {
	if of != nil && len(header[token.Visitor]) > 0 && !of.now.Load().rate.Bounds() {
		of = of.visitors // its service's token is verified before it is counted
	}
	if of == nil || !of.now.Load().rate.Bounds() {
		return nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.admission = admission{limits: limits, class: of, service: claimsService(header)}
	if !x.admission.service {
		return x.take(of, limitKey{class: of.name, address: x.client.prefix})
	}
	if bad := limits.badTokens; !limits.limiter.Peek(limitKey{class: bad.name, address: x.client.prefix}, bad.now.Load().rate).Allowed {
		return x.take(bad, limitKey{class: bad.name, address: x.client.prefix})
	}
	return nil
}

// take counts one call for a key, and notes the tightest state for the reply's headers.
func (x *exchange) take(of *class, key limitKey) *fault.Error {
	policy := of.now.Load()
	if !policy.rate.Bounds() {
		return nil
	}
	a := &x.admission
	state, refused := a.limits.take(of, policy, key)
	if !a.counted || !state.Allowed || state.Remaining < a.state.Remaining {
		a.class, a.policy, a.state, a.counted = of, policy, state, true
	}
	return refused
}

// take counts one call for a key, and returns why it is refused.
func (l *Limits) take(of *class, policy *policy, key limitKey) (limit.State, *fault.Error) {
	state := l.limiter.Take(key, policy.rate)
	if state.Allowed {
		return state, nil
	}
	whose, by := "your address", "address"
	if key.account != "" {
		whose, by = "your account", "account"
	}
	l.refused.Add(context.Background(), 1, metric.WithAttributes(attribute.String("limit", of.name), attribute.String("by", by)))
	return state, fault.New(fault.Exhausted, fault.ReasonRateLimited,
		"too many calls from %s: the limit %q is %s; try again after the delay", whose, of.name, policy.rate.String()).
		With("limit", of.name).RetryAfter(state.Retry)
}

// limitTokens counts calls whose token claimed to be a service's and was not good: anybody
// can write such a token, and verifying it costs.
func limitTokens(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		err := next(ctx, spec, stream)
		if x := originOf(ctx).exchange; err != nil && x != nil {
			if refused := x.badToken(); refused != nil {
				return refused
			}
		}
		return err
	}
}

func (x *exchange) badToken() *fault.Error {
	x.mu.Lock()
	defer x.mu.Unlock()
	a := &x.admission
	if a.class == nil || !a.service || a.known {
		return nil
	}
	return x.take(a.limits.badTokens, limitKey{class: a.limits.badTokens.name, address: x.client.prefix})
}

// limitCallers counts calls for the account that makes them. Services are not limited:
// they call because somebody called them, who was counted.
func limitCallers(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		if x := originOf(ctx).exchange; x != nil {
			if refused := x.admitCaller(authz.Caller(ctx)); refused != nil {
				return refused
			}
		}
		return next(ctx, spec, stream)
	}
}

func (x *exchange) admitCaller(caller authz.Identity) *fault.Error {
	x.mu.Lock()
	defer x.mu.Unlock()
	a := &x.admission
	a.known = true
	if a.class == nil || caller.Kind == authz.Service {
		return nil
	}
	of := a.class
	if a.service {
		if refused := x.take(of, limitKey{class: of.name, address: x.client.prefix}); refused != nil {
			return refused
		}
	}
	if caller.Kind == authz.Anonymous {
		return nil
	}
	return x.take(of, limitKey{class: of.name, account: caller.Key()})
}

// announce sets the headers that show where the client stands (draft-ietf-httpapi-
// ratelimit-headers-10), in every protocol.
func (x *exchange) announce(header http.Header) {
	x.mu.Lock()
	defer x.mu.Unlock()
	a := &x.admission
	if !a.counted {
		return
	}
	header["Ratelimit-Policy"] = a.policy.header
	value := make([]byte, 0, 48)
	value = strconv.AppendQuote(value, a.class.name)
	value = append(value, ";r="...)
	value = strconv.AppendInt(value, int64(a.state.Remaining), 10)
	value = append(value, ";t="...)
	value = strconv.AppendInt(value, int64((a.state.Reset+time.Second-1)/time.Second), 10)
	header["Ratelimit"] = []string{string(value)}
	if !a.state.Allowed {
		header.Set("Retry-After", wholeSeconds(a.state.Retry))
	}
}
