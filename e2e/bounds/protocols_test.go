package bounds_test

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/shopmesh/shopmesh/e2e/internal/contracts"
	"github.com/shopmesh/shopmesh/e2e/internal/rest"
)

// over returns the requests that bring a body to a method: in all protocols but REST,
// each codec that the body is given in, plain and compressed.
func (s *shop) over(method protoreflect.MethodDescriptor, binary, text []byte) []request {
	to := s.url(method) + contracts.Procedure(method)
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

// overREST returns the requests of REST that bring a JSON text, which is the whole
// request, to a method: by each of its routes that takes a body.
func (s *shop) overREST(method protoreflect.MethodDescriptor, text string) []request {
	var all []request
	for _, route := range rest.Routes(method) {
		if route.Body != "" {
			all = append(all, request{"REST", route.Verb, s.url(method) + route.Path(anID), "application/json", nil, []byte(restBody(route, text))})
		}
	}
	return all
}

// anID is what paths hold in the place of each variable where there is no message.
func anID(string) string { return "0190c8f2-7f6e-7c3e-8f37-111111111111" }

// restBody is the JSON of the field that the route's body holds, or all of it.
func restBody(route rest.Route, text string) string {
	inner, ok := strings.CutPrefix(text, `{"`+route.Body+`":`)
	if !ok {
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
	all := s.over(method, binary, text)
	if len(rest.Routes(method)) > 0 {
		all = append(all, s.messageOverREST(method, message))
	}
	return all
}

func (s *shop) messageOverREST(method protoreflect.MethodDescriptor, message proto.Message) request {
	made, err := rest.For(method, message)
	if err != nil {
		panic(err)
	}
	return request{"REST", made.Verb, s.url(method) + made.Path, "application/json", nil, made.Body}
}

// inQuery returns the requests of REST that are as long in the query as headers may be:
// each field of a message that is read, as one long value and as many short ones.
func (s *shop) inQuery(method protoreflect.MethodDescriptor) []request {
	const room = 60_000
	var all []request
	for _, route := range rest.Routes(method) {
		if route.Body != "" {
			continue
		}
		add := func(query string) {
			all = append(all, request{"REST", route.Verb, s.url(method) + route.Path(anID) + "?" + query, "application/json", nil, nil})
		}
		add(strings.Repeat("unknown=1&", room/10))
		add(strings.Repeat("a.", room/2) + "=1")
		fields := method.Input().Fields()
		for i := range fields.Len() {
			name := fields.Get(i).JSONName()
			if slices.Contains(route.Variables(), string(fields.Get(i).Name())) {
				continue
			}
			add(strings.Repeat(name+"=&", room/(len(name)+2)))
			add(name + "=" + strings.Repeat("%CC%81", room/6))
			add(name + "=" + strings.Repeat("9", room))
		}
	}
	return all
}
