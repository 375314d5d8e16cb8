// Package bounds_test sends the worst requests that the contracts of all contexts have a
// place for, and the costliest that are valid, to the whole shop.
package bounds_test

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/shopmesh/shopmesh/kit/rpc"
)

// everyRPC returns the RPCs of the shop. Those that end something come last, so that
// the others find it.
func everyRPC() []protoreflect.MethodDescriptor {
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
	slices.SortFunc(methods, func(a, b protoreflect.MethodDescriptor) int {
		return cmp.Or(cmp.Compare(ends(a), ends(b)), strings.Compare(string(a.FullName()), string(b.FullName())))
	})
	return methods
}

// ends is 1 for what takes away what other requests name, and 0 for the rest.
func ends(method protoreflect.MethodDescriptor) int {
	for _, verb := range []string{"Erase", "Delete", "Archive", "Cancel", "Discard"} {
		if strings.HasPrefix(string(method.Name()), verb) {
			return 1
		}
	}
	return 0
}

// hostile is a request body that is small to send and large to hold.
type hostile struct {
	name   string
	binary []byte
	json   string
}

// The counts of things in a hostile body: as many as fit into it, enough to cost too much
// if they were read, which a bound that is too high would let pass, and just within what
// a request may hold, where the rules of the contract are the last defence.
var hostileCounts = []int{1 << 21, 300_000, 4900}

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

// No request within the size limit costs more than 32 MiB or 250 ms, whatever is in it:
// each RPC of the whole shop gets the worst bodies that its contract has a place for, in
// each protocol and codec, and then requests that are as costly as valid ones can be.
// What PostgreSQL computes is not counted: it is a process of its own.
func TestNoRequestCostsMoreThanItMay(t *testing.T) { //nolint:paralleltest // it measures the process
	s := openShop(t)
	s.fill(t)
	found := worst{}
	methods := everyRPC()
	for _, method := range methods {
		for i, h := range hostiles(method.Input()) {
			s.try(t, found, "hostile bodies", method, h.name, s.turns(i, method, h)...)
		}
		s.try(t, found, "long queries", method, "a query", s.inQuery(method)...)
	}
	s.tryCostly(t, found, methods)
	for _, kind := range slices.Sorted(maps.Keys(found)) {
		t.Logf("%s: %s", kind, found[kind])
	}
}

// turns are the requests of a hostile body: JSON as Connect's and REST's, binary as
// Connect's, and in turn as one of the other protocols, which share their reading.
func (s *shop) turns(turn int, method protoreflect.MethodDescriptor, h hostile) []request {
	var text []byte
	if h.json != "" {
		text = []byte(h.json)
	}
	all := s.over(method, h.binary, text)
	kept := s.overREST(method, h.json)
	for i, r := range all {
		if i == 0 || strings.HasSuffix(r.protocol, ", json") || i%len(all) == turn%len(all) || (i+3)%len(all) == turn%len(all) {
			kept = append(kept, r)
		}
	}
	return kept
}

// try makes requests of a kind, and reports those that cost too much or fail.
func (s *shop) try(t *testing.T, found worst, kind string, method protoreflect.MethodDescriptor, name string, all ...request) {
	t.Helper()
	for _, r := range all {
		s.tryNew(t, found, kind, method, name, func() request { return r })
	}
}

// tryNew is try for a request that has to differ each time.
func (s *shop) tryNew(
	t *testing.T, found worst, kind string, method protoreflect.MethodDescriptor, name string, build func() request,
) answer {
	t.Helper()
	spent, got := s.costOf(t, build)
	what := fmt.Sprintf("%s, %s, %s", method.Name(), name, build().protocol)
	found.add(kind, what, spent, got)
	if !spent.within() {
		t.Errorf("%s: %d KiB, %v (%s)", what, spent.bytes>>10, spent.cpu, got)
	}
	if got.failed() {
		t.Errorf("%s: %s", what, got)
	}
	return got
}
