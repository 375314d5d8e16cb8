package app

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"go.opentelemetry.io/otel/metric"

	edgev1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/edge/v1"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/limit"
	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/settings"
)

// edgeSettings names the settings of the edge.
const edgeSettings = "edge"

// appliedEdge is what a process applies of the settings of the edge to its API's port.
type appliedEdge struct {
	limits  *rpc.Limits
	origins *rpc.Origins
}

// openEdge has the settings of the edge applied, from now on and at each change. The process
// keeps them in the database of its first context; one without contexts has the defaults. One
// that stands behind a mesh counts what pages call for their visitors all the same: the mesh
// counts a page as one request, whatever it calls.
func (h *host) openEdge(meter metric.MeterProvider) (appliedEdge, error) {
	var edge appliedEdge
	var err error
	if edge.limits, err = rpc.NewLimits(rpc.Rates{}, meter, time.Now); err != nil {
		return edge, err
	}
	if edge.origins, err = rpc.NewOrigins(); err != nil {
		return edge, err
	}
	if !h.process.Edge.Limited {
		rates, err := ratesOf(settings.Defaults[*edgev1.Settings]())
		if err != nil {
			return edge, err
		}
		edge.limits.SetForVisitors(rates)
	}
	defaults := h.process.DefaultEdge()
	first, ok := h.firstContext()
	if !ok {
		_, err = edge.apply(defaults)
		return edge, err
	}
	source, err := first.applied.open(edgeSettings)
	if err != nil {
		return edge, err
	}
	_, err = settings.NewLive(source, defaults, edge.apply)
	return edge, err
}

// firstContext is the first by name of the contexts with a database.
func (h *host) firstContext() (contextDeps, bool) {
	names := slices.Sorted(maps.Keys(h.contexts))
	if len(names) == 0 {
		return contextDeps{}, false
	}
	return h.contexts[names[0]], true
}

// DefaultEdge is what holds for the process where an owner set nothing: the rates of the
// contract where the process limits, else none.
func (p Process) DefaultEdge() *edgev1.Settings {
	defaults := settings.Defaults[*edgev1.Settings]()
	if !p.Edge.Limited {
		off := limit.Rate{}.String()
		defaults.ReadsRate, defaults.OrdersRate, defaults.SignInRate, defaults.MailsRate = &off, &off, &off, &off
	}
	return defaults
}

// apply lets requests from now on meet the settings, or returns why it can't.
func (e appliedEdge) apply(set *edgev1.Settings) (rpc.Rates, error) {
	rates, err := ratesOf(set)
	if err != nil {
		return rates, err
	}
	for _, origin := range set.GetCorsOrigins() {
		if err := grammar.Origin(origin); err != nil {
			return rates, fmt.Errorf("cors_origins: %w", err)
		}
	}
	if err := e.origins.Set(set.GetCorsOrigins()); err != nil {
		return rates, err
	}
	e.limits.Set(rates)
	return rates, nil
}

// ratesOf reads the rates of settings.
func ratesOf(set *edgev1.Settings) (rpc.Rates, error) {
	var rates rpc.Rates
	for _, one := range []struct {
		field, text string
		into        *limit.Rate
	}{
		{"reads_rate", set.GetReadsRate(), &rates.Reads}, {"orders_rate", set.GetOrdersRate(), &rates.Orders},
		{"sign_in_rate", set.GetSignInRate(), &rates.SignIn}, {"mails_rate", set.GetMailsRate(), &rates.Mails},
	} {
		var err error
		if *one.into, err = limit.ParseRate(one.text); err != nil {
			return rates, fmt.Errorf("%s: %w", one.field, err)
		}
	}
	return rates, nil
}
