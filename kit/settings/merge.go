package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// override takes over every field that the JSON names, so that it can also set a
// field to its zero value; a nested message is taken over field by field.
func override(into, from protoreflect.Message, section json.RawMessage) error {
	var named map[string]json.RawMessage
	if err := json.Unmarshal(section, &named); err != nil {
		return err
	}
	for name, value := range named {
		fields := into.Descriptor().Fields()
		field := fields.ByJSONName(name)
		if field == nil {
			field = fields.ByTextName(name)
		}
		if field == nil {
			return fmt.Errorf("unknown field %q", name)
		}
		switch {
		case string(value) == "null": // it stays as it was
		case nests(field) && from.Has(field):
			if err := override(into.Mutable(field).Message(), from.Get(field).Message(), value); err != nil {
				return err
			}
		case from.Has(field):
			into.Set(field, from.Get(field))
		default:
			into.Clear(field)
		}
	}
	return nil
}

// Merge returns defaults with what set holds in place of them; a nested message is taken
// over field by field, a list whole.
func Merge[M proto.Message](defaults, set M) M {
	merged := proto.CloneOf(defaults)
	merge(merged.ProtoReflect(), proto.CloneOf(set).ProtoReflect())
	return merged
}

func merge(into, from protoreflect.Message) {
	for field, value := range from.Range {
		if nests(field) && into.Has(field) {
			merge(into.Mutable(field).Message(), value.Message())
			continue
		}
		into.Set(field, value)
	}
}

// Encode writes settings as ProtoJSON, the form in which they are stored.
func Encode(set proto.Message) ([]byte, error) {
	text, err := protojson.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", set.ProtoReflect().Descriptor().FullName(), err)
	}
	return text, nil
}

// Decode reads stored settings into an empty message, field by field: what can't be read,
// because another program wrote it or a hand damaged it, is left out, and the error names
// it. So one bad value never takes the others with it.
func Decode(text []byte, empty proto.Message) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return fmt.Errorf("read %s: %w", empty.ProtoReflect().Descriptor().FullName(), err)
	}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		one := empty.ProtoReflect().New().Interface()
		object, err := json.Marshal(map[string]json.RawMessage{name: fields[name]})
		if err == nil {
			err = unmarshal(object, one)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
			continue
		}
		proto.Merge(empty, one)
	}
	return errors.Join(problems...)
}

// Violations are all rules of a message's contract that it breaks, in the order of their fields.
func Violations(set proto.Message) ([]fault.Violation, error) {
	err := protovalidate.Validate(set)
	if err == nil {
		return nil, nil
	}
	var invalid *protovalidate.ValidationError
	if !errors.As(err, &invalid) {
		return nil, fmt.Errorf("validate %s: %w", set.ProtoReflect().Descriptor().FullName(), err)
	}
	broken := make([]fault.Violation, len(invalid.Violations))
	for i, v := range invalid.Violations {
		broken[i] = fault.Violation{Field: protovalidate.FieldPathString(v.Proto.GetField()), Description: v.Proto.GetMessage(), Rule: fault.RuleOf(v.Proto.GetRuleId())}
	}
	slices.SortStableFunc(broken, func(a, b fault.Violation) int { return strings.Compare(a.Field, b.Field) })
	return broken, nil
}

// validate returns an error that names every rule of its contract that a message breaks.
func validate(set proto.Message) error {
	broken, err := Violations(set)
	if err != nil || len(broken) == 0 {
		return err
	}
	texts := make([]string, len(broken))
	for i, rule := range broken {
		texts[i] = rule.Field + ": " + rule.Description
	}
	return errors.New(strings.Join(texts, "; "))
}

// without clears the fields that lead to broken paths.
func without(set proto.Message, broken []fault.Violation) {
	fields := set.ProtoReflect().Descriptor().Fields()
	for _, rule := range broken {
		name, _, _ := strings.Cut(rule.Field, ".")
		name, _, _ = strings.Cut(name, "[")
		if field := fields.ByName(protoreflect.Name(name)); field != nil {
			set.ProtoReflect().Clear(field)
		}
	}
}

// nests reports whether a field holds one message of ours, which JSON shows as an
// object; a duration, for example, is text.
func nests(field protoreflect.FieldDescriptor) bool {
	return field.Message() != nil && !field.IsMap() && !field.IsList() &&
		!strings.HasPrefix(string(field.Message().FullName()), "google.protobuf.")
}
