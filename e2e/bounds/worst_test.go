// Package bounds_test sends the worst requests that the contracts of all contexts have a
// place for through the server that every context has.
package bounds_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime/metrics"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/rpc"
)

const (
	mostBytes = 32 << 20
	mostCPU   = 250 * time.Millisecond
)

// everyRPC serves all RPCs of the shop: their handlers read the request, which is
// where a hostile one costs, and refuse.
func everyRPC(t *testing.T) (http.Handler, []protoreflect.MethodDescriptor) {
	t.Helper()
	server, err := rpc.NewServer(rpc.Config{Log: slog.New(slog.DiscardHandler), Authenticator: authz.EveryoneIsOwner()})
	if err != nil {
		t.Fatal(err)
	}
	var methods []protoreflect.MethodDescriptor
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(file.Package()), "shopmesh.") {
			return true
		}
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				methods = append(methods, service.Methods().Get(j))
			}
		}
		return true
	})
	for _, method := range methods {
		input, err := protoregistry.GlobalTypes.FindMessageByName(method.Input().FullName())
		if err != nil {
			t.Fatal(err)
		}
		kind := connect.StreamTypeUnary
		if method.IsStreamingServer() {
			kind = connect.StreamTypeServer
		}
		server.Register(connect.Method{
			Spec: connect.Spec{StreamType: kind, Schema: method, Procedure: procedureOf(method)},
			Handler: connect.ServerFunc(func(_ context.Context, _ connect.Spec, stream connect.ServerStream) error {
				if err := stream.Receive(input.New().Interface()); err != nil {
					return err
				}
				return fault.New(fault.FailedPrecondition, "ORDER_STATE", "read")
			}),
		})
	}
	handler, err := rpc.NewHandler(server, rpc.HandlerConfig{Gateways: []rpc.GatewayFunc{
		rpc.Gateway(catalogv1.RegisterCategoryServiceHandlerClient, catalogv1.NewCategoryServiceClient),
		rpc.Gateway(catalogv1.RegisterProductServiceHandlerClient, catalogv1.NewProductServiceClient),
		rpc.Gateway(customerv1.RegisterCustomerServiceHandlerClient, customerv1.NewCustomerServiceClient),
		rpc.Gateway(inventoryv1.RegisterInventoryServiceHandlerClient, inventoryv1.NewInventoryServiceClient),
		rpc.Gateway(notificationv1.RegisterNotificationServiceHandlerClient, notificationv1.NewNotificationServiceClient),
		rpc.Gateway(operationsv1.RegisterOperationsServiceHandlerClient, operationsv1.NewOperationsServiceClient),
		rpc.Gateway(orderv1.RegisterOrderServiceHandlerClient, orderv1.NewOrderServiceClient),
		rpc.Gateway(paymentv1.RegisterPaymentServiceHandlerClient, paymentv1.NewPaymentServiceClient),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return handler, methods
}

func procedureOf(method protoreflect.MethodDescriptor) string {
	return fmt.Sprintf("/%s/%s", method.Parent().FullName(), method.Name())
}

// hostile is a request body that is small to send and large to hold.
type hostile struct {
	name   string
	binary []byte
	json   string
}

// The counts of things in a hostile body: beyond what may be in a request, and just
// within it, where the rules of the contract are the last defence.
var hostileCounts = []int{1 << 21, 4900}

// hostiles generates the worst bodies of a kind of message: of each of its fields, to
// any depth, and of no field at all.
func hostiles(message protoreflect.MessageDescriptor) []hostile {
	unknown := protowire.AppendVarint(protowire.AppendTag(nil, 1000, protowire.VarintType), 1)
	all := []hostile{
		{"unknown fields", bytes.Repeat(unknown, rpc.MaxRequestBytes/len(unknown)), `{"nobody":[` + strings.Repeat("0,", 1<<21) + "0]}"},
		{"nested lists", nil, strings.Repeat("[", rpc.MaxRequestBytes)},
		{"nested objects", nil, strings.Repeat(`{"a":`, rpc.MaxRequestBytes/5)},
		{"a long number", nil, strings.Repeat("9", rpc.MaxRequestBytes)},
		{"blanks", nil, strings.Repeat(" ", rpc.MaxRequestBytes)},
	}
	walkFields(message, nil, func(path []protoreflect.FieldDescriptor) {
		field := path[len(path)-1]
		name := pathName(path)
		for _, n := range hostileCounts {
			item, text := worstItem(field, n)
			times := min(n, rpc.MaxRequestBytes/max(len(item), 1))
			h := hostile{name: fmt.Sprintf("%s, %d times", name, times), binary: within4MiB(path, bytes.Repeat(item, times))}
			h.json = worstJSON(path, text, min(n, rpc.MaxRequestBytes/(len(text)+1)))
			all = append(all, h)
		}
		if field.Kind() == protoreflect.StringKind && !field.IsMap() {
			for _, size := range []int{rpc.MaxRequestBytes - 100, 65_000} {
				// Combining marks: one letter of many bytes, dear to normalize.
				marks := "e" + strings.Repeat("\u0301", size/2)
				item := protowire.AppendString(protowire.AppendTag(nil, field.Number(), protowire.BytesType), marks)
				all = append(all, hostile{
					fmt.Sprintf("%s of %d combining marks", name, size/2), within4MiB(path, item), worstJSON(path, `"`+marks+`"`, 1),
				})
			}
		}
	})
	return all
}

// walkFields visits the fields of a message to the depth of three, each kind of message once per way.
func walkFields(message protoreflect.MessageDescriptor, path []protoreflect.FieldDescriptor, visit func([]protoreflect.FieldDescriptor)) {
	for i := range message.Fields().Len() {
		next := slices.Concat(path, []protoreflect.FieldDescriptor{message.Fields().Get(i)})
		visit(next)
		if field := next[len(next)-1]; field.Message() != nil && !field.IsMap() && len(next) < 3 {
			walkFields(field.Message(), next, visit)
		}
	}
}

func pathName(path []protoreflect.FieldDescriptor) string {
	names := make([]string, len(path))
	for i, field := range path {
		names[i] = string(field.Name())
	}
	return strings.Join(names, ".")
}

// worstItem is the smallest encoding of one value of a field, and its JSON.
func worstItem(field protoreflect.FieldDescriptor, n int) (item []byte, text string) {
	switch {
	case field.IsMap():
		return protowire.AppendBytes(protowire.AppendTag(nil, field.Number(), protowire.BytesType), nil), `{}`
	case field.Message() != nil:
		text = `{}`
		switch field.Message().FullName() {
		case "google.protobuf.FieldMask":
			text = `"` + strings.Repeat("a,", min(n, 32_000)) + `a"`
		case "google.protobuf.Timestamp", "google.protobuf.Duration":
			text = `"x"`
		}
		return protowire.AppendBytes(protowire.AppendTag(nil, field.Number(), protowire.BytesType), nil), text
	case field.Kind() == protoreflect.StringKind, field.Kind() == protoreflect.BytesKind:
		return protowire.AppendBytes(protowire.AppendTag(nil, field.Number(), protowire.BytesType), nil), `""`
	case field.IsPacked():
		// All of the list in one field: a byte for each number.
		return protowire.AppendBytes(protowire.AppendTag(nil, field.Number(), protowire.BytesType), make([]byte, min(n, rpc.MaxRequestBytes-100))), `0`
	default:
		return protowire.AppendVarint(protowire.AppendTag(nil, field.Number(), protowire.VarintType), 1), `0`
	}
}

// within4MiB wraps the last field's values into those before it.
func within4MiB(path []protoreflect.FieldDescriptor, values []byte) []byte {
	for i := len(path) - 2; i >= 0; i-- {
		values = protowire.AppendBytes(protowire.AppendTag(nil, path[i].Number(), protowire.BytesType), values)
	}
	if len(values) > rpc.MaxRequestBytes {
		values = values[:rpc.MaxRequestBytes]
	}
	return values
}

func worstJSON(path []protoreflect.FieldDescriptor, text string, n int) string {
	for i := len(path) - 1; i >= 0; i-- {
		switch {
		case path[i].IsMap():
			var b strings.Builder
			for k := range min(n, 400_000) {
				fmt.Fprintf(&b, `"%x":"",`, k)
			}
			text = "{" + strings.TrimSuffix(b.String(), ",") + "}"
		case path[i].IsList() && i == len(path)-1:
			text = "[" + strings.Repeat(text+",", n-1) + text + "]"
		case path[i].IsList():
			text = "[" + text + "]"
		}
		text = `{"` + path[i].JSONName() + `":` + text + "}"
	}
	return text[:min(len(text), rpc.MaxRequestBytes)]
}

// No request within the size limit costs more than 32 MiB or 250 ms, whatever is in
// it: for every RPC, in each codec, plain and compressed, with the worst bodies that
// its contract has a place for.
func TestNoRequestCostsMoreThanItMay(t *testing.T) { //nolint:paralleltest // it measures the process
	handler, methods := everyRPC(t)
	calls, most, longest := 0, uint64(0), time.Duration(0)
	for _, method := range methods {
		for _, h := range hostiles(method.Input()) {
			for _, r := range requestsOf(method, h) {
				allocated, cpu, status := costOf(handler, r.request)
				calls, most, longest = calls+1, max(most, allocated), max(longest, cpu)
				if allocated > mostBytes || cpu > mostCPU {
					t.Errorf("%s, %s, %s: %d KiB, %v (status %d)", method.Name(), h.name, r.codec, allocated>>10, cpu, status)
				}
				if status < 400 || status >= 500 {
					t.Errorf("%s, %s, %s: status %d", method.Name(), h.name, r.codec, status)
				}
			}
		}
	}
	t.Logf("%d calls of %d RPCs: at most %d KiB and %v", calls, len(methods), most>>10, longest)
}

type worstRequest struct {
	codec   string
	request *http.Request
}

func requestsOf(method protoreflect.MethodDescriptor, h hostile) []worstRequest {
	var all []worstRequest
	add := func(codec, verb, path, contentType string, body []byte, headers ...string) {
		r := httptest.NewRequest(verb, "http://127.0.0.1:8080"+path, bytes.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		all = append(all, worstRequest{codec, r})
	}
	procedure, kind := procedureOf(method), "application/"
	if method.IsStreamingServer() {
		kind += "grpc-web+"
	}
	for codec, body := range map[string][]byte{"proto": h.binary, "json": []byte(h.json)} {
		if body == nil {
			continue
		}
		if method.IsStreamingServer() {
			add(codec+", gRPC-Web", "POST", procedure, kind+codec, enveloped(body, 0))
			continue
		}
		add(codec, "POST", procedure, kind+codec, body)
		if len(body) > 100<<10 { // a small one is no smaller compressed
			add(codec+", gzip", "POST", procedure, kind+codec, gzipped(body), "Content-Encoding", "gzip")
		}
	}
	rule, _ := proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule)
	switch {
	case rule.GetPost() != "":
		add("REST", "POST", filled(rule.GetPost()), "application/json", []byte(restBody(rule, h.json)))
	case rule.GetPatch() != "":
		add("REST", "PATCH", filled(rule.GetPatch()), "application/json", []byte(restBody(rule, h.json)))
	}
	return all
}

// filled is a template's path with ids in place of its variables.
func filled(template string) string {
	for strings.Contains(template, "{") {
		before, after, _ := strings.Cut(template, "{")
		_, behind, _ := strings.Cut(after, "}")
		template = before + "0190c8f2-7f6e-7c3e-8f37-111111111111" + behind
	}
	return template
}

// restBody is the JSON of the field that the route's body holds, or all of it.
func restBody(rule *annotations.HttpRule, text string) string {
	inner, ok := strings.CutPrefix(text, `{"`+rule.GetBody()+`":`)
	if rule.GetBody() == "*" || !ok {
		return text
	}
	return strings.TrimSuffix(inner, "}")
}

func enveloped(body []byte, flags byte) []byte {
	n := len(body)
	return append([]byte{flags, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, body...)
}

func gzipped(body []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	_, _ = w.Write(body)
	_ = w.Close()
	return b.Bytes()
}

// costOf makes one call, and measures what it allocates and how much of the processor
// the process uses meanwhile.
func costOf(handler http.Handler, r *http.Request) (allocated uint64, cpu time.Duration, status int) {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	before, start := sample[0].Value.Uint64(), usedCPU()
	w := &discarded{header: make(http.Header)}
	handler.ServeHTTP(w, r)
	cpu = usedCPU() - start
	metrics.Read(sample)
	if code := w.header.Get("Grpc-Status"); code != "" && code != "0" {
		w.status = http.StatusBadRequest // gRPC-Web has 200 for errors
	}
	return sample[0].Value.Uint64() - before, cpu, w.status
}

func usedCPU() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// discarded is an answer of which only the status is kept.
type discarded struct {
	header http.Header
	status int
}

func (w *discarded) Header() http.Header { return w.header }
func (w *discarded) WriteHeader(s int) {
	if w.status == 0 {
		w.status = s
	}
}

func (w *discarded) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return io.Discard.Write(p)
}
