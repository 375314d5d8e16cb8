package e2e

import (
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/shopmesh/shopmesh/e2e/internal/contracts"
	_ "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
)

// Every RPC states whether it may be repeated, and every field of a request states
// whether it has to be there (AIP-203) and how large it may be: a client finds it in
// the contract, and the server refuses it before it costs anything.
func TestContractsStateBoundsAndBehavior(t *testing.T) {
	t.Parallel()
	methods := contracts.RPCs()
	seen := map[protoreflect.FullName]bool{}
	for _, method := range methods {
		if options := method.Options().(*descriptorpb.MethodOptions); options.IdempotencyLevel == nil {
			t.Errorf("%s states no idempotency_level", method.FullName())
		}
		checkRequest(t, method.Input(), seen)
	}
	if len(methods) < 40 {
		t.Errorf("%d methods were checked, want those of every context", len(methods))
	}
}

func checkRequest(t *testing.T, message protoreflect.MessageDescriptor, seen map[protoreflect.FullName]bool) {
	t.Helper()
	if seen[message.FullName()] || !strings.HasPrefix(string(message.FullName()), "shopmesh.") {
		return
	}
	seen[message.FullName()] = true
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		behaviors, _ := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
		if len(behaviors) == 0 {
			t.Errorf("%s states no field_behavior", field.FullName())
		}
		if len(behaviors) > 0 && behaviors[0] == annotations.FieldBehavior_OUTPUT_ONLY {
			continue
		}
		rules, _ := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
		if !bounded(field, rules) {
			t.Errorf("%s has no bound", field.FullName())
		}
		if field.Message() != nil && !field.IsMap() {
			checkRequest(t, field.Message(), seen)
		}
	}
}

// bounded reports whether a field's size, or value, is bounded by its rules. That of
// a single message is bounded by its fields.
func bounded(field protoreflect.FieldDescriptor, rules *validate.FieldRules) bool {
	switch {
	case field.IsMap():
		limits := rules.GetMap()
		return limits.GetMaxPairs() > 0 && bounded(field.MapKey(), limits.GetKeys()) && bounded(field.MapValue(), limits.GetValues())
	case field.IsList():
		limits := rules.GetRepeated()
		return limits.GetMaxItems() > 0 && (field.Message() != nil || boundedScalar(field.Kind(), limits.GetItems()))
	case field.Message() != nil, field.Kind() == protoreflect.BoolKind:
		return true
	default:
		return boundedScalar(field.Kind(), rules)
	}
}

func boundedScalar(kind protoreflect.Kind, rules *validate.FieldRules) bool {
	switch kind {
	case protoreflect.StringKind:
		limits := rules.GetString()
		return limits.GetMaxLen() > 0 || limits.GetMaxBytes() > 0 || limits.GetLen() > 0 || limits.GetUuid() ||
			limits.HasPattern() && boundedPattern(limits.GetPattern()) || len(limits.GetIn()) > 0
	case protoreflect.BytesKind:
		return rules.GetBytes().GetMaxLen() > 0
	case protoreflect.Int32Kind:
		return rules.GetInt32().GetGreaterThan() != nil && rules.GetInt32().GetLessThan() != nil
	case protoreflect.Int64Kind: // one end is enough: ids and versions have no highest value but the type's
		return rules.GetInt64().GetGreaterThan() != nil || rules.GetInt64().GetLessThan() != nil
	case protoreflect.DoubleKind:
		return rules.GetDouble().GetGreaterThan() != nil && rules.GetDouble().GetLessThan() != nil
	case protoreflect.EnumKind:
		return rules.GetEnum().GetDefinedOnly()
	default: // a kind that no request has yet
		return false
	}
}

// boundedPattern reports whether a regular expression takes whole strings of a bounded
// length only.
func boundedPattern(pattern string) bool {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil || !strings.HasPrefix(pattern, "^") || !strings.HasSuffix(pattern, "$") {
		return false
	}
	return !endless(tree)
}

func endless(tree *syntax.Regexp) bool {
	if tree.Op == syntax.OpStar || tree.Op == syntax.OpPlus || tree.Op == syntax.OpRepeat && tree.Max < 0 {
		return true
	}
	return slices.ContainsFunc(tree.Sub, endless)
}

func TestContractsBoundsAreRecognised(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]bool{
		"^[A-Z]{2}$": true, "^PAY-[0-9A-Z]{8}$": true, "^(a|b)?$": true,
		".*": false, "[A-Z]{2}": false, "^a+$": false, "^(ab*)?$": false, "^a{3,}$": false,
	} {
		if got := boundedPattern(pattern); got != want {
			t.Errorf("%q counts as bounded: %v, want %v", pattern, got, want)
		}
	}
}
