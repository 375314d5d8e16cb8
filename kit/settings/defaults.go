package settings

import (
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
)

// Defaults returns what holds where an owner set nothing: what the message's contract states
// by (shopmesh.options.v1.default_json). It panics where a contract states what is no value of
// its field; a test of config reads the defaults of all.
func Defaults[M proto.Message]() M {
	var none M
	filled := none.ProtoReflect().New().Interface()
	FillDefaults(filled)
	return filled.(M)
}

// FillDefaults is Defaults into an empty message, for messages that are known by name only.
func FillDefaults(empty proto.Message) {
	message := empty.ProtoReflect()
	stated := make(map[string]json.RawMessage)
	fields := message.Descriptor().Fields()
	for i := range fields.Len() {
		if text := defaultOf(fields.Get(i)); text != "" {
			stated[string(fields.Get(i).Name())] = json.RawMessage(text)
		}
	}
	text, err := json.Marshal(stated)
	if err == nil {
		err = unmarshal(text, empty)
	}
	if err != nil {
		panic(fmt.Sprintf("the defaults of %s: %v", message.Descriptor().FullName(), err))
	}
}

func defaultOf(field protoreflect.FieldDescriptor) string {
	text, _ := proto.GetExtension(field.Options(), optionsv1.E_DefaultJson).(string)
	return text
}
