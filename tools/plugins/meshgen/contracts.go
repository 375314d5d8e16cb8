package main

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/shopmesh/shopmesh/tools/plugins/internal/descriptors"
)

// A meshContext is a service of the mesh, with the RPCs that its API's port serves.
type meshContext struct {
	name string
	rpcs []rpc
	// public is what the outside reaches beside the RPCs.
	public []page
}

// A page is a path that is no RPC: a document, or where others report events.
type page struct {
	path string
	// writes reports that a request to it has side effects.
	writes bool
}

// pages are those that services serve beside their RPCs, by context: the documents of who
// verifies tokens (RFC 8414), and where Stripe reports events.
func pages() map[string][]page {
	return map[string][]page{
		"identity": {{path: "/.well-known/jwks.json"}, {path: "/.well-known/oauth-authorization-server"}},
		"payment":  {{path: "/webhooks/stripe", writes: true}},
	}
}

// An rpc is what the mesh knows of an RPC.
type rpc struct {
	context string
	// service and method are as in the contract: "OrderService", "GetOrder".
	service, method string
	// procedure is its path in Connect, gRPC and gRPC-Web.
	procedure string
	class     class
	timeout   time.Duration
	perTry    time.Duration
	rest      []restRoute
	// public reports that callers from outside the mesh may reach it; the service decides
	// whether they may call it.
	public bool
	// limit is what its calls count as: a name of options.proto's Limit.
	limit string
}

func (r rpc) name() string { return r.context + "." + r.service + "." + r.method }

// restRoute is a route of the REST API.
type restRoute struct {
	method string
	// template is the path as in the contract: "/v1/orders/{id}:cancel".
	template string
}

// class is how the mesh repeats an RPC.
type class int

const (
	// read has no side effects and calls no other service: it is repeated when its server
	// fails or is slow.
	read class = iota
	// gathering is a read that calls other services, whose failures are repeated there.
	gathering
	// writing is repeated only when the request reached no server.
	writing
	// stream is repeated only when it could not begin.
	stream
)

// contextOf has the contracts of the services: shopmesh.order.v1. OperationsService, which
// every process serves on its internal port alone, is none of them.
var contextOf = regexp.MustCompile(`^shopmesh\.([a-z]+)\.v1$`)

const operations = "operations"

// readContracts reads the RPCs of all contexts from a FileDescriptorSet, as `buf build`
// writes it, sorted by name. An RPC whose options contradict each other is an error.
func readContracts(raw []byte) ([]meshContext, error) {
	files, err := descriptors.Load(raw)
	if err != nil {
		return nil, err
	}
	byName := map[string]*meshContext{}
	var errs []error
	files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		found := contextOf.FindStringSubmatch(string(file.Package()))
		if found == nil || found[1] == operations {
			return true
		}
		for i := range file.Services().Len() {
			c := byName[found[1]]
			if c == nil {
				c = &meshContext{name: found[1]}
				byName[c.name] = c
			}
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				r, err := readMethod(c.name, methods.Get(j))
				c.rpcs, errs = append(c.rpcs, r), append(errs, err)
			}
		}
		return true
	})
	var contexts []meshContext
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		c := *byName[name]
		c.public = pages()[name]
		slices.SortFunc(c.rpcs, func(a, b rpc) int { return strings.Compare(a.name(), b.name()) })
		contexts = append(contexts, c)
	}
	return contexts, errors.Join(errs...)
}

// option returns an option of an RPC that is a message; nil when the RPC does not state it.
func option(m protoreflect.MethodDescriptor, name protoreflect.FullName) protoreflect.Message {
	stated := descriptors.Option(m, name)
	if !stated.IsValid() {
		return nil
	}
	return stated.Message()
}

// into reads a message into one of a type that this program knows.
func into[M proto.Message](from protoreflect.Message, to M) (M, error) {
	raw, err := proto.Marshal(from.Interface())
	if err == nil {
		err = proto.Unmarshal(raw, to)
	}
	return to, err
}

