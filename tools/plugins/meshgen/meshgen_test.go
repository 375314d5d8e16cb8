package main

import (
	"strings"
	"testing"

	_ "google.golang.org/genproto/googleapis/api/annotations" // an option of the contracts below
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// options are those of our contracts that meshgen reads.
const options = `
name: "shopmesh/options/v1/options.proto" package: "shopmesh.options.v1" syntax: "proto3"
dependency: "google/protobuf/descriptor.proto" dependency: "google/protobuf/duration.proto"
message_type {
  name: "Authorization"
  field { name: "public" number: 1 type: TYPE_BOOL json_name: "public" }
  field { name: "services" number: 10 type: TYPE_STRING label: LABEL_REPEATED json_name: "services" }
  field { name: "no_api_key" number: 9 type: TYPE_BOOL json_name: "noApiKey" }
}
message_type {
  name: "Mesh"
  field { name: "timeout" number: 1 type: TYPE_MESSAGE type_name: ".google.protobuf.Duration" json_name: "timeout" }
  field { name: "per_try_timeout" number: 2 type: TYPE_MESSAGE type_name: ".google.protobuf.Duration" json_name: "perTryTimeout" }
}
extension { name: "authorization" number: 50701 type: TYPE_MESSAGE type_name: ".shopmesh.options.v1.Authorization" extendee: ".google.protobuf.MethodOptions" json_name: "authorization" }
enum_type { name: "Limit" value { name: "LIMIT_UNSPECIFIED" number: 0 } value { name: "LIMIT_ORDERS" number: 1 } value { name: "LIMIT_SIGN_IN" number: 2 } value { name: "LIMIT_MAILS" number: 3 } }
extension { name: "limit" number: 50703 type: TYPE_ENUM type_name: ".shopmesh.options.v1.Limit" extendee: ".google.protobuf.MethodOptions" json_name: "limit" }
extension { name: "mesh" number: 50705 type: TYPE_MESSAGE type_name: ".shopmesh.options.v1.Mesh" extendee: ".google.protobuf.MethodOptions" json_name: "mesh" }
`

// shelf is a contract whose RPCs are of all classes.
const shelf = `
name: "shelf.proto" package: "shopmesh.shelf.v1" syntax: "proto3" dependency: "shopmesh/options/v1/options.proto"
dependency: "google/api/annotations.proto"
message_type { name: "M" }
service {
  name: "ShelfService"
  method { name: "GetBook" input_type: ".shopmesh.shelf.v1.M" output_type: ".shopmesh.shelf.v1.M" options {
    idempotency_level: NO_SIDE_EFFECTS [shopmesh.options.v1.mesh] { timeout { seconds: 3 } per_try_timeout { seconds: 1 } }
    [shopmesh.options.v1.authorization] { public: true } [google.api.http] { get: "/v1/books/{id}" } } }
  method { name: "GatherBooks" input_type: ".shopmesh.shelf.v1.M" output_type: ".shopmesh.shelf.v1.M" options {
    idempotency_level: NO_SIDE_EFFECTS [shopmesh.options.v1.mesh] { timeout { seconds: 8 } }
    [shopmesh.options.v1.authorization] { services: "desk" no_api_key: true } } }
  method { name: "LendBook" input_type: ".shopmesh.shelf.v1.M" output_type: ".shopmesh.shelf.v1.M" options {
    idempotency_level: IDEMPOTENT [shopmesh.options.v1.mesh] { timeout { seconds: 1 nanos: 500000000 } }
    [shopmesh.options.v1.limit]: LIMIT_ORDERS
    [shopmesh.options.v1.authorization] { public: true services: "desk" } [google.api.http] { post: "/v1/books/{book.id}:lend" } } }
  method { name: "WatchBook" input_type: ".shopmesh.shelf.v1.M" output_type: ".shopmesh.shelf.v1.M" server_streaming: true options {
    idempotency_level: NO_SIDE_EFFECTS [shopmesh.options.v1.mesh] { }
    [shopmesh.options.v1.authorization] { public: true } } }
}
`

const desk = `
name: "desk.proto" package: "shopmesh.desk.v1" syntax: "proto3" dependency: "shopmesh/options/v1/options.proto"
message_type { name: "M" }
service {
  name: "DeskService"
  method { name: "Ring" input_type: ".shopmesh.desk.v1.M" output_type: ".shopmesh.desk.v1.M" options {
    [shopmesh.options.v1.limit]: LIMIT_MAILS
    [shopmesh.options.v1.mesh] { timeout { seconds: 15 } } [shopmesh.options.v1.authorization] { public: true } } }
  method { name: "Knock" input_type: ".shopmesh.desk.v1.M" output_type: ".shopmesh.desk.v1.M" options {
    [shopmesh.options.v1.limit]: LIMIT_SIGN_IN
    [shopmesh.options.v1.mesh] { timeout { seconds: 15 } } [shopmesh.options.v1.authorization] { public: true } [google.api.http] { post: "/v1/knocks" } } }
}
`

// resolver finds the options of this test, and those that the program knows.
type resolver struct {
	*dynamicpb.Types
}

func (r resolver) FindExtensionByName(name protoreflect.FullName) (protoreflect.ExtensionType, error) {
	if found, err := r.Types.FindExtensionByName(name); err == nil {
		return found, nil
	}
	return protoregistry.GlobalTypes.FindExtensionByName(name)
}

// contractsOf returns a FileDescriptorSet of contracts as text.
func contractsOf(t *testing.T, contracts ...string) []byte {
	t.Helper()
	set := &descriptorpb.FileDescriptorSet{}
	for _, path := range []string{"google/protobuf/descriptor.proto", "google/protobuf/duration.proto", "google/api/http.proto", "google/api/annotations.proto"} {
		file, err := protoregistry.GlobalFiles.FindFileByPath(path)
		if err != nil {
			t.Fatal(err)
		}
		set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
	}
	read := func(text string, r resolver) {
		t.Helper()
		file := &descriptorpb.FileDescriptorProto{}
		unmarshal := prototext.UnmarshalOptions{}
		if r.Types != nil {
			unmarshal.Resolver = r
		}
		if err := unmarshal.Unmarshal([]byte(text), file); err != nil {
			t.Fatal(err)
		}
		set.File = append(set.File, file)
	}
	read(options, resolver{})
	files, err := protodesc.NewFiles(set)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range contracts {
		read(text, resolver{dynamicpb.NewTypes(files)})
	}
	raw, err := proto.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestEachRPCHasItsRoute(t *testing.T) {
	t.Parallel()
	contexts, err := readContracts(contractsOf(t, shelf, desk))
	if err != nil {
		t.Fatal(err)
	}
	calls, err := readCallers([]byte("desk:\n  shelf: [ShelfService/GatherBooks, ShelfService/LendBook]\n\"*\":\n  desk: [DeskService/Ring]\n"), contexts)
	if err != nil {
		t.Fatal(err)
	}
	files, err := render(contexts, calls)
	if err != nil {
		t.Fatal(err)
	}
	has := func(name string, wants ...string) {
		t.Helper()
		text := strings.Join(strings.Fields(string(files[name])), " ")
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q:\n%s", name, want, files[name])
			}
		}
	}
	hasNot := func(name string, others ...string) {
		t.Helper()
		for _, other := range others {
			if strings.Contains(string(files[name]), other) {
				t.Errorf("%s has %q", name, other)
			}
		}
	}
	to := "route: - destination: host: shelf.shop.svc.cluster.local port: number: 8080 "
	has("public.yaml",
		"- name: shelf.ShelfService.GetBook match: - uri: exact: /shopmesh.shelf.v1.ShelfService/GetBook - uri: regex: /v1/books/[^/:]+ method: regex: GET|HEAD "+to+
			"timeout: 3s retries: attempts: 2 perTryTimeout: 1s retryOn: connect-failure,refused-stream,reset,unavailable,deadline-exceeded,gateway-error",
		"- uri: regex: /v1/books/[^/:]+:lend method: exact: POST "+to+"timeout: 1.5s retries: attempts: 2 retryOn: connect-failure,refused-stream,reset-before-request",
		"- uri: exact: /shopmesh.shelf.v1.ShelfService/WatchBook "+to+"retries: attempts: 2 retryOn: connect-failure,refused-stream",
		"- name: shelf.unknown.path match: - uri: exact: /v1/books - uri: prefix: /v1/books/ - uri: prefix: '/v1/books:'",
	)
	hasNot("public.yaml", "GatherBooks")
	has("shelf.yaml",
		"exact: /shopmesh.shelf.v1.ShelfService/GatherBooks port: 8080 "+to+"timeout: 8s retries: attempts: 1 retryOn: connect-failure,refused-stream",
		"principals: - cluster.local/ns/shop/sa/desk to: - operation: ports: - \"8080\" paths: - /shopmesh.shelf.v1.ShelfService/GatherBooks - /shopmesh.shelf.v1.ShelfService/LendBook",
		"principals: - cluster.local/ns/shop-ingress/sa/ingress to: - operation: ports: - \"8080\" paths: - /shopmesh.shelf.v1.ShelfService/GetBook - /shopmesh.shelf.v1.ShelfService/LendBook - /shopmesh.shelf.v1.ShelfService/WatchBook - /v1/books - /v1/books/* - /v1/books:*",
	)
	has("shelf.yaml", "- name: shelf.internal match: - port: 9090 route: - destination: host: shelf.shop.svc.cluster.local port: number: 9090 retries: attempts: 0")
	has("desk.yaml", "principals: - cluster.local/ns/shop/sa/shelf to: - operation: ports: - \"8080\" paths: - /shopmesh.desk.v1.DeskService/Ring")
	hasNot("desk.yaml", "sa/desk")
	has("limits.yaml",
		"- entries: - key: limit value: LIMIT_SIGN_IN - key: masked_remote_address token_bucket: fill_interval: 6s max_tokens: 10 tokens_per_fill: 1",
		"rate_limits: - actions: - masked_remote_address: v6_prefix_mask_len: 64 response_headers_to_add: - header: key: retry-after value: \"1\"",
		"name: shopmesh.LIMIT_MAILS typed_config:",
		"v6_prefix_mask_len: 64 response_headers_to_add: - header: key: retry-after value: \"180\"",
		`regex: (/shopmesh\.desk\.v1\.DeskService/Knock)(\?.*)?`,
		`- name: :path string_match: safe_regex: regex: (/v1/knocks)(\?.*)? - name: :method string_match: exact: POST`,
		`regex: (/v1/books/[^/:]+:lend)(\?.*)?`,
	)
}

