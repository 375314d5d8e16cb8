package main

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const (
	// namespace is where the services run, port their API.
	namespace = "shop"
	port      = 8080
	// internalPort is for operators: its calls are neither routed nor repeated.
	internalPort = 9090
	// gateway is where calls from outside enter, ingress the identity that it has there.
	gateway = "shop-ingress/public"
	ingress = "cluster.local/ns/shop-ingress/sa/ingress"
)

// The types below are the parts of Istio's resources that are written.
type (
	resource struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
		Spec       any      `yaml:"spec"`
	}
	metadata struct {
		Name      string `yaml:"name"`
		Namespace string `yaml:"namespace"`
	}
	virtualService struct {
		Hosts    []string    `yaml:"hosts"`
		Gateways []string    `yaml:"gateways"`
		HTTP     []httpRoute `yaml:"http"`
	}
	httpRoute struct {
		Name    string        `yaml:"name"`
		Match   []httpMatch   `yaml:"match,omitempty"`
		Route   []destination `yaml:"route"`
		Timeout string        `yaml:"timeout,omitempty"` // none where it is empty
		Retries retries       `yaml:"retries"`
	}
	httpMatch struct {
		URI    *stringMatch `yaml:"uri,omitempty"`
		Method *stringMatch `yaml:"method,omitempty"`
		Port   int          `yaml:"port,omitempty"`
	}
	stringMatch struct {
		Exact  string `yaml:"exact,omitempty"`
		Prefix string `yaml:"prefix,omitempty"`
		Regex  string `yaml:"regex,omitempty"`
	}
	destination struct {
		Destination host `yaml:"destination"`
	}
	host struct {
		Host string     `yaml:"host"`
		Port portNumber `yaml:"port"`
	}
	portNumber struct {
		Number int `yaml:"number"`
	}
	retries struct {
		Attempts      int    `yaml:"attempts"`
		PerTryTimeout string `yaml:"perTryTimeout,omitempty"`
		RetryOn       string `yaml:"retryOn,omitempty"`
	}
	authorizationPolicy struct {
		Selector selector     `yaml:"selector"`
		Action   string       `yaml:"action"`
		Rules    []policyRule `yaml:"rules"`
	}
	selector struct {
		MatchLabels map[string]string `yaml:"matchLabels"`
	}
	policyRule struct {
		From []policyFrom `yaml:"from"`
		To   []policyTo   `yaml:"to"`
	}
	policyFrom struct {
		Source struct {
			Principals []string `yaml:"principals"`
		} `yaml:"source"`
	}
	policyTo struct {
		Operation struct {
			Ports []string `yaml:"ports"`
			Paths []string `yaml:"paths"`
		} `yaml:"operation"`
	}
)

// render returns the files of mesh/istio/gen by their names.
func render(contexts []meshContext, calls []call) (map[string][]byte, error) {
	files := map[string][]byte{}
	public := virtualService{Hosts: []string{"*"}, Gateways: []string{gateway}}
	for _, c := range contexts {
		public.HTTP = append(public.HTTP, publicRoutes(c)...)
		text, err := write(
			"The calls of other services to "+c.name+", RPC by RPC, and who may call what. What no rule lists is refused.",
			resource{"networking.istio.io/v1", "VirtualService", metadata{c.name, namespace}, virtualService{
				Hosts: []string{hostOf(c.name)}, Gateways: []string{"mesh"}, HTTP: meshRoutes(c, calls),
			}},
			resource{"security.istio.io/v1", "AuthorizationPolicy", metadata{c.name, namespace}, policy(c, calls)},
		)
		if err != nil {
			return nil, err
		}
		files[c.name+".yaml"] = text
	}
	// REST paths below a prefix that is no route are answered by the service, with its own
	// error; they come last, so that they take nothing from others.
	for _, c := range contexts {
		public.HTTP = append(public.HTTP, unknownPaths(c)...)
	}
	text, err := write("The calls from outside, over Connect, gRPC, gRPC-Web and REST. What is not listed is a page (../policy/pages.yaml) or 404.",
		resource{"networking.istio.io/v1", "VirtualService", metadata{"public", namespace}, public})
	if err != nil {
		return nil, err
	}
	files["public.yaml"] = text
	bounded, err := limits(contexts)
	if err != nil {
		return nil, err
	}
	files["limits.yaml"], err = write("How often one client may call from outside: all RPCs, and those that state a limit.", bounded)
	return files, err
}

func write(what string, resources ...resource) ([]byte, error) {
	var out bytes.Buffer
	fmt.Fprintf(&out, "# Written by tools/plugins/meshgen from the contracts and callers.yaml; make generate writes it anew.\n# %s\n", what)
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	for _, r := range resources {
		if err := encoder.Encode(r); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), encoder.Close()
}

func hostOf(context string) string { return context + "." + namespace + ".svc.cluster.local" }