// readMethod reads an RPC.
func readMethod(context string, m protoreflect.MethodDescriptor) (rpc, error) {
	service := m.Parent()
	r := rpc{
		context: context, service: string(service.Name()), method: string(m.Name()),
		procedure: fmt.Sprintf("/%s/%s", service.FullName(), m.Name()),
	}
	var err error
	if r.rest, err = readREST(m); err != nil {
		return r, fmt.Errorf("%s: %w", r.procedure, err)
	}
	r.public = fromOutside(m)
	r.limit = limitOf(m, descriptors.Option(m, limitOption))
	mesh := option(m, "shopmesh.options.v1.mesh")
	if mesh == nil {
		return r, fmt.Errorf("%s does not state the option mesh", r.procedure)
	}
	if r.timeout, err = duration(mesh, "timeout"); err != nil {
		return r, err
	}
	if r.perTry, err = duration(mesh, "per_try_timeout"); err != nil {
		return r, err
	}
	return r, r.classify(m)
}

// classify decides what the mesh repeats, and refuses time-outs that don't fit.
func (r *rpc) classify(m protoreflect.MethodDescriptor) error {
	options, _ := m.Options().(*descriptorpb.MethodOptions)
	reads := options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS
	switch {
	case m.IsStreamingServer() || m.IsStreamingClient():
		r.class = stream
		if r.timeout != 0 || r.perTry != 0 {
			return fmt.Errorf("%s is a stream, and states a time-out: the server ends streams", r.procedure)
		}
		return nil
	case reads && r.perTry > 0:
		r.class = read
	case reads:
		r.class = gathering
	default:
		r.class = writing
		if r.perTry != 0 {
			return fmt.Errorf("%s has side effects, and states per_try_timeout: what is slow may have happened", r.procedure)
		}
	}
	if r.timeout <= 0 || r.timeout > time.Minute || r.perTry > r.timeout {
		return fmt.Errorf("%s states the time-outs %v and %v: give timeout up to a minute, and per_try_timeout up to timeout", r.procedure, r.timeout, r.perTry)
	}
	return nil
}

func duration(mesh protoreflect.Message, name protoreflect.Name) (time.Duration, error) {
	field := mesh.Descriptor().Fields().ByName(name)
	if field == nil || !mesh.Has(field) {
		return 0, nil
	}
	d, err := into(mesh.Get(field).Message(), &durationpb.Duration{})
	return d.AsDuration(), err
}

func readREST(m protoreflect.MethodDescriptor) ([]restRoute, error) {
	stated := option(m, "google.api.http")
	if stated == nil {
		return nil, nil
	}
	rule, err := into(stated, &annotations.HttpRule{})
	if err != nil {
		return nil, err
	}
	var routes []restRoute
	for _, r := range append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...) {
		switch p := r.GetPattern().(type) {
		case *annotations.HttpRule_Get:
			routes = append(routes, restRoute{"GET", p.Get})
		case *annotations.HttpRule_Post:
			routes = append(routes, restRoute{"POST", p.Post})
		case *annotations.HttpRule_Put:
			routes = append(routes, restRoute{"PUT", p.Put})
		case *annotations.HttpRule_Patch:
			routes = append(routes, restRoute{"PATCH", p.Patch})
		case *annotations.HttpRule_Delete:
			routes = append(routes, restRoute{"DELETE", p.Delete})
		default:
			return nil, fmt.Errorf("the REST route %v is of a kind that is not known", r)
		}
	}
	return routes, nil
}

// servicesOnly are the fields of the option authorization that let services in, or only
// restrict others.
var servicesOnly = []protoreflect.Name{"service", "services", "step_up", "no_api_key"}

// fromOutside reports whether anybody but another service may call the RPC.
func fromOutside(m protoreflect.MethodDescriptor) bool {
	stated := option(m, "shopmesh.options.v1.authorization")
	if stated == nil {
		return false
	}
	outside := false
	stated.Range(func(field protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		outside = outside || !slices.Contains(servicesOnly, field.Name())
		return true
	})
	return outside
}

var variable = regexp.MustCompile(`\{[^{}]*\}`)

// expression is the regular expression of the paths of a REST route: a variable is one
// segment of a path, without the verb after a colon.
func (r restRoute) expression() (text string, constant bool) {
	parts := variable.Split(r.template, -1)
	if len(parts) == 1 {
		return r.template, true
	}
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return strings.Join(parts, `[^/:]+`), false
}
