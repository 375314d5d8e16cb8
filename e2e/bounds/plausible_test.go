package bounds_test

import (
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// plausible is a message with its fields filled in as somebody who knows the shop would:
// a handler takes it, or refuses it for the state of what it names.
func (s *shop) plausible(of protoreflect.MessageDescriptor) proto.Message {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(of.FullName())
	if err != nil {
		panic(err)
	}
	message := kind.New()
	fields := of.Fields()
	for i := range fields.Len() {
		s.fillField(message, fields.Get(i))
	}
	if strings.HasPrefix(string(of.Name()), "Create") {
		withoutIDs(message)
	}
	return message.Interface()
}

// namesOne reports whether a request names what it is about by one of several fields, of
// which the id is one.
func namesOne(request protoreflect.MessageDescriptor) bool {
	for _, verb := range []string{"Get", "Export", "Erase"} {
		if strings.HasPrefix(string(request.Name()), verb) {
			return true
		}
	}
	return false
}

// withoutIDs clears the ids of what is to be created: the server gives them.
func withoutIDs(message protoreflect.Message) {
	for field, value := range message.Range {
		if field.Message() == nil || field.IsList() || field.IsMap() {
			continue
		}
		if id := field.Message().Fields().ByName("id"); id != nil {
			value.Message().Clear(id)
		}
	}
}

func (s *shop) fillField(message protoreflect.Message, field protoreflect.FieldDescriptor) {
	switch field.Name() {
	case "filter", "order_by", "page_token", "update_mask", "etag", "expected_total", "nanos", "parent_id", "product_ids":
		return
	case "email", "code", "product_code":
		if namesOne(field.ContainingMessage()) {
			return
		}
	}
	if field.ContainingOneof() != nil && message.WhichOneof(field.ContainingOneof()) != nil || isOutput(field) {
		return
	}
	switch {
	case field.IsMap():
		if field.MapKey().Kind() == protoreflect.StringKind && field.MapValue().Kind() == protoreflect.StringKind {
			message.Mutable(field).Map().Set(protoreflect.ValueOfString("colour").MapKey(), protoreflect.ValueOfString("red"))
		}
	case field.IsList():
		s.fillList(message.Mutable(field).List(), field)
	case field.Message() != nil:
		if value := s.messageOf(field); value != nil {
			message.Set(field, protoreflect.ValueOfMessage(value.ProtoReflect()))
		}
	default:
		if value := s.scalar(field); value.IsValid() {
			message.Set(field, value)
		}
	}
}

func (s *shop) fillList(list protoreflect.List, field protoreflect.FieldDescriptor) {
	switch {
	case field.Name() == "addresses":
	case field.Message() != nil:
		list.Append(protoreflect.ValueOfMessage(s.messageOf(field).ProtoReflect()))
	default:
		if value := s.scalar(field); value.IsValid() {
			list.Append(value)
		}
	}
}

func isOutput(field protoreflect.FieldDescriptor) bool {
	behaviours, _ := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	for _, behaviour := range behaviours {
		if behaviour == annotations.FieldBehavior_OUTPUT_ONLY {
			return true
		}
	}
	return false
}

func (s *shop) messageOf(field protoreflect.FieldDescriptor) proto.Message {
	switch field.Message().FullName() {
	case "google.type.PostalAddress":
		return home()
	case "google.protobuf.Timestamp", "google.protobuf.Duration":
		return nil
	}
	return s.plausible(field.Message())
}

// scalar is a value for a field by its kind, its name and its rules; none where an empty
// one is better.
func (s *shop) scalar(field protoreflect.FieldDescriptor) protoreflect.Value {
	rules, _ := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
	switch field.Kind() {
	case protoreflect.StringKind:
		if text := s.text(field, rules); text != "" {
			return protoreflect.ValueOfString(text)
		}
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(field.Enum().Values().Get(min(1, field.Enum().Values().Len()-1)).Number())
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(max(1, rules.GetInt32().GetGte()))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(max(1, rules.GetInt64().GetGte()))
	}
	return protoreflect.Value{}
}

func (s *shop) text(field protoreflect.FieldDescriptor, rules *validate.FieldRules) string {
	name, in := string(field.Name()), string(field.ContainingMessage().FullName())
	known := map[string]string{
		"email": "ada@example.com", "recipient": "ada@example.com", "phone": "+44 20 7946 0000", "currency_code": "EUR",
		"payment_method": "sandbox_ok", "product_code": s.codes[0], "product_codes": s.codes[0], "codes": s.codes[0],
		"category_id": s.category, "product_id": s.product, "customer_id": s.buyer, "order_id": s.parcel,
		"request_id": uuid.NewString(), "context": "order", "payment_id": s.paid, "url": "https://example.com/lamp.png", "language_code": "en", "code": "NEW-" + uuid.NewString(),
	}
	if text, ok := known[name]; ok {
		return text
	}
	if name != "id" && name != "ids" {
		if rules.GetString().GetUuid() {
			return uuid.NewString()
		}
		return "x"
	}
	return s.id(in)
}

// id is the id of what a message is about.
func (s *shop) id(message string) string {
	kind := message[strings.LastIndex(message, ".")+1:]
	switch {
	case strings.HasPrefix(kind, "Create"):
		return ""
	case strings.Contains(kind, "Category"):
		return s.category
	case strings.Contains(kind, "Address"):
		return s.address
	case strings.Contains(kind, "Product"):
		return s.product
	case strings.Contains(kind, "Customer"):
		return s.buyer
	case strings.Contains(kind, "Payment"):
		return s.paid
	case strings.Contains(kind, "Order"):
		return s.parcel
	default:
		return uuid.NewString()
	}
}