// route is how calls of an RPC are led, however they are matched.
func (r rpc) route(matches ...httpMatch) httpRoute {
	route := httpRoute{
		Name: r.name(), Match: matches, Timeout: seconds(r.timeout),
		Route: []destination{{host{hostOf(r.context), portNumber{port}}}},
	}
	switch r.class {
	case read:
		route.Retries = retries{Attempts: 2, PerTryTimeout: seconds(r.perTry), RetryOn: "connect-failure,refused-stream,reset,unavailable,deadline-exceeded,gateway-error"}
	case gathering:
		route.Retries = retries{Attempts: 1, RetryOn: "connect-failure,refused-stream"}
	case writing:
		route.Retries = retries{Attempts: 2, RetryOn: "connect-failure,refused-stream,reset-before-request"}
	case stream:
		route.Retries = retries{Attempts: 2, RetryOn: "connect-failure,refused-stream"}
	}
	return route
}

// seconds is a duration as Istio reads it; empty for none, because it refuses 0s.
func seconds(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%gs", d.Seconds())
}

// meshRoutes are the routes of what other services call, and of operators' calls. Anything
// else has none, and is refused by the policy besides.
func meshRoutes(c meshContext, calls []call) []httpRoute {
	var routes []httpRoute
	for _, r := range c.rpcs {
		if slices.ContainsFunc(calls, func(made call) bool { return made.rpc.procedure == r.procedure }) {
			routes = append(routes, r.route(httpMatch{URI: &stringMatch{Exact: r.procedure}, Port: port}))
		}
	}
	// Without it the routes of the host would hold for this port, too.
	return append(routes, httpRoute{
		Name: c.name + ".internal", Match: []httpMatch{{Port: internalPort}},
		Route: []destination{{host{hostOf(c.name), portNumber{internalPort}}}},
	})
}

// publicRoutes are the routes of what may be called from outside.
func publicRoutes(c meshContext) []httpRoute {
	var routes []httpRoute
	for _, r := range c.rpcs {
		if !r.public {
			continue
		}
		matches := []httpMatch{{URI: &stringMatch{Exact: r.procedure}}}
		for _, rest := range r.rest {
			uri := &stringMatch{}
			if text, constant := rest.expression(); constant {
				uri.Exact = text
			} else {
				uri.Regex = text
			}
			method := &stringMatch{Exact: rest.method}
			if rest.method == "GET" {
				method = &stringMatch{Regex: "GET|HEAD"}
			}
			matches = append(matches, httpMatch{URI: uri, Method: method})
		}
		routes = append(routes, r.route(matches...))
	}
	for _, p := range c.public {
		r := rpc{context: c.name, service: "page", method: path.Base(p.path), class: read, timeout: 3 * time.Second, perTry: time.Second}
		if p.writes {
			r.class, r.timeout, r.perTry = writing, 15*time.Second, 0
		}
		routes = append(routes, r.route(httpMatch{URI: &stringMatch{Exact: p.path}}))
	}
	return routes
}

// unknownPaths leads what is near a context's REST paths, and none of them, to it: a wrong
// method, a wrong verb, a preflight.
func unknownPaths(c meshContext) []httpRoute {
	var matches []httpMatch
	for _, prefix := range restPrefixes(c) {
		matches = append(matches, httpMatch{URI: &stringMatch{Exact: prefix}}, httpMatch{URI: &stringMatch{Prefix: prefix + "/"}}, httpMatch{URI: &stringMatch{Prefix: prefix + ":"}})
	}
	if len(matches) == 0 {
		return nil
	}
	unknown := rpc{context: c.name, service: "unknown", method: "path", class: writing, timeout: 15 * time.Second}
	return []httpRoute{unknown.route(matches...)}
}

// restPrefixes are the first two segments of the REST paths that are reached from outside,
// without a verb: "/v1/orders".
func restPrefixes(c meshContext) []string {
	var prefixes []string
	for _, r := range c.rpcs {
		if !r.public {
			continue
		}
		for _, rest := range r.rest {
			segments := strings.SplitN(rest.template, "/", 4)
			collection, _, _ := strings.Cut(segments[2], ":")
			if prefix := "/" + segments[1] + "/" + collection; !slices.Contains(prefixes, prefix) {
				prefixes = append(prefixes, prefix)
			}
		}
	}
	slices.Sort(prefixes)
	return prefixes
}

// policy lists who may call what of a context.
func policy(c meshContext, calls []call) authorizationPolicy {
	p := authorizationPolicy{Selector: selector{map[string]string{"app": c.name}}, Action: "ALLOW"}
	allow := func(principal string, paths []string) {
		if len(paths) == 0 {
			return
		}
		var from policyFrom
		from.Source.Principals = []string{principal}
		var to policyTo
		to.Operation.Ports, to.Operation.Paths = []string{fmt.Sprint(port)}, paths
		p.Rules = append(p.Rules, policyRule{[]policyFrom{from}, []policyTo{to}})
	}
	var outside []string
	for _, p := range c.public {
		outside = append(outside, p.path)
	}
	for _, r := range c.rpcs {
		if r.public {
			outside = append(outside, r.procedure)
		}
	}
	for _, prefix := range restPrefixes(c) {
		outside = append(outside, prefix, prefix+"/*", prefix+":*")
	}
	allow(ingress, outside)
	var caller string
	var paths []string
	for _, made := range calls {
		if made.callee != c.name {
			continue
		}
		if made.caller != caller {
			allow(principalOf(caller), paths)
			caller, paths = made.caller, nil
		}
		paths = append(paths, made.rpc.procedure)
	}
	allow(principalOf(caller), paths)
	return p
}

func principalOf(context string) string {
	return "cluster.local/ns/" + namespace + "/sa/" + context
}
