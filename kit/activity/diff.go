package activity

import (
	"bytes"
	"encoding/json"
	"slices"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	activityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/activity/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
)

const (
	// MaxChanges is how many fields an entry lists.
	MaxChanges = 50
	// MaxValueBytes bounds each value of a field.
	MaxValueBytes = 256
)

// derived are fields that change with any other, by AIP-154 and AIP-148: they show nothing.
var derived = []protoreflect.Name{"etag", "create_time", "update_time"}

// Diff returns the fields in which two messages of one type differ, MaxChanges of them, and
// how many more there are. Nested messages of ours are compared field by field; lists, maps
// and messages of others, such as an amount of money, whole. A field that is debug_redact is
// named, and its values are not; within a list its messages lose it. Nil stands for a message
// without fields.
func Diff(before, after proto.Message) (changes []*activityv1.Change, omitted int) {
	compare(before, after, func(path string, field protoreflect.FieldDescriptor, was, is protoreflect.Message) {
		switch {
		case len(changes) == MaxChanges:
			omitted++
		case redacted(field):
			changes = append(changes, &activityv1.Change{Path: path, Redacted: true})
		default:
			changes = append(changes, &activityv1.Change{Path: path, OldValue: text(field, was), NewValue: text(field, is)})
		}
	})
	return changes, omitted
}

// Paths returns the names of all fields that Diff compares and finds different.
func Paths(before, after proto.Message) (paths []string) {
	compare(before, after, func(path string, _ protoreflect.FieldDescriptor, _, _ protoreflect.Message) {
		paths = append(paths, path)
	})
	return paths
}

// visit is called with a field that differs, and the messages that have it.
type visit func(path string, field protoreflect.FieldDescriptor, before, after protoreflect.Message)

func compare(before, after proto.Message, different visit) {
	switch {
	case before == nil && after == nil:
	case before == nil:
		walk("", after.ProtoReflect().Type().Zero(), after.ProtoReflect(), different)
	case after == nil:
		walk("", before.ProtoReflect(), before.ProtoReflect().Type().Zero(), different)
	default:
		walk("", before.ProtoReflect(), after.ProtoReflect(), different)
	}
}

func walk(prefix string, before, after protoreflect.Message, different visit) {
	all := before.Descriptor().Fields()
	for i := range all.Len() {
		field := all.Get(i)
		if slices.Contains(derived, field.Name()) || same(field, before, after) {
			continue
		}
		path := prefix + string(field.Name())
		if nested(field) && !redacted(field) {
			walk(path+".", before.Get(field).Message(), after.Get(field).Message(), different)
			continue
		}
		different(path, field, before, after)
	}
}

func same(field protoreflect.FieldDescriptor, before, after protoreflect.Message) bool {
	if !before.Has(field) || !after.Has(field) {
		return before.Has(field) == after.Has(field)
	}
	return before.Get(field).Equal(after.Get(field))
}

func redacted(field protoreflect.FieldDescriptor) bool {
	options, _ := field.Options().(*descriptorpb.FieldOptions)
	return options.GetDebugRedact()
}

// nested reports whether a field is one message of ours.
func nested(field protoreflect.FieldDescriptor) bool {
	return field.Message() != nil && field.Cardinality() != protoreflect.Repeated &&
		field.Message().ParentFile().Package().Parent().Parent() == "shopmesh"
}

// text returns what a field holds: a text as it is, everything else as in ProtoJSON, with
// fault.Cut where it is longer than MaxValueBytes; empty where it is not set.
func text(field protoreflect.FieldDescriptor, message protoreflect.Message) string {
	if !message.Has(field) {
		return ""
	}
	if field.Kind() == protoreflect.StringKind && field.Cardinality() != protoreflect.Repeated {
		return fault.Cut(message.Get(field).String(), MaxValueBytes)
	}
	// ProtoJSON is of whole messages: of one that holds this field alone.
	alone := message.New()
	alone.Set(field, message.Get(field))
	whole := proto.Clone(alone.Interface())
	dropRedacted(whole.ProtoReflect())
	written, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(whole)
	if err != nil {
		return ""
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(written, &members); err != nil {
		return ""
	}
	value := members[string(field.Name())]
	var plain string
	if json.Unmarshal(value, &plain) == nil {
		return fault.Cut(plain, MaxValueBytes) // an enum's name, a time
	}
	var compact bytes.Buffer // protojson writes blanks as it likes
	_ = json.Compact(&compact, value)
	return fault.Cut(compact.String(), MaxValueBytes)
}

// dropRedacted clears what is debug_redact in a message and in those that it holds.
func dropRedacted(message protoreflect.Message) {
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case redacted(field):
			message.Clear(field)
		case field.IsMap():
			if field.MapValue().Message() != nil {
				value.Map().Range(func(_ protoreflect.MapKey, item protoreflect.Value) bool {
					dropRedacted(item.Message())
					return true
				})
			}
		case field.Message() == nil:
		case field.IsList():
			for i := range value.List().Len() {
				dropRedacted(value.List().Get(i).Message())
			}
		default:
			dropRedacted(value.Message())
		}
		return true
	})
}
