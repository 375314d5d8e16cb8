package bounds_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

func procedureOf(method protoreflect.MethodDescriptor) string {
	return fmt.Sprintf("/%s/%s", method.Parent().FullName(), method.Name())
}

// over returns the requests that bring a body to a method: in all protocols but REST,
// each codec that the body is given in, plain and compressed.
func (s *shop) over(method protoreflect.MethodDescriptor, binary, text []byte) []request {
	to := s.url(method) + procedureOf(method)
	var all []request
	add := func(protocol, contentType string, body []byte, headers ...string) {
		all = append(all, request{protocol, "POST", to, contentType, headers, body})
	}
	for _, codec := range []struct {
		name string
		body []byte
	}{{"proto", binary}, {"json", text}} {
		if codec.body == nil {
			continue
		}
		packed := gzipped(codec.body)
		if method.IsStreamingServer() {
			add("Connect stream, "+codec.name, "application/connect+"+codec.name, enveloped(codec.body, 0))
			add("Connect stream, gzip "+codec.name, "application/connect+"+codec.name, enveloped(packed, 1), "Connect-Content-Encoding", "gzip")
		} else {
			add("Connect, "+codec.name, "application/"+codec.name, codec.body)
			add("Connect, gzip "+codec.name, "application/"+codec.name, packed, "Content-Encoding", "gzip")
		}
		if codec.name == "json" {
			continue
		}
		add("gRPC, proto", "application/grpc+proto", enveloped(codec.body, 0), "Te", "trailers")
		add("gRPC, gzip proto", "application/grpc+proto", enveloped(packed, 1), "Te", "trailers", "Grpc-Encoding", "gzip")
		add("gRPC-Web, proto", "application/grpc-web+proto", enveloped(codec.body, 0))
	}
	return all
}

// overREST returns the request of REST that brings a JSON text, which is the whole
// request, to a method that takes a body.
func (s *shop) overREST(method protoreflect.MethodDescriptor, text string) []request {
	rule := routeOf(method)
	verb, path := verbOf(rule)
	if verb == "GET" || verb == "DELETE" {
		return nil
	}
	return []request{{"REST", verb, s.url(method) + filled(path, nil), "application/json", nil, []byte(restBody(rule, text))}}
}

func routeOf(method protoreflect.MethodDescriptor) *annotations.HttpRule {
	rule, _ := proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule)
	return rule
}

func verbOf(rule *annotations.HttpRule) (verb, path string) {
	switch {
	case rule.GetPost() != "":
		return "POST", rule.GetPost()
	case rule.GetPatch() != "":
		return "PATCH", rule.GetPatch()
	case rule.GetDelete() != "":
		return "DELETE", rule.GetDelete()
	default:
		return "GET", rule.GetGet()
	}
}

// filled is a template's path with a message's values in place of its variables, and
// ids where there is no message.
func filled(template string, message protoreflect.Message) string {
	for strings.Contains(template, "{") {
		before, after, _ := strings.Cut(template, "{")
		name, behind, _ := strings.Cut(after, "}")
		value := "0190c8f2-7f6e-7c3e-8f37-111111111111"
		if message != nil {
			if text := textAt(message, strings.Split(name, ".")); text != "" {
				value = text
			}
		}
		template = before + url.PathEscape(value) + behind
	}
	return template
}

func textAt(message protoreflect.Message, path []string) string {
	field := message.Descriptor().Fields().ByName(protoreflect.Name(path[0]))
	if len(path) > 1 {
		return textAt(message.Get(field).Message(), path[1:])
	}
	return message.Get(field).String()
}

// restBody is the JSON of the field that the route's body holds, or all of it.
func restBody(rule *annotations.HttpRule, text string) string {
	inner, ok := strings.CutPrefix(text, `{"`+rule.GetBody()+`":`)
	if rule.GetBody() == "*" || !ok {
		return text
	}
	return strings.TrimSuffix(inner, "}")
}

// messageOver returns the requests that bring a message to a method, in all protocols.
func (s *shop) messageOver(method protoreflect.MethodDescriptor, message proto.Message) []request {
	binary, err := proto.Marshal(message)
	if err != nil {
		panic(err)
	}
	text, err := protojson.Marshal(message)
	if err != nil { // JSON has no mask of such paths
		return s.over(method, binary, nil)
	}
	return append(s.over(method, binary, text), s.messageOverREST(method, message.ProtoReflect(), text))
}

// messageOverREST splits a message into the path, the body and the query of its route.
func (s *shop) messageOverREST(method protoreflect.MethodDescriptor, message protoreflect.Message, text []byte) request {
	rule := routeOf(method)
	verb, path := verbOf(rule)
	var parts map[string]any
	if err := json.Unmarshal(text, &parts); err != nil {
		panic(err)
	}
	inPath := variables(path)
	r := request{"REST", verb, s.url(method) + filled(path, message), "application/json", nil, nil}
	for _, name := range inPath {
		remove(parts, message.Descriptor(), strings.Split(name, "."))
	}
	switch body := rule.GetBody(); body {
	case "":
	case "*":
		r.body, _ = json.Marshal(parts)
		return r
	default:
		name := message.Descriptor().Fields().ByName(protoreflect.Name(body)).JSONName()
		r.body, _ = json.Marshal(parts[name])
		delete(parts, name)
	}
	query := url.Values{}
	for name, value := range parts {
		if list, ok := value.([]any); ok {
			for _, item := range list {
				query.Add(name, fmt.Sprint(item))
			}
			continue
		}
		query.Set(name, fmt.Sprint(value))
	}
	if len(query) > 0 {
		r.url += "?" + query.Encode()
	}
	return r
}

func variables(template string) []string {
	var names []string
	for _, part := range strings.Split(template, "{")[1:] {
		name, _, _ := strings.Cut(part, "}")
		names = append(names, name)
	}
	return names
}

func remove(parts map[string]any, message protoreflect.MessageDescriptor, path []string) {
	field := message.Fields().ByName(protoreflect.Name(path[0]))
	if len(path) == 1 {
		delete(parts, field.JSONName())
		return
	}
	if inner, ok := parts[field.JSONName()].(map[string]any); ok {
		remove(inner, field.Message(), path[1:])
	}
}

// inQuery returns the requests of REST that are as long in the query as headers may be:
// each field of a message that is read, as one long value and as many short ones.
func (s *shop) inQuery(method protoreflect.MethodDescriptor) []request {
	rule := routeOf(method)
	verb, path := verbOf(rule)
	if verb != "GET" && verb != "DELETE" {
		return nil
	}
	const room = 60_000
	var all []request
	to := s.url(method) + filled(path, nil)
	add := func(query string) {
		all = append(all, request{"REST", verb, to + "?" + query, "application/json", nil, nil})
	}
	add(strings.Repeat("unknown=1&", room/10))
	add(strings.Repeat("a.", room/2) + "=1")
	fields := method.Input().Fields()
	for i := range fields.Len() {
		name := fields.Get(i).JSONName()
		if slices.Contains(variables(path), string(fields.Get(i).Name())) {
			continue
		}
		add(strings.Repeat(name+"=&", room/(len(name)+2)))
		add(name + "=" + strings.Repeat("%CC%81", room/6))
		add(name + "=" + strings.Repeat("9", room))
	}
	return all
}
