// Package rest makes requests of REST out of messages, by the routes of the contracts.
package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Request is one of REST.
type Request struct {
	Verb string
	// Path begins with a slash, and has the query at its end.
	Path string
	// Body is JSON; nil for none.
	Body []byte
}

// Route is a way to call an RPC over REST.
type Route struct {
	Verb string
	// Template is the path, with the fields that it holds in braces.
	Template string
	// Body is the field that the body holds: "*" for all that the path does not, "" for none.
	Body string
}

// Routes are those of an RPC; none when it can't be called over REST.
func Routes(method protoreflect.MethodDescriptor) []Route {
	if !proto.HasExtension(method.Options(), annotations.E_Http) {
		return nil
	}
	rule, _ := proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule)
	var all []Route
	for _, binding := range append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...) {
		verb, template := pattern(binding)
		all = append(all, Route{verb, template, binding.GetBody()})
	}
	return all
}

// Variables are the paths of the fields in the template.
func (r Route) Variables() []string {
	var names []string
	for _, part := range strings.Split(r.Template, "{")[1:] {
		name, _, _ := strings.Cut(part, "}")
		names = append(names, name)
	}
	return names
}

// Path is the template with a value in the place of each variable.
func (r Route) Path(value func(variable string) string) string {
	path := r.Template
	for _, name := range r.Variables() {
		path = strings.Replace(path, "{"+name+"}", url.PathEscape(value(name)), 1)
	}
	return path
}

// For returns the request that brings a message to an RPC that has a route: by the first of
// its routes whose path has values in the message.
func For(method protoreflect.MethodDescriptor, message proto.Message) (Request, error) {
	text, err := protojson.Marshal(message)
	if err != nil {
		return Request{}, fmt.Errorf("encode a %s: %w", message.ProtoReflect().Descriptor().FullName(), err)
	}
	for _, route := range Routes(method) {
		valueOf := func(variable string) string { return textAt(message.ProtoReflect(), strings.Split(variable, ".")) }
		if slices.ContainsFunc(route.Variables(), func(variable string) bool { return valueOf(variable) == "" }) {
			continue
		}
		var fields map[string]any
		if err := json.Unmarshal(text, &fields); err != nil {
			return Request{}, err
		}
		for _, variable := range route.Variables() {
			remove(fields, message.ProtoReflect().Descriptor(), strings.Split(variable, "."))
		}
		return split(Request{Verb: route.Verb, Path: route.Path(valueOf)}, route.Body, fields, message.ProtoReflect().Descriptor())
	}
	return Request{}, fmt.Errorf("no route of %s takes %s", method.FullName(), text)
}

// split puts the fields into the body and the query of a request.
func split(r Request, body string, fields map[string]any, message protoreflect.MessageDescriptor) (_ Request, err error) {
	switch body {
	case "":
	case "*":
		r.Body, err = json.Marshal(fields)
		return r, err
	default:
		name := message.Fields().ByName(protoreflect.Name(body)).JSONName()
		if r.Body, err = json.Marshal(fields[name]); err != nil {
			return r, err
		}
		delete(fields, name)
	}
	query := url.Values{}
	for name, value := range fields {
		list, several := value.([]any)
		if !several {
			list = []any{value}
		}
		for _, item := range list {
			query.Add(name, fmt.Sprint(item))
		}
	}
	if len(query) > 0 {
		r.Path += "?" + query.Encode()
	}
	return r, nil
}

func pattern(rule *annotations.HttpRule) (verb, template string) {
	switch {
	case rule.GetPost() != "":
		return http.MethodPost, rule.GetPost()
	case rule.GetPatch() != "":
		return http.MethodPatch, rule.GetPatch()
	case rule.GetDelete() != "":
		return http.MethodDelete, rule.GetDelete()
	default:
		return http.MethodGet, rule.GetGet()
	}
}

func textAt(message protoreflect.Message, path []string) string {
	field := message.Descriptor().Fields().ByName(protoreflect.Name(path[0]))
	if len(path) > 1 {
		return textAt(message.Get(field).Message(), path[1:])
	}
	return message.Get(field).String()
}

// remove takes a field out of a message's JSON.
func remove(fields map[string]any, message protoreflect.MessageDescriptor, path []string) {
	field := message.Fields().ByName(protoreflect.Name(path[0]))
	if len(path) == 1 {
		delete(fields, field.JSONName())
		return
	}
	if inner, ok := fields[field.JSONName()].(map[string]any); ok {
		remove(inner, field.Message(), path[1:])
	}
}
