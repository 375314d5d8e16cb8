// Package bounds_test sends the worst requests that the contracts of all contexts have a
// place for, and the costliest that are valid, to the whole shop.
package bounds_test

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/shopmesh/shopmesh/e2e/internal/contracts"
	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// everyRPC returns the RPCs of the shop. Those that end something come last, so that
// the others find it.
func everyRPC() []protoreflect.MethodDescriptor {
	methods := contracts.RPCs()
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
	name string
	// build makes the body in both codecs; either is empty where it has no place for it.
	build func() (binary []byte, json string)
}

// The counts of things in a hostile body: as many as fit into it, enough to cost too much
// if they were read, which a bound that is too high would let pass, and just within what
// a request may hold, where the rules of the contract are the last defence.
var hostileCounts = []int{1 << 21, 300_000, 4900}

// hostiles generates the worst bodies of a kind of message: of each of its fields, to
// any depth, and of no field at all.
func hostiles(message protoreflect.MessageDescriptor) []hostile {
	unknown := protowire.AppendVarint(protowire.AppendTag(nil, 1000, protowire.VarintType), 1)
	text := func(piece string) func() ([]byte, string) {
		return func() ([]byte, string) { return nil, strings.Repeat(piece, rpc.MaxRequestBytes/len(piece)) }
	}
	all := []hostile{
		{"unknown fields", func() ([]byte, string) {
			return bytes.Repeat(unknown, rpc.MaxRequestBytes/len(unknown)), `{"nobody":[` + strings.Repeat("0,", 1<<21) + "0]}"
		}},
		{"nested lists", text("[")},
		{"nested objects", text(`{"a":`)},
		{"a long number", text("9")},
		{"blanks", text(" ")},
	}
	walkFields(message, nil, func(path []protoreflect.FieldDescriptor) {
		field := path[len(path)-1]
		name := pathName(path)
		for _, n := range hostileCounts {
			all = append(all, hostile{fmt.Sprintf("%s, up to %d times", name, n), func() ([]byte, string) {
				item, text := worstItem(field, n)
				times := min(n, rpc.MaxRequestBytes/max(len(item), 1))
				return within4MiB(path, bytes.Repeat(item, times)), worstJSON(path, text, min(n, rpc.MaxRequestBytes/(len(text)+1)))
			}})
		}
		if field.Kind() == protoreflect.StringKind && !field.IsMap() {
			for _, size := range []int{rpc.MaxRequestBytes - 100, 65_000} {
				// Combining marks: one letter of many bytes, dear to normalize.
				all = append(all, hostile{fmt.Sprintf("%s of %d combining marks", name, size/2), func() ([]byte, string) {
					marks := "e" + strings.Repeat("\u0301", size/2)
					item := protowire.AppendString(protowire.AppendTag(nil, field.Number(), protowire.BytesType), marks)
					return within4MiB(path, item), worstJSON(path, `"`+marks+`"`, 1)
				}})
			}
		}
	})
	return all
}

// walkFields visits the fields of a message, to any depth: each with the fields on the way
// to it. It does not enter a kind of message inside itself.
func walkFields(message protoreflect.MessageDescriptor, path []protoreflect.FieldDescriptor, visit func([]protoreflect.FieldDescriptor)) {
	for i := range message.Fields().Len() {
		next := slices.Concat(path, []protoreflect.FieldDescriptor{message.Fields().Get(i)})
		visit(next)
		if field := next[len(next)-1]; field.Message() != nil && !field.IsMap() && !entered(next, field.Message()) {
			walkFields(field.Message(), next, visit)
		}
	}
}

// entered reports whether a field of a kind of message is one of the message's own fields, or
// of those around it.
func entered(path []protoreflect.FieldDescriptor, kind protoreflect.MessageDescriptor) bool {
	return slices.ContainsFunc(path, func(field protoreflect.FieldDescriptor) bool {
		return field.ContainingMessage().FullName() == kind.FullName()
	})
}

// The walk reaches the deepest field of the contracts, and ends in messages that hold
// themselves.
func TestEveryFieldIsReached(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		message proto.Message
		path    string
	}{
		{&configv1.UpdateSettingsRequest{}, "settings.order.payment_method_rules.limits.currency"},
		{&customerv1.CreateCustomerRequest{}, "customer.addresses.postal_address.region_code"},
		{&structpb.ListValue{}, "values.struct_value"},
	} {
		var reached []string
		walkFields(row.message.ProtoReflect().Descriptor(), nil, func(path []protoreflect.FieldDescriptor) {
			reached = append(reached, pathName(path))
		})
		if !slices.Contains(reached, row.path) {
			t.Errorf("%s is not among %q", row.path, reached)
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
	tried := sample(t)
	for _, method := range methods {
		for i, h := range hostiles(method.Input()) {
			if !tried() {
				continue
			}
			s.try(t, found, "hostile bodies", method, h.name, s.turns(i, method, h)...)
		}
		s.try(t, found, "long queries", method, "a query", s.inQuery(method)...)
	}
	s.tryCostly(t, found, methods)
	for _, kind := range slices.Sorted(maps.Keys(found)) {
		t.Logf("%s: %s", kind, found[kind])
	}
}

// allVariable has every hostile body tried, as `make bounds` does; else it is a random
// quarter of them, because most are of fields that many RPCs share.
const allVariable = "SHOPMESH_TEST_ALL_BOUNDS"

// sample returns a function that reports whether the next hostile body is tried.
func sample(t *testing.T) func() bool {
	t.Helper()
	if os.Getenv(allVariable) != "" {
		return func() bool { return true }
	}
	random := rand.New(rand.NewPCG(testkit.Seed(t, "./e2e/bounds"), 0))
	return func() bool { return random.IntN(4) == 0 }
}

// turns are the requests of a hostile body: JSON as Connect's and REST's, binary as
// Connect's, and in turn as one of the other protocols, which share their reading.
func (s *shop) turns(turn int, method protoreflect.MethodDescriptor, h hostile) []request {
	binary, json := h.build()
	var text []byte
	if json != "" {
		text = []byte(json)
	}
	all := s.over(method, binary, text)
	kept := s.overREST(method, json)
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
