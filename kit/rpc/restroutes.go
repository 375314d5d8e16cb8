package rpc

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"connectrpc.com/connect/v2"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// restRoutes are the HTTP rules (google.api.http) of a server's RPCs: the gateway knows
// them, and reports neither which methods a path takes nor which parameters it ignores.
type restRoutes []restRoute

type restRoute struct {
	procedure, method, template string
	// verb is what is behind the template's last colon, with it; may be empty.
	verb string
	// segments are what the slashes of the template divide, without the verb.
	segments []string
	// body is the field that the body holds, "*" for the whole request.
	body string
	// bound are the fields that the path holds.
	bound []string
	input protoreflect.MessageDescriptor
}

func restRoutesOf(server *connect.Server) restRoutes {
	var routes restRoutes
	for spec := range server.Specs() {
		schema, ok := spec.Schema.(protoreflect.MethodDescriptor)
		if !ok || !proto.HasExtension(schema.Options(), annotations.E_Http) {
			continue
		}
		rule, _ := proto.GetExtension(schema.Options(), annotations.E_Http).(*annotations.HttpRule)
		for _, binding := range append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...) {
			method, template := patternOf(binding)
			verb := verbOf(template)
			routes = append(routes, restRoute{
				procedure: spec.Procedure, method: method, template: template, verb: verb, body: binding.GetBody(),
				segments: strings.Split(strings.TrimSuffix(template, verb), "/"), bound: boundFields(template), input: schema.Input(),
			})
		}
	}
	return routes
}

func patternOf(rule *annotations.HttpRule) (method, template string) {
	switch pattern := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		return http.MethodGet, pattern.Get
	case *annotations.HttpRule_Put:
		return http.MethodPut, pattern.Put
	case *annotations.HttpRule_Post:
		return http.MethodPost, pattern.Post
	case *annotations.HttpRule_Delete:
		return http.MethodDelete, pattern.Delete
	case *annotations.HttpRule_Patch:
		return http.MethodPatch, pattern.Patch
	default:
		return rule.GetCustom().GetKind(), rule.GetCustom().GetPath()
	}
}

// verbOf is the verb of a template: ":ship" of "/v1/orders/{id}:ship".
func verbOf(template string) string {
	if i := strings.LastIndex(template, ":"); i > strings.LastIndex(template, "}") && i > 0 {
		return template[i:]
	}
	return ""
}

// boundFields are the paths of the fields in a template: "id" of "/v1/orders/{id}:ship".
func boundFields(template string) []string {
	var bound []string
	for rest := template; ; {
		_, after, found := strings.Cut(rest, "{")
		if !found {
			return bound
		}
		variable, behind, _ := strings.Cut(after, "}")
		name, _, _ := strings.Cut(variable, "=")
		bound, rest = append(bound, name), behind
	}
}

// methods are the HTTP methods that a path takes, as the header Allow lists them; empty
// for a path that no route has. Where a route has the verb at the path's end, routes
// that would take it for a part of an id don't count.
func (r restRoutes) methods(path string) string {
	var methods []string
	verb := false
	for _, route := range r {
		if !route.matches(path) {
			continue
		}
		if hasVerb := route.verb != ""; hasVerb != verb {
			if !hasVerb {
				continue
			}
			verb, methods = true, nil
		}
		methods = append(methods, route.method)
		if route.method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
	}
	slices.Sort(methods)
	return strings.Join(slices.Compact(methods), ", ")
}

// procedure is the RPC that a request is for; empty when no route takes it.
func (r restRoutes) procedure(path, method string) string {
	found := restRoute{}
	for _, route := range r {
		if route.method == method && route.matches(path) && (found.procedure == "" || found.verb == "") {
			found = route // one with a verb is the closer match
		}
	}
	return found.procedure
}

// matches knows the templates that the contracts have: segments that are written out,
// or a variable of one segment, and a verb behind a colon.
func (r restRoute) matches(path string) bool {
	path, ok := strings.CutSuffix(path, r.verb)
	if !ok || strings.Count(path, "/")+1 != len(r.segments) {
		return false
	}
	for _, want := range r.segments {
		var got string
		got, path, _ = strings.Cut(path, "/")
		if variable := strings.HasPrefix(want, "{"); got != want && (!variable || got == "") {
			return false
		}
	}
	return true
}

// checkQuery refuses a query parameter that would be ignored in silence: one that the
// request has no field for, and one whose field is in the path or in the body.
func (r restRoutes) checkQuery(ctx context.Context, procedure string) *fault.Error {
	request, ok := ctx.Value(restRequestKey{}).(*restRequest)
	if !ok || len(request.query) == 0 {
		return nil
	}
	pattern, _ := runtime.HTTPPathPattern(ctx)
	i := slices.IndexFunc(r, func(route restRoute) bool { return route.procedure == procedure && route.template == pattern })
	if i < 0 {
		return nil
	}
	for name := range request.query {
		if refused := r[i].checkParameter(name); refused != nil {
			return refused
		}
	}
	return nil
}

func (r restRoute) checkParameter(name string) *fault.Error {
	unknown := func(why string) *fault.Error {
		return malformed("the query parameter \"" + fault.Cut(name, 100) + "\" is not known" + why)
	}
	if r.body == "*" {
		return unknown(": send it in the body")
	}
	var path []string
	descriptor := r.input
	for part := range strings.SplitSeq(name, ".") {
		part, _, _ = strings.Cut(part, "[") // a map's parameter is written name[key]
		if descriptor == nil {
			return unknown("")
		}
		field := descriptor.Fields().ByTextName(part)
		if field == nil {
			field = descriptor.Fields().ByJSONName(part)
		}
		if field == nil {
			return unknown("")
		}
		path, descriptor = append(path, string(field.Name())), field.Message()
	}
	switch field := strings.Join(path, "."); {
	case slices.Contains(r.bound, field):
		return unknown(": it is in the path")
	case r.body != "" && path[0] == r.body:
		return unknown(": send it in the body")
	}
	return nil
}
