package form

import (
	"slices"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Rules are what a contract says about a field that HTML can state, too. All else is for the
// answer to judge.
type Rules struct {
	Required bool
	// MaxLength is how many characters it may have; 0 for any number.
	MaxLength int
	// Min and Max bound a number; both are 0 where nothing does.
	Min, Max int64
}

// RulesOf reads the rules of a message's field, which is named as violations name it, such as
// "contact.email". It panics for a field that the message has not: that is a mistake in a
// page, which any test of it finds.
func RulesOf(message proto.Message, path string) Rules {
	of := message.ProtoReflect().Descriptor()
	var field protoreflect.FieldDescriptor
	for name := range strings.SplitSeq(path, ".") {
		if field = of.Fields().ByName(protoreflect.Name(name)); field == nil {
			panic("the message " + string(of.FullName()) + " has no field " + name)
		}
		if field.Message() != nil {
			of = field.Message()
		}
	}
	var rules Rules
	if behavior, ok := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior); ok {
		rules.Required = slices.Contains(behavior, annotations.FieldBehavior_REQUIRED)
	}
	stated, ok := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
	if !ok || stated == nil {
		return rules
	}
	rules.Required = rules.Required || stated.GetRequired()
	text := stated.GetString()
	rules.MaxLength = int(max(text.GetMaxLen(), text.GetMaxBytes()))
	rules.Min, rules.Max = int64(stated.GetInt32().GetGte()), int64(stated.GetInt32().GetLte())
	return rules
}