func TestContradictingOptionsAreRefused(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, old, replaced, want string }{
		{"no option", `[shopmesh.options.v1.mesh] { timeout { seconds: 8 } }`, "", "GatherBooks does not state the option mesh"},
		{"no time-out", `[shopmesh.options.v1.mesh] { timeout { seconds: 8 } }`, "[shopmesh.options.v1.mesh] { }", "GatherBooks states the time-outs 0s and 0s"},
		{"too long", `timeout { seconds: 8 }`, "timeout { seconds: 61 }", "GatherBooks states the time-outs 1m1s and 0s"},
		{"a try longer than all", `per_try_timeout { seconds: 1 }`, "per_try_timeout { seconds: 4 }", "GetBook states the time-outs 3s and 4s"},
		{"a slow write again", `timeout { seconds: 1 nanos: 500000000 }`, "timeout { seconds: 3 } per_try_timeout { seconds: 1 }", "LendBook has side effects, and states per_try_timeout"},
		{"a stream with an end", `[shopmesh.options.v1.mesh] { }`, "[shopmesh.options.v1.mesh] { timeout { seconds: 9 } }", "WatchBook is a stream, and states a time-out"},
	}
	for _, c := range cases {
		changed := strings.Replace(shelf, c.old, c.replaced, 1)
		if changed == shelf {
			t.Fatalf("%s: nothing was changed", c.name)
		}
		if _, err := readContracts(contractsOf(t, changed)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

func TestCallersNameWhatThereIs(t *testing.T) {
	t.Parallel()
	contexts, err := readContracts(contractsOf(t, shelf, desk))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"cellar:\n  shelf: [ShelfService/GetBook]\n":                                        "there is no service cellar",
		"desk:\n  cellar: [ShelfService/GetBook]\n":                                         "has no such RPC",
		"desk:\n  shelf: [ShelfService/GetBooks]\n":                                         "desk calls ShelfService/GetBooks of shelf, which has no such RPC",
		"desk:\n  shelf: [ShelfService/GetBook]\n\"*\":\n  shelf: [ShelfService/GetBook]\n": "desk calls /shopmesh.shelf.v1.ShelfService/GetBook twice",
		"desk:\n  shelf: ShelfService/GetBook\n":                                            "cannot unmarshal",
		"desk:\n  shelf: [ShelfService/GetBook]\ndesk:\n  shelf: [ShelfService/LendBook]\n": "already defined",
	} {
		if _, err := readCallers([]byte(text), contexts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
