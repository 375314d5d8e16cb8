package main

import (
	"math"
	"slices"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// addBounds completes the schema of each message with the rules of its fields.
func addBounds(schemas object, c *contracts) {
	for name, schema := range schemas {
		if message := c.message(name); message != nil {
			boundMessage(schema.(object), message)
		}
	}
}

// boundMessage completes an object's schema: each property with its bounds, and
// what must be there.
func boundMessage(schema object, message protoreflect.MessageDescriptor) {
	properties, ok := schema["properties"].(object)
	if !ok {
		return
	}
	var required []any
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		property, ok := properties[field.JSONName()].(object)
		if !ok {
			continue
		}
		boundField(property, field)
		if isRequired(field) {
			required = append(required, field.JSONName())
		}
	}
	if bounds, ok := wellKnown[string(message.FullName())]; ok {
		required = append(required, bounds(properties)...)
	}
	if len(required) > 0 {
		schema["required"] = required
	}
	moveMembers(schema, properties)
}

// wellKnown completes the schemas of Google's types, whose protos have no rules;
// the contracts check them by expressions. Each returns what must be there.
var wellKnown = map[string]func(properties object) []any{
	"google.type.Money": func(properties object) []any {
		currency := child(properties, "currencyCode")
		currency["pattern"], currency["examples"] = "^[A-Z]{3}$", []any{"EUR"}
		nanos := child(properties, "nanos")
		nanos["minimum"], nanos["maximum"] = -999_999_999, 999_999_999
		return []any{"currencyCode"}
	},
	"google.type.PostalAddress": func(properties object) []any {
		region := child(properties, "regionCode")
		region["pattern"], region["examples"] = "^[A-Z]{2}$", []any{"DE"}
		child(properties, "languageCode")["examples"] = []any{"de"}
		child(properties, "revision")["enum"] = []any{0}
		for name, most := range map[string]int{"addressLines": 5, "recipients": 20} {
			list := child(properties, name)
			list["maxItems"] = most
			child(list, "items")["maxLength"] = 200
		}
		child(child(properties, "addressLines"), "items")["minLength"] = 1
		for _, property := range properties {
			if each := property.(object); each["type"] == "string" && each["pattern"] == nil {
				each["maxLength"] = 200
			}
		}
		return []any{"regionCode", "addressLines"}
	},
}

func isRequired(field protoreflect.FieldDescriptor) bool {
	return rulesOf(field).GetRequired() || hasBehavior(field, annotations.FieldBehavior_REQUIRED)
}

// boundField completes the schema of a field: that of its items or values where
// it is repeated or a map.
func boundField(schema object, field protoreflect.FieldDescriptor) {
	if hasBehavior(field, annotations.FieldBehavior_OUTPUT_ONLY) {
		schema["readOnly"] = true
	}
	rules := rulesOf(field)
	switch {
	case field.IsMap():
		boundMap(schema, field, rules.GetMap())
	case field.IsList():
		list := rules.GetRepeated()
		if list == nil {
			list = &validate.RepeatedRules{}
		}
		set(schema, "minItems", list.MinItems)
		set(schema, "maxItems", list.MaxItems)
		if list.GetUnique() {
			schema["uniqueItems"] = true
		}
		if items, ok := schema["items"].(object); ok {
			boundScalar(items, field.Kind(), list.GetItems())
		}
	case field.Message() != nil && field.Message().FullName() == "google.protobuf.Duration":
		// Seconds. What the contracts allow is far below the most that there can be.
		schema["pattern"] = `^-?(0|[1-9][0-9]{0,10})(\.[0-9]{1,9})?s$`
	default:
		boundScalar(schema, field.Kind(), rules)
	}
}

func boundMap(schema object, field protoreflect.FieldDescriptor, rules *validate.MapRules) {
	if rules == nil {
		rules = &validate.MapRules{}
	}
	set(schema, "minProperties", rules.MinPairs)
	set(schema, "maxProperties", rules.MaxPairs)
	if rules.GetKeys() != nil {
		names := object{}
		boundScalar(names, field.MapKey().Kind(), rules.GetKeys())
		schema["propertyNames"] = names
	}
	if values, ok := schema["additionalProperties"].(object); ok {
		boundScalar(values, field.MapValue().Kind(), rules.GetValues())
	}
}

func boundScalar(schema object, kind protoreflect.Kind, rules *validate.FieldRules) {
	switch kind {
	case protoreflect.StringKind:
		boundString(schema, rules.GetString())
	case protoreflect.Int32Kind:
		boundInt32(schema, rules.GetInt32())
	case protoreflect.Int64Kind:
		boundInt64(schema, rules.GetInt64())
	case protoreflect.EnumKind:
		boundEnum(schema, rules.GetEnum())
	default: // the contracts bound no other kind
	}
}

func boundString(schema object, rules *validate.StringRules) {
	if rules == nil {
		return
	}
	set(schema, "minLength", rules.MinLen)
	set(schema, "maxLength", rules.MaxLen)
	if rules.MaxLen == nil {
		set(schema, "maxLength", rules.MaxBytes) // a character is a byte or more
	}
	if rules.Len != nil {
		schema["minLength"], schema["maxLength"] = rules.GetLen(), rules.GetLen()
	}
	if rules.Pattern != nil {
		schema["pattern"] = rules.GetPattern()
	}
	if len(rules.GetIn()) > 0 {
		schema["enum"] = rules.GetIn()
	}
	if len(rules.GetExample()) > 0 {
		schema["examples"] = rules.GetExample()
	}
	switch {
	case rules.GetUuid():
		schema["format"] = "uuid"
	case rules.GetEmail():
		schema["format"] = "email"
	case rules.GetUri():
		schema["format"] = "uri"
	}
}

func boundInt32(schema object, rules *validate.Int32Rules) {
	switch bound := rules.GetGreaterThan().(type) {
	case *validate.Int32Rules_Gte:
		schema["minimum"] = bound.Gte
	case *validate.Int32Rules_Gt:
		schema["exclusiveMinimum"] = bound.Gt
	}
	switch bound := rules.GetLessThan().(type) {
	case *validate.Int32Rules_Lte:
		schema["maximum"] = bound.Lte
	case *validate.Int32Rules_Lt:
		schema["exclusiveMaximum"] = bound.Lt
	}
}

// boundInt64 states what ProtoJSON takes: a string of digits, which the pattern bounds, or
// a number.
func boundInt64(schema object, rules *validate.Int64Rules) {
	schema["type"] = []string{"string", "integer"}
	low, high := int64(math.MinInt64), int64(math.MaxInt64)
	switch bound := rules.GetGreaterThan().(type) {
	case *validate.Int64Rules_Gte:
		low = bound.Gte
	case *validate.Int64Rules_Gt:
		low = bound.Gt + 1
	}
	switch bound := rules.GetLessThan().(type) {
	case *validate.Int64Rules_Lte:
		high = bound.Lte
	case *validate.Int64Rules_Lt:
		high = bound.Lt - 1
	}
	schema["minimum"], schema["maximum"] = low, high
	schema["pattern"] = digits(low, high)
	if slices.Contains(rules.GetNotIn(), 0) {
		schema["not"] = object{"enum": []any{0, "0", "-0"}}
	}
}

func boundEnum(schema object, rules *validate.EnumRules) {
	if len(rules.GetNotIn()) == 1 && rules.GetNotIn()[0] == 0 {
		schema["not"] = object{"pattern": "_UNSPECIFIED$"}
	}
}

// set puts an optional bound into a schema.
func set[N int32 | int64 | uint64](schema object, key string, bound *N) {
	if bound != nil {
		schema[key] = *bound
	}
}
